"""Indicators of what the price has just drawn: levels, breakouts, divergences, swings."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import IndicatorSpec

PATTERN: tuple[IndicatorSpec, ...] = ()
