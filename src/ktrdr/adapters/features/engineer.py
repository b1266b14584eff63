"""Features by TA-Lib's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from ktrdr.adapters.features.kernels import kernels_for, kernels_of
from ktrdr.adapters.features.stream import TalibFeatureStream
from ktrdr.application.ports.feature_engineer import NO_CONTEXT, FeatureEngineer
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.alignment import align, gather
from ktrdr.domain.features.context import context_column
from ktrdr.domain.features.context_data import known_rows, published_column
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.features.stream import FeatureStream
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.held_bars import HeldBars


class TalibFeatureEngineer(FeatureEngineer):
    """Computes each indicator once per timeframe and writes every feature straight into its column of the matrix."""

    def engineer(
        self,
        features: Sequence[Feature],
        bars: Mapping[str, Bars],
        base_timeframe: str,
        context: Mapping[str, ContextSeries] = NO_CONTEXT,
    ) -> FeatureMatrix:
        """Return one row per base bar on which every feature has a value, one column per feature, in order."""
        base = _series(bars, base_timeframe)
        sources = {place: feature.source for place, feature in enumerate(features) if feature.source is not None}
        columns = np.empty((len(features), len(base)), dtype=np.float32)
        for place, feature in enumerate(features):
            if place not in sources:
                _write(feature, context_column(feature, base), columns[place])
        for place, values in _on_base_rows(sources, bars, base, context):
            _write(features[place], values, columns[place])
        return FeatureMatrix.of_usable_rows(columns.T, [feature.id for feature in features], base)

    def stream(
        self,
        features: Sequence[Feature],
        held: Mapping[str, HeldBars],
        base_timeframe: str,
        context: Mapping[str, ContextSeries] = NO_CONTEXT,
    ) -> FeatureStream:
        """Return the same features row by row, each kernel carried on from bar to bar."""
        return TalibFeatureStream(features, held, base_timeframe, context)

    def kernels(self, features: Sequence[Feature]) -> Mapping[str, str]:
        """Return kernel and library version for each indicator type that the features use."""
        used = dict.fromkeys(feature.source.indicator for feature in features if feature.source is not None)
        return {name: " + ".join(kernel.name for kernel in kernels_of(name)) for name in used}


def _on_base_rows(
    sources: Mapping[int, Source], bars: Mapping[str, Bars], base: Bars, context: Mapping[str, ContextSeries]
) -> Iterator[tuple[int, Floats]]:
    """Yield the values of each source on the base rows; sources of one indicator follow each other."""
    series = {name: _series(bars, name) for name in {source.timeframe for source in sources.values()}}
    rows = {name: align(base.known_at, other.known_at) for name, other in series.items() if other is not base}
    pairs = {(source.timeframe, source.data_source) for source in sources.values() if source.data_source}
    published = {pair: known_rows(_beside(context, pair[1]), series[pair[0]]) for pair in pairs}
    for places in _by_indicator(sources):
        group = [sources[place] for place in places]
        timeframe, beside = group[0].timeframe, group[0].data_source
        if beside:
            outputs = _over_context(group, context[beside], published[timeframe, beside], series[timeframe])
        else:
            outputs = _compute(group, partial(price_column, series[timeframe]))
        if timeframe in rows:
            outputs = {name: gather(values, rows[timeframe]) for name, values in outputs.items()}
        for place in places:
            yield place, outputs[sources[place].output]


def _by_indicator(sources: Mapping[int, Source]) -> list[list[int]]:
    """Return the places of the sources that one computation serves, for each distinct computation."""
    groups: dict[object, list[int]] = {}
    for place, source in sources.items():
        key = (source.timeframe, source.data_source, source.indicator, tuple(sorted(source.parameters.items())))
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _over_context(sources: Sequence[Source], series: ContextSeries, rows: Int64s, bars: Bars) -> dict[str, Floats]:
    """Return the outputs over a context series on bars, of which the last ones know its `rows`; NaN before those.

    Kernels are given what follows the first publication, so that none meets leading NaN.
    """
    unknown = len(bars) - len(rows)

    def column(name: str) -> Floats:
        if name == "session":  # belongs to the bars, whatever is computed on them
            return price_column(bars, name)[unknown:]
        return published_column(series, name, sources[0])[rows]

    outputs = {}
    for name, values in _compute(sources, column).items():
        outputs[name] = np.full(len(bars), np.nan)
        outputs[name][unknown:] = values
    return outputs


def _compute(sources: Sequence[Source], column: Callable[[str], Floats]) -> dict[str, Floats]:
    """Return the wanted outputs of one indicator over the columns it reads; NaN before its first value."""
    name, parameters = sources[0].indicator, sources[0].parameters
    kernels, spec = kernels_for(name, parameters), INDICATORS[name]
    columns = tuple(column(item) for item in spec.columns(parameters))
    wanted = {source.output for source in sources}
    values: dict[str, Floats] = {}
    for kernel in kernels:
        outputs = kernel.outputs or spec.outputs or ("",)
        if wanted.intersection(outputs):
            computed = zip(outputs, kernel.compute(columns, parameters), strict=True)
            values |= {output: column for output, column in computed if output in wanted}
    return values


def _series(bars: Mapping[str, Bars], timeframe: str) -> Bars:
    if timeframe not in bars:
        raise InvalidInput(f"features need bars of timeframe {timeframe!r}; given: {', '.join(bars) or 'none'}")
    return bars[timeframe]


def _beside(context: Mapping[str, ContextSeries], key: str) -> ContextSeries:
    if key not in context:
        raise InvalidInput(f"features need context series {key!r}; given: {', '.join(context) or 'none'}")
    return context[key]


def _write(feature: Feature, values: Floats, column: Float32s) -> None:
    """Write a feature's column: `values` on the base rows, lagged, through the membership function."""
    column[: feature.lag] = np.nan
    lagged, target = values[: max(len(values) - feature.lag, 0)], column[feature.lag :]
    if feature.membership is None:
        with np.errstate(over="ignore"):
            np.subtract(lagged, feature.offset, out=target, casting="same_kind")
    else:
        membership_degrees(feature.membership, lagged, out=target)
