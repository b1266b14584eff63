"""What features take ratios of: prices that must be above 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context import PRICE_RATIOS
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.prices import parts_of
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.positive import all_positive, require_positive


@dataclass(frozen=True, slots=True)
class RatioNeed:
    """An indicator, or a context feature, that has no meaning on prices at or below 0.

    Attributes
    ----------
    name : str
        For people.
    timeframe : str
    columns : tuple of str
        Those of `PRICE_COLUMNS` that it reads.
    """

    name: str
    timeframe: str
    columns: tuple[str, ...]


def ratio_needs(features: Iterable[Feature], base: str) -> tuple[RatioNeed, ...]:
    """Return what takes ratios of bars, each once; context features read those of the timeframe `base`."""
    found = (_of_source(item.source) if item.source else _of_context(item, base) for item in features)
    return tuple(dict.fromkeys(need for need in found if need is not None and need.columns))


def require_ratios(features: Iterable[Feature], bars: Mapping[str, Bars], base: str) -> None:
    """Refuse bars of which some feature takes ratios, where a price that it reads is not above 0.

    Raises
    ------
    InvalidBars
        The message names all such indicators and context features, and the first such bar.
    """
    needs = ratio_needs(features, base)
    broken = [need for need in needs if not all_positive(bars[need.timeframe], need.columns)]
    if broken:
        first = broken[0]
        require_positive(bars[first.timeframe], first.columns, ", ".join(dict.fromkeys(need.name for need in broken)))


def _of_source(source: Source) -> RatioNeed | None:
    spec = INDICATORS[source.indicator]
    if source.data_source or not spec.ratios:
        return None
    read = {part for column in spec.columns(source.parameters) for part in parts_of(column)}
    columns = tuple(name for name in PRICE_COLUMNS if name in read)
    return RatioNeed(f"the indicator {source.indicator}", source.timeframe, columns)


def _of_context(feature: Feature, base: str) -> RatioNeed | None:
    name = feature.context.get("name")
    return RatioNeed(f"the feature {feature.id}", base, ("close",)) if name in PRICE_RATIOS else None
