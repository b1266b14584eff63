"""Indicators of speed, and of where the price stands in its recent range."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import (
    HLC,
    OHLC,
    STAYS,
    IndicatorSpec,
    Parameters,
    fade_of_difference,
    fade_of_ema,
    fade_of_wilder,
    rising,
)
from ktrdr.domain.catalogue.parameters import SOURCE, period

_FAST_BELOW_SLOW = rising("fast_period", "slow_period")


def _tsi_fade(p: Parameters) -> int:
    return fade_of_ema(max(p["long_period"], p["short_period"], p["signal_period"]), 12.5)


MOMENTUM = (
    IndicatorSpec(
        name="rsi",
        aliases=("relativestrengthindex",),
        category="momentum",
        parameters=(period(14, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11.5),
        scale="bounded",
        description="100 x average gain / (average gain + average loss), by Wilder's average; 0 to 100. " + STAYS,
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="roc",
        aliases=("rateofchange",),
        category="momentum",
        parameters=(period(10), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Change over `period` bars, percent of the older value; 0 where that is 0.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 10",
    ),
    IndicatorSpec(
        name="momentum",
        aliases=("mom",),
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
        aliases=("stoch", "stochasticoscillator", "slowstochastic"),
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
        aliases=("williams", "williamspercentr", "williamspercentrange", "percentr", "willr"),
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
        aliases=("commoditychannelindex",),
        category="momentum",
        parameters=(period(20, low=2),),
        inputs=HLC,
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        description="Typical price minus its mean over `period` bars, over 0.015 x its mean absolute deviation. "
        "0 in a flat market.",
        reference="Lambert (1980), Commodity Channel Index, Commodities (October)",
    ),
    IndicatorSpec(
        name="rvi",
        aliases=("relativevigorindex", "relativevigor"),
        category="momentum",
        parameters=(period(10), period(4, "signal_period")),
        inputs=OHLC,
        outputs=("rvi", "signal"),
        first_value=lambda p: p["period"] + p["signal_period"] + 1,
        scale="ratio",
        description="rvi = mean over `period` bars of close - open, over that of high - low, each first averaged over "
        "four bars with weights 1-2-2-1; signal = mean of rvi over `signal_period` bars with weights that rise to the "
        "middle (1-2-2-1 for 4). -1 to 1 where open and close lie within the range; 0 in a flat market.",
        reference="Ehlers (2002), Relative Vigor Index, Technical Analysis of Stocks & Commodities 20(1)",
    ),
    IndicatorSpec(
        name="fishertransform",
        aliases=("fisher",),
        category="momentum",
        parameters=(period(10, low=2), period(3, "smoothing")),
        inputs=("hl2",),
        outputs=("fisher", "signal"),
        first_value=lambda p: p["period"] + p["smoothing"] - 1,
        fade=lambda p: fade_of_ema(p["smoothing"], 14),
        scale="ratio",
        description="fisher = artanh of the median price's place in its range of the last `period` bars, -1 to 1, held "
        "within 0.999 and averaged exponentially over `smoothing` bars; signal = fisher one bar earlier. "
        "0 in a flat market.",
        reference="Ehlers (2002), Using the Fisher Transform, Technical Analysis of Stocks & Commodities 20(11)",
    ),
    IndicatorSpec(
        name="stochrsi",
        aliases=("stochasticrsi", "stochasticrelativestrengthindex"),
        category="momentum",
        parameters=(
            period(14, low=2, aliases=("rsi_period",)),
            period(14, "k_period", aliases=("stoch_period",)),
            period(3, "d_period"),
            period(3, "smooth_k"),
            SOURCE,
        ),
        inputs=("source",),
        outputs=("k", "d"),
        first_value=lambda p: p["period"] + p["k_period"] + p["smooth_k"] + p["d_period"] - 3,
        fade=lambda p: fade_of_wilder(p["period"], 12),
        scale="bounded",
        description="k = mean over `smooth_k` bars of the place of RSI(`period`) in its range of the last `k_period` "
        "bars, 0 to 100; d = mean of k over `d_period` bars. A flat range counts as 0.",
        reference="Chande and Kroll (1994), The New Technical Trader",
    ),
    IndicatorSpec(
        name="ultimateoscillator",
        aliases=("ultosc", "uo"),
        category="momentum",
        parameters=(
            period(7, "short_period", aliases=("period1", "timeperiod1", "fast_period")),
            period(14, "medium_period", aliases=("period2", "timeperiod2")),
            period(28, "long_period", aliases=("period3", "timeperiod3", "slow_period")),
        ),
        inputs=HLC,
        first_value=lambda p: p["long_period"],
        scale="bounded",
        check=rising("short_period", "medium_period", "long_period"),
        description="Close above the true low as a share of the true range, summed over three windows that weigh "
        "4, 2 and 1; 0 to 100. 0 in a flat market.",
        reference="Williams (1985), The Ultimate Oscillator, Technical Analysis of Stocks & Commodities 3(4)",
    ),
    IndicatorSpec(
        name="ppo",
        aliases=("percentagepriceoscillator", "priceoscillator"),
        category="momentum",
        parameters=(
            period(12, "fast_period", low=2, aliases=("fast",)),
            period(26, "slow_period", low=2, aliases=("slow",)),
            period(9, "signal_period", aliases=("signal",)),
            SOURCE,
        ),
        inputs=("source",),
        outputs=("line", "signal", "histogram"),
        first_value=lambda p: p["slow_period"] + p["signal_period"] - 2,
        fade=lambda p: fade_of_difference(p, 11.6),
        scale="ratio",
        ratios=True,
        check=_FAST_BELOW_SLOW,
        description="line = EMA(fast) - EMA(slow), percent of EMA(slow), 0 where that is 0; signal = EMA of the line; "
        "histogram = line - signal.",
        reference="Appel (2005), Technical Analysis: Power Tools for Active Investors",
    ),
    IndicatorSpec(
        name="tsi",
        aliases=("truestrengthindex",),
        category="momentum",
        parameters=(
            period(25, "long_period", low=2, aliases=("slow_period", "long", "slow")),
            period(13, "short_period", low=2, aliases=("fast_period", "short", "fast")),
            period(13, "signal_period", aliases=("signal",)),
            SOURCE,
        ),
        inputs=("source",),
        outputs=("line", "signal"),
        first_value=lambda p: p["long_period"] + p["short_period"] + p["signal_period"] - 2,
        fade=_tsi_fade,
        scale="bounded",
        description="line = 100 x the change of one bar, over its absolute value, each averaged exponentially over "
        "`long_period` and again over `short_period` bars; -100 to 100. signal = EMA of the line. " + STAYS,
        reference="Blau (1995), Momentum, Direction, and Divergence",
    ),
    IndicatorSpec(
        name="awesomeoscillator",
        aliases=("ao", "awesome"),
        category="momentum",
        parameters=(
            period(5, "fast_period", low=2, aliases=("fast",)),
            period(34, "slow_period", low=2, aliases=("slow",)),
        ),
        inputs=("high", "low"),
        first_value=lambda p: p["slow_period"] - 1,
        scale="price",
        check=_FAST_BELOW_SLOW,
        description="Mean of the median price over `fast_period` bars minus that over `slow_period` bars.",
        reference="Williams (1998), New Trading Dimensions",
    ),
    IndicatorSpec(
        name="cmo",
        aliases=("chandemomentumoscillator", "chandemomentum"),
        category="momentum",
        parameters=(period(14, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11.5),
        scale="bounded",
        description="100 x (average gain - average loss) / (average gain + average loss), by Wilder's average as "
        "TA-Lib has it; -100 to 100. " + STAYS,
        reference="Chande and Kroll (1994), The New Technical Trader",
    ),
)
