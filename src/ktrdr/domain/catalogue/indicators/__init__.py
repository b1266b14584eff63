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

__all__ = ["INDICATORS", "IndicatorSpec", "find_indicator"]

INDICATORS: Mapping[str, IndicatorSpec] = {
    spec.name: spec for spec in (*TREND, *MOMENTUM, *VOLATILITY, *VOLUME, *PATTERN, *STATISTICAL)
}
"""Every indicator by its canonical name."""


def find_indicator(name: str) -> IndicatorSpec | None:
    """Return the indicator of that name or alias (case, underscores, hyphens and blanks do not count), or None."""
    return _BY_ANY_NAME.get(_plain(name))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter not in "_- ")


_BY_ANY_NAME = {_plain(name): spec for spec in INDICATORS.values() for name in (spec.name, *spec.aliases)}
