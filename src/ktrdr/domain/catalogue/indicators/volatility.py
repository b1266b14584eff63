"""Indicators of how far prices move."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLC, IndicatorSpec, fade_of_wilder
from ktrdr.domain.catalogue.parameters import SOURCE, Parameter, period

MULTIPLIER = Parameter("multiplier", "float", 2.0, low=0, above=True, description="width of the bands, deviations")

VOLATILITY = (
    IndicatorSpec(
        name="atr",
        category="volatility",
        parameters=(period(14),),
        inputs=HLC,
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11),
        scale="price",
        description="Wilder's average of the true range, the bar's range widened to the close before it.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="bbands",
        aliases=("bollingerbands",),
        category="volatility",
        parameters=(period(20, low=2), MULTIPLIER, SOURCE),
        inputs=("source",),
        outputs=("upper", "middle", "lower"),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Mean over `period` bars, and `multiplier` population standard deviations above and below it.",
        reference="Bollinger (2001), Bollinger on Bollinger Bands",
    ),
)
