"""Features row by row: each kernel is carried on from bar to bar, so that a row costs the same after any history."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktrdr.adapters.features.kernels import Kernel, kernels_for
from ktrdr.adapters.features.kernels.step import Columns, Step, Values, newest
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context_data import published_column
from ktrdr.domain.features.context_row import ContextRow
from ktrdr.domain.features.degrees import DegreeRow
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.prices import newest_price, price_column
from ktrdr.domain.features.stream import FeatureStream
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.held_bars import Growing, HeldBars

_AFTER_FIRST = 2
"""Bars after its first value at which a kernel is opened: all that it carries has a value by then."""


class TalibFeatureStream(FeatureStream):
    """The rows of `TalibFeatureEngineer`, one at a time."""

    def __init__(
        self,
        features: Sequence[Feature],
        held: Mapping[str, HeldBars],
        base: str,
        context: Mapping[str, ContextSeries],
    ) -> None:
        current: dict[object, Feature] = {}
        for feature in features:
            current.setdefault(_meaning(feature), feature)
        places = {key: place for place, key in enumerate(current)}
        self._taken = np.array([places[_meaning(feature)] for feature in features], dtype=np.intp)
        self._lags = np.array([feature.lag for feature in features], dtype=np.intp)
        self._rows: deque[Float32s] = deque(maxlen=int(self._lags.max(initial=0)) + 1)
        self._base = base
        self._lanes = _lanes(current.values(), held, context)
        self._now = _Now(list(current.values()), self._lanes, held[base])

    def advance(self, timeframe: str) -> None:
        """Carry the kernels of a timeframe on; the base's bar makes a row."""
        for lane in self._lanes:
            if lane.timeframe == timeframe:
                lane.advance()
        if timeframe == self._base:
            self._rows.appendleft(self._now.row())

    def row(self) -> Float32s:
        """Return the features on the newest base bar, lagged ones from the rows before."""
        if self._rows and self._rows.maxlen == 1:
            return self._rows[0][self._taken]
        known = self._lags < len(self._rows)
        features = np.full(len(self._taken), np.nan, dtype=np.float32)
        if known.any():
            features[known] = np.stack(self._rows)[self._lags[known], self._taken[known]]
        return features


class _Now:
    """The features of lag 0 on the newest base bar."""

    def __init__(self, features: Sequence[Feature], lanes: Sequence[_Lane], base: HeldBars) -> None:
        self._count = len(features)
        self._sourced = [(place, _found(lanes, item.source)) for place, item in enumerate(features) if item.source]
        around = [place for place, item in enumerate(features) if item.source is None]
        self._around, self._context = np.array(around, dtype=np.intp), ContextRow([features[i] for i in around], base)
        fuzzy = [place for place, item in enumerate(features) if item.membership is not None]
        self._fuzzy = np.array(fuzzy, dtype=np.intp)
        self._offsets = np.array([0.0 if item.membership else item.offset for item in features])
        self._degrees = DegreeRow([item.membership for item in features if item.membership is not None])

    def row(self) -> Float32s:
        """Return the values, shape (n_features,)."""
        values = np.empty(self._count)
        for place, (series, output) in self._sourced:
            values[place] = series.values[output]
        if len(self._around):
            values[self._around] = self._context.advance()
        with np.errstate(over="ignore"):
            row: Float32s = (values - self._offsets).astype(np.float32)
        row[self._fuzzy] = self._degrees(values[self._fuzzy])
        return row


class _Lane:
    """The bars of one timeframe, or a series beside them on these bars, and the indicators over it."""

    def __init__(self, bars: HeldBars, beside: ContextSeries | None, sources: Sequence[Source]) -> None:
        self.timeframe = str(bars.timeframe)
        self.data_source = sources[0].data_source
        self._bars, self._beside = bars, beside
        names = sorted({name for source in sources for name in _columns_of(source)})
        self._published: dict[str, Floats] = {}
        if beside is not None:
            own = (name for name in names if name != "session")
            self._published = {name: published_column(beside, name, sources[0]) for name in own}
        self._columns = {name: Growing(self._history(name)) for name in names}
        self.series = [_Series(group, self._views(_columns_of(group[0]))) for group in _by_computation(sources)]

    def advance(self) -> None:
        """Take in the newest bar; a series beside the bars begins where its first publication is known."""
        publication = self._publication() if self._beside is not None else 0
        if publication < 0:
            return
        for name, column in self._columns.items():
            beside = self._published.get(name)
            column.append(newest_price(self._bars, name) if beside is None else beside[publication])
        for series in self.series:
            series.advance(self._views(series.columns))

    def _views(self, names: Sequence[str]) -> Columns:
        return tuple(self._columns[name].values for name in names)

    def _publication(self) -> int:
        """Return which publication is the latest at the newest bar; -1 before the first."""
        assert self._beside is not None
        return int(np.searchsorted(self._beside.known_at, self._bars.known_at[-1], side="right")) - 1

    def _history(self, name: str) -> Floats:
        if not len(self._bars):
            return np.empty(0)
        if self._beside is None:
            return price_column(self._bars.bars(), name)
        rows = np.searchsorted(self._beside.known_at, self._bars.known_at, side="right") - 1
        unknown = int(np.searchsorted(rows, 0))
        own = self._published.get(name)
        return price_column(self._bars.bars(), name)[unknown:] if own is None else own[rows[unknown:]]


