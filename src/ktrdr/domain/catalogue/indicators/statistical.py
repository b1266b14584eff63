"""Indicators of how returns and prices are distributed and depend on each other."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import IndicatorSpec

STATISTICAL: tuple[IndicatorSpec, ...] = ()
