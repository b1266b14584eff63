"""List: the indicators that a strategy may name."""

from __future__ import annotations

from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec
from ktrdr.domain.errors import InvalidInput, did_you_mean


class IndicatorListing(tuple[IndicatorSpec, ...]):
    """Indicators, in the order of the catalogue."""

    __slots__ = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"indicators": [spec.as_dict() for spec in self]}


class ListIndicators:
    """Looks them up in the catalogue."""

    def execute(self, category: str | None = None) -> IndicatorListing:
        """Return all indicators, or those of one category; case does not count.

        Raises
        ------
        InvalidInput
            If there is no such category.
        """
        categories = list(dict.fromkeys(spec.category for spec in INDICATORS.values()))
        wanted = categories if category is None else [category.casefold()]
        if wanted[0] not in categories:
            hint = did_you_mean(str(category), categories)
            raise InvalidInput(f"--category {category!r} is not known; allowed: {', '.join(categories)}{hint}")
        return IndicatorListing(spec for spec in INDICATORS.values() if spec.category in wanted)