class _Series:
    """One indicator over one lane: its wanted outputs on the newest bar, NaN where it has none."""

    def __init__(self, sources: Sequence[Source], columns: Columns) -> None:
        self.source = sources[0]
        self.columns = _columns_of(self.source)
        spec = INDICATORS[self.source.indicator]
        wanted = {source.output for source in sources}
        kernels = kernels_for(self.source.indicator, self.source.parameters)
        outputs = [(kernel, kernel.outputs or spec.outputs or ("",)) for kernel in kernels]
        used = [(kernel, names) for kernel, names in outputs if wanted.intersection(names)]
        self._carried = [_Carried(kernel, self.source, names) for kernel, names in used]
        self.values: dict[str, float] = dict.fromkeys(wanted, np.nan)
        if len(columns[0]):
            self._note([carried.open(columns) for carried in self._carried])

    def advance(self, columns: Columns) -> None:
        """Take in the newest bar, the last one of the columns."""
        self._note([carried.advance(columns) for carried in self._carried])

    def _note(self, results: Sequence[Values]) -> None:
        for carried, values in zip(self._carried, results, strict=True):
            self.values |= zip(carried.outputs, values, strict=True)


class _Carried:
    """One kernel: over all bars until it has values, and from then on from bar to bar."""

    def __init__(self, kernel: Kernel, source: Source, outputs: tuple[str, ...]) -> None:
        self.outputs = outputs
        self._kernel, self._parameters = kernel, source.parameters
        self._opens_after = INDICATORS[source.indicator].first_known(source.parameters) + _AFTER_FIRST
        self._step: Step | None = None
        self._may_open = kernel.step is not None

    def open(self, columns: Columns) -> Values:
        """Return the newest values, computed over all bars; from the next bar on they are carried."""
        if self._may_open and self._kernel.step is not None and len(columns[0]) > self._opens_after:
            self._step = self._tried(self._kernel.step, columns, self._parameters)
        return newest(self._kernel.compute(columns, self._parameters))

    def advance(self, columns: Columns) -> Values:
        """Return the values on the newest bar."""
        values: Values | None = None if self._step is None else self._tried(self._step, columns)
        if values is not None:
            return values
        self._step = None
        return self.open(columns)

    def _tried(self, call: Any, *arguments: Any) -> Any:
        """Return the result; None where a handle refuses a value, and then all bars are computed over ever after."""
        try:
            return call(*arguments)
        except Exception:  # the binding raises nothing more specific; what is wrong with the bars, `compute` says
            self._may_open = False
            return None


def _lanes(features: Any, held: Mapping[str, HeldBars], context: Mapping[str, ContextSeries]) -> list[_Lane]:
    sources: dict[tuple[str, str], list[Source]] = {}
    for feature in features:
        if feature.source is not None:
            sources.setdefault((feature.source.timeframe, feature.source.data_source), []).append(feature.source)
    return [
        _Lane(held[timeframe], context[beside] if beside else None, group)
        for (timeframe, beside), group in sources.items()
    ]


def _found(lanes: Sequence[_Lane], source: Source) -> tuple[_Series, str]:
    """Return the series and output that a source means."""
    lane = next(lane for lane in lanes if (lane.timeframe, lane.data_source) == (source.timeframe, source.data_source))
    return next(series for series in lane.series if _computation(series.source) == _computation(source)), source.output


def _by_computation(sources: Sequence[Source]) -> list[list[Source]]:
    groups: dict[object, list[Source]] = {}
    for source in sources:
        groups.setdefault(_computation(source), []).append(source)
    return list(groups.values())


def _computation(source: Source) -> object:
    return source.indicator, tuple(sorted(source.parameters.items()))


def _meaning(feature: Feature) -> object:
    """Return what decides a feature's values but for its lag."""
    source = feature.source
    read = None if source is None else (source.timeframe, source.data_source, source.output, _computation(source))
    return read, feature.membership, feature.offset, tuple(sorted(feature.context.items()))


def _columns_of(source: Source) -> tuple[str, ...]:
    return INDICATORS[source.indicator].columns(source.parameters)
