"""Indicators that weigh prices by volume."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLCV, IndicatorSpec
from ktrdr.domain.catalogue.parameters import period

VOLUME = (
    IndicatorSpec(
        name="mfi",
        category="volume",
        parameters=(period(14, low=2),),
        inputs=HLCV,
        first_value=lambda p: p["period"],
        scale="bounded",
        description="100 x money flow on rising typical prices / money flow on all changes, over `period` bars; "
        "0 to 100. 0 without volume or movement.",
        reference="Quong and Soudack (1989), Volume-Weighted RSI: Money Flow, "
        "Technical Analysis of Stocks & Commodities 7(3)",
    ),
)
