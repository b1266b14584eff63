"""Indicators that a strategy may name, as pure data; their kernels are bound by the feature adapters.

Adding one is its row in the file of its category, and one row in an adapter's table of kernels.
"""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.catalogue.indicators.momentum import MOMENTUM
from ktrdr.domain.catalogue.indicators.pattern import PATTERN
from ktrdr.domain.catalogue.indicators.spec import IndicatorSpec
from ktrdr.domain.catalogue.indicators.statistical import STATISTICAL
from ktrdr.domain.catalogue.indicators.trend import TREND
from ktrdr.domain.catalogue.indicators.volatility import VOLATILITY
from ktrdr.domain.catalogue.indicators.volume import VOLUME

__all__ = ["INDICATORS", "IndicatorSpec", "find_indicator", "plain_name"]

INDICATORS: Mapping[str, IndicatorSpec] = {
    spec.name: spec for spec in (*TREND, *MOMENTUM, *VOLATILITY, *VOLUME, *PATTERN, *STATISTICAL)
}
"""Every indicator by its canonical name."""


def find_indicator(name: str) -> IndicatorSpec | None:
    """Return the indicator of that name or alias (only letters and digits count, in any case), or None."""
    return _BY_ANY_NAME.get(plain_name(name))


def plain_name(name: str) -> str:
    """Return what counts of a type's name."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


_BY_ANY_NAME = {plain_name(name): spec for spec in INDICATORS.values() for name in (spec.name, *spec.aliases)}
