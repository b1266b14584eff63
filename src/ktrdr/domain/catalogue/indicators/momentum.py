"""Indicators of speed, and of where the price stands in its recent range."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLC, IndicatorSpec, fade_of_wilder
from ktrdr.domain.catalogue.parameters import SOURCE, period

MOMENTUM = (
    IndicatorSpec(
        name="rsi",
        category="momentum",
        parameters=(period(14, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11.5),
        scale="bounded",
        description="100 x average gain / (average gain + average loss), by Wilder's average; 0 to 100. "
        "0 in a flat market.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="roc",
        category="momentum",
        parameters=(period(10), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        description="Change over `period` bars, percent of the older value; 0 where that is 0.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 10",
    ),
    IndicatorSpec(
        name="momentum",
        category="momentum",
        parameters=(period(10), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="price",
        description="Change over `period` bars, in units of the source.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 10",
    ),
    IndicatorSpec(
        name="stochastic",
        category="momentum",
        parameters=(period(14, "k_period"), period(3, "d_period"), period(3, "smooth_k")),
        inputs=HLC,
        outputs=("k", "d"),
        first_value=lambda p: p["k_period"] + p["smooth_k"] + p["d_period"] - 3,
        scale="bounded",
        description="k = mean over `smooth_k` bars of the close's place in the range of the last `k_period` bars, "
        "0 to 100; d = mean of k over `d_period` bars. A flat range counts as 0.",
        reference="Lane (1984), Lane's Stochastics, Technical Analysis of Stocks & Commodities 2(3)",
    ),
    IndicatorSpec(
        name="williamsr",
        category="momentum",
        parameters=(period(14, low=2),),
        inputs=HLC,
        first_value=lambda p: p["period"] - 1,
        scale="bounded",
        description="-100 x (highest high - close) / range of the last `period` bars; -100 to 0. 0 in a flat market.",
        reference="Williams (1979), How I Made One Million Dollars Last Year Trading Commodities",
    ),
    IndicatorSpec(
        name="cci",
        category="momentum",
        parameters=(period(20, low=2),),
        inputs=HLC,
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        description="Typical price minus its mean over `period` bars, over 0.015 x its mean absolute deviation. "
        "0 in a flat market.",
        reference="Lambert (1980), Commodity Channel Index, Commodities (October)",
    ),
)
