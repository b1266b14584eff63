"""Plot indicator: one indicator over real bars, with the memberships that a strategy lays over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.indicator_choice import completed, indicator_named
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.preparing.own_strategy import own_strategy
from ktrdr.application.preparing.raw_values import on_base_rows
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.catalogue.indicators import IndicatorSpec
from ktrdr.domain.errors import DataNotFound, InvalidInput, did_you_mean
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.strategy.document import FuzzySet, Strategy, SymbolChoice, TimeframeChoice, TrainingData

LEAST_BARS = 10


@dataclass(frozen=True, slots=True)
class PlotRequest:
    """What to draw.

    Attributes
    ----------
    indicator : str
        A type or another name of it.
    parameters : mapping
        Values in place of the strategy's or the defaults.
    symbol, timeframe : str or None
        By default the strategy's, or the first series that there is.
    strategy : Strategy or None
        Where memberships and parameters come from.
    set_id : str or None
        Which of the strategy's sets; by default all over this indicator.
    bars : int
        How many of the newest bars.
    """

    indicator: str
    parameters: Mapping[str, Any]
    symbol: str | None = None
    timeframe: str | None = None
    strategy: Strategy | None = None
    set_id: str | None = None
    bars: int = 500


@dataclass(frozen=True, slots=True, eq=False)
class IndicatorPlot:
    """One indicator on the newest bars.

    Attributes
    ----------
    spec : IndicatorSpec
    parameters : mapping
    bars : Bars
    outputs : mapping of name to ndarray of float32, shape (n_bars,)
        NaN before the first value; the name is empty for a single output.
    sets : mapping of id to FuzzySet
    notes : tuple of str
    """

    spec: IndicatorSpec
    parameters: Mapping[str, Any]
    bars: Bars
    outputs: Mapping[str, Float32s]
    sets: Mapping[str, FuzzySet]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``: which bars, and which sets lie over them."""
        return {
            "symbol": self.bars.symbol,
            "timeframe": str(self.bars.timeframe),
            "bars": len(self.bars),
            "first": iso(self.bars.stamps[0]),
            "last": iso(self.bars.stamps[-1]),
            "sets": list(self.sets),
        }


class PlotIndicator:
    """Computes an indicator over the whole series, as training does, and keeps the newest bars of it."""

    def __init__(self, data: DataRepository, features: FeatureEngineer) -> None:
        self._data = data
        self._features = features

    def execute(self, request: PlotRequest) -> IndicatorPlot:
        """Return the indicator with what lies over it.

        Raises
        ------
        InvalidInput
            If indicator, parameter or set are not known, or the strategy has no set over the indicator.
        DataNotFound
            If there are no such bars.
        """
        if request.bars < LEAST_BARS:
            raise InvalidInput(f"--bars must be {LEAST_BARS} or more, found {request.bars}")
        spec = indicator_named(request.indicator)
        wanted = self._wanted(request)
        symbol = wanted.symbols.symbols[0]
        if request.strategy is not None:
            request = replace(request, strategy=own_strategy(self._data, request.strategy, symbol))
        sets = _sets_over(spec, request)
        parameters = completed(spec, {**_written(request.strategy, sets), **request.parameters})
        market = gather(self._data, wanted, symbol)
        names = spec.outputs or ("",)
        sources = [Source(spec.name, parameters, name, market.base) for name in names]
        features = [Feature(f"output_{place}", "raw", source) for place, source in enumerate(sources)]
        values = on_base_rows(self._features, features, market)
        if not np.isfinite(values).any():
            raise InvalidInput(
                f"{spec.name} has no value on these {len(market.base_bars)} bars ({market.base_bars.source})"
            )
        newest = slice(max(len(market.base_bars) - request.bars, 0), None)
        outputs = {name: row[newest] for name, row in zip(names, values, strict=True)}
        return IndicatorPlot(spec, parameters, market.base_bars.take(newest), outputs, sets, market.said)

    def _wanted(self, request: PlotRequest) -> TrainingData:
        symbol, timeframe = request.symbol, request.timeframe
        given = request.strategy.training_data if request.strategy else None
        symbol = symbol or (given.symbols.symbols[0] if given and given.symbols.symbols else None)
        timeframe = timeframe or (given.timeframes.base if given else None)
        if symbol is None or timeframe is None:
            there = self._data.series(symbol)
            if not there:
                raise DataNotFound(f"no bars{f' of {symbol}' if symbol else ''}; ktrdr data list shows what there is")
            symbol, timeframe = symbol or there[0].symbol, timeframe or str(there[0].timeframe)
        choice, frames = SymbolChoice("single", (symbol,)), TimeframeChoice((timeframe,), timeframe)
        return replace(given, symbols=choice, timeframes=frames) if given else TrainingData(choice, frames)


def _sets_over(spec: IndicatorSpec, request: PlotRequest) -> dict[str, FuzzySet]:
    """Return the strategy's sets over one indicator of this type.

    Raises
    ------
    InvalidInput
        If there is none, or several indicators of the type have sets and no set was named.
    """
    if request.strategy is None:
        if request.set_id is not None:
            raise InvalidInput("--set names a fuzzy set of a strategy; say --strategy FILE too")
        return {}
    sets, indicators = request.strategy.fuzzy_sets, request.strategy.indicators
    if request.set_id is not None and request.set_id not in sets:
        hint = did_you_mean(request.set_id, sets)
        raise InvalidInput(f"there is no fuzzy set {request.set_id!r}; there is {', '.join(sets) or 'none'}{hint}")
    over = {name: item for name, item in sets.items() if indicators[item.reference.indicator].type == spec.name}
    if not over or (request.set_id is not None and request.set_id not in over):
        kinds = ", ".join(f"{name} ({indicators[item.reference.indicator].type})" for name, item in sets.items())
        raise InvalidInput(f"no such fuzzy set lies over {spec.name}; there is {kinds or 'none'}")
    if request.set_id is not None:
        return {request.set_id: over[request.set_id]}
    ids = list(dict.fromkeys(item.reference.indicator for item in over.values()))
    if len(ids) > 1:
        raise InvalidInput(f"{', '.join(ids)} are all {spec.name}; name a set with --set: {', '.join(over)}")
    return over


def _written(strategy: Strategy | None, sets: Mapping[str, FuzzySet]) -> Mapping[str, Any]:
    """Return the parameters of the indicator that the sets lie over."""
    first = next(iter(sets.values()), None)
    return {} if strategy is None or first is None else strategy.indicators[first.reference.indicator].parameters
