"""Features by TA-Lib's functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ktrdr.adapters.features.kernels import KERNELS, Kernel
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.features.alignment import align, gather
from ktrdr.domain.features.context import context_column
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.matrix import FeatureMatrix, Float32s
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars, Floats


class TalibFeatureEngineer(FeatureEngineer):
    """Computes each indicator once per timeframe and writes every feature straight into its column of the matrix."""

    def engineer(self, features: Sequence[Feature], bars: Mapping[str, Bars], base_timeframe: str) -> FeatureMatrix:
        """Return one row per base bar on which every feature has a value, one column per feature, in order."""
        base = _series(bars, base_timeframe)
        sources = {place: feature.source for place, feature in enumerate(features) if feature.source is not None}
        columns = np.empty((len(features), len(base)), dtype=np.float32)
        for place, feature in enumerate(features):
            if place not in sources:
                _write(feature, context_column(feature, base), columns[place])
        for place, values in _on_base_rows(sources, bars, base):
            _write(features[place], values, columns[place])
        return FeatureMatrix.of_usable_rows(columns.T, [feature.id for feature in features], base)

    def kernels(self, features: Sequence[Feature]) -> Mapping[str, str]:
        """Return kernel and library version for each indicator type that the features use."""
        used = dict.fromkeys(feature.source.indicator for feature in features if feature.source is not None)
        return {name: " + ".join(kernel.name for kernel in _kernels_of(name)) for name in used}


def _on_base_rows(sources: Mapping[int, Source], bars: Mapping[str, Bars], base: Bars) -> Iterator[tuple[int, Floats]]:
    """Yield the values of each source on the base rows; sources of one indicator follow each other."""
    series = {name: _series(bars, name) for name in {source.timeframe for source in sources.values()}}
    rows = {name: align(base.known_at, other.known_at) for name, other in series.items() if other is not base}
    for places in _by_indicator(sources):
        timeframe = sources[places[0]].timeframe
        outputs = _compute([sources[place] for place in places], series[timeframe])
        if timeframe in rows:
            outputs = {name: gather(values, rows[timeframe]) for name, values in outputs.items()}
        for place in places:
            yield place, outputs[sources[place].output]


def _by_indicator(sources: Mapping[int, Source]) -> list[list[int]]:
    """Return the places of the sources that one computation serves, for each distinct computation."""
    groups: dict[object, list[int]] = {}
    for place, source in sources.items():
        key = (source.timeframe, source.indicator, tuple(sorted(source.parameters.items())))
        groups.setdefault(key, []).append(place)
    return list(groups.values())


def _compute(sources: Sequence[Source], series: Bars) -> dict[str, Floats]:
    """Return the wanted outputs of one indicator on the bars of its timeframe; NaN before its first value."""
    name, parameters = sources[0].indicator, sources[0].parameters
    kernels, spec = _kernels_of(name), INDICATORS[name]
    wanted = {source.output for source in sources}
    columns = tuple(price_column(series, column) for column in spec.columns(parameters))
    values: dict[str, Floats] = {}
    for kernel in kernels:
        outputs = kernel.outputs or spec.outputs or ("",)
        if wanted.intersection(outputs):
            computed = zip(outputs, kernel.compute(columns, parameters), strict=True)
            values |= {output: column for output, column in computed if output in wanted}
    return values


def _kernels_of(indicator: str) -> tuple[Kernel, ...]:
    if indicator not in KERNELS:
        raise InvalidInput(f"no kernel computes indicator {indicator!r}{did_you_mean(indicator, KERNELS)}")
    return KERNELS[indicator]


def _series(bars: Mapping[str, Bars], timeframe: str) -> Bars:
    if timeframe not in bars:
        raise InvalidInput(f"features need bars of timeframe {timeframe!r}; given: {', '.join(bars) or 'none'}")
    return bars[timeframe]


def _write(feature: Feature, values: Floats, column: Float32s) -> None:
    """Write a feature's column: `values` on the base rows, lagged, through the membership function."""
    column[: feature.lag] = np.nan
    lagged, target = values[: max(len(values) - feature.lag, 0)], column[feature.lag :]
    if feature.membership is None:
        with np.errstate(over="ignore"):
            target[:] = lagged
    else:
        membership_degrees(feature.membership, lagged, out=target)
