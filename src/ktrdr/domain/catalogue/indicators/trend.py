"""Indicators of direction and its strength."""

from __future__ import annotations

import math

from ktrdr.domain.catalogue.indicators.followers import FOLLOWERS
from ktrdr.domain.catalogue.indicators.spec import (
    HLC,
    STAYS,
    IndicatorSpec,
    Parameters,
    fade_of_difference,
    fade_of_ema,
    fade_of_wilder,
    rising,
)
from ktrdr.domain.catalogue.parameters import SOURCE, Parameter, period


def _kama_fade(parameters: Parameters) -> int:
    """Return a bound that all measured series kept; without any trend the weight never falls below (2/31) squared.

    Volume has hardly any trend over a few bars, and keeps the weight lower than prices do.
    """
    periods = 50 if parameters["source"] == "volume" else 20
    return min(periods * int(parameters["period"]), 2800)


TREND = (
    IndicatorSpec(
        name="sma",
        aliases=("simplemovingaverage", "simple_moving_average"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Mean of the last `period` values. The price in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
    IndicatorSpec(
        name="ema",
        aliases=("exponentialmovingaverage", "exponential_moving_average"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        fade=lambda p: fade_of_ema(p["period"], 9),
        scale="price",
        description="Exponential average of weight 2 / (period + 1), begun with the mean of the first `period` values. "
        "The price in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
    IndicatorSpec(
        name="macd",
        aliases=("movingaverageconvergencedivergence", "moving_average_convergence_divergence"),
        category="trend",
        parameters=(
            period(12, "fast_period", low=2, aliases=("fast",)),
            period(26, "slow_period", low=2, aliases=("slow",)),
            period(9, "signal_period", aliases=("signal",)),
            SOURCE,
        ),
        inputs=("source",),
        outputs=("line", "signal", "histogram"),
        first_value=lambda p: p["slow_period"] + p["signal_period"] - 2,
        fade=lambda p: fade_of_difference(p, 9.4),
        scale="price",
        check=rising("fast_period", "slow_period"),
        description="line = EMA(fast) - EMA(slow), both begun on the same bar; signal = EMA of the line; "
        "histogram = line - signal. 0 in a flat market.",
        reference="Appel (2005), Technical Analysis: Power Tools for Active Investors",
    ),
    IndicatorSpec(
        name="adx",
        aliases=("averagedirectionalindex", "average_directional_index", "dmi"),
        category="trend",
        parameters=(period(14, low=2),),
        inputs=HLC,
        outputs=("adx", "plus_di", "minus_di"),
        first_value=lambda p: 2 * p["period"] - 1,
        fade=lambda p: fade_of_wilder(p["period"], 13.5),
        scale="bounded",
        description="Strength of a trend whichever way it goes, 0 to 100: Wilder's average of "
        "100 |plus_di - minus_di| / (plus_di + minus_di). Of all three: " + STAYS,
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="wma",
        aliases=("weightedmovingaverage", "weighted_moving_average"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Mean of the last `period` values with weights 1 (oldest) to `period` (latest). The price in a "
        "flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
    IndicatorSpec(
        name="dema",
        aliases=("doubleexponentialmovingaverage", "double_exponential_moving_average", "double_ema"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: 2 * (p["period"] - 1),
        fade=lambda p: fade_of_ema(p["period"], 9),
        scale="price",
        description="2 x EMA - EMA of the EMA. The price in a flat market.",
        reference="Mulloy (1994), Smoothing Data with Faster Moving Averages, "
        "Technical Analysis of Stocks & Commodities 12(1)",
    ),
    IndicatorSpec(
        name="tema",
        aliases=("tripleexponentialmovingaverage", "triple_exponential_moving_average", "triple_ema"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: 3 * (p["period"] - 1),
        fade=lambda p: fade_of_ema(p["period"], 8.5),
        scale="price",
        description="3 x EMA - 3 x EMA of the EMA + EMA of that. The price in a flat market.",
        reference="Mulloy (1994), Smoothing Data with Less Lag, Technical Analysis of Stocks & Commodities 12(2)",
    ),
    IndicatorSpec(
        name="kama",
        aliases=("kaufmanadaptivemovingaverage", "kaufman_adaptive_moving_average", "adaptive_moving_average"),
        category="trend",
        parameters=(period(10, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        fade=_kama_fade,
        scale="price",
        description="Exponential average whose weight is (2/31 + e x (2/3 - 2/31)) squared, where e = |change over "
        "`period` bars| / sum of the absolute changes. The price in a flat market.",
        reference="Kaufman (1995), Smarter Trading",
    ),
    IndicatorSpec(
        name="hma",
        aliases=("hullmovingaverage", "hull_moving_average", "hull"),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] + math.isqrt(p["period"]) - 2,
        scale="price",
        description="Weighted average over sqrt(`period`) bars of 2 x WMA(`period` / 2) - WMA(`period`), whole bars. "
        "The price in a flat market.",
        reference="Hull (2005), Hull Moving Average",
    ),
    IndicatorSpec(
        name="trix",
        category="trend",
        aliases=("triple_exponential_average",),
        parameters=(period(15), SOURCE),
        inputs=("source",),
        first_value=lambda p: 3 * (p["period"] - 1) + 1,
        fade=lambda p: fade_of_ema(p["period"], 15),
        scale="ratio",
        ratios=True,
        description="Change from bar to bar of the EMA of the EMA of the EMA, percent. 0 in a flat market.",
        reference="Hutson (1983), Good TRIX, Technical Analysis of Stocks & Commodities 1(5)",
    ),
    IndicatorSpec(
        name="linearregressionslope",
        aliases=("linear_regression_slope", "linregslope", "linreg_slope", "linearreg_slope", "lr_slope", "slope"),
        category="trend",
        parameters=(period(14, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Slope of the least-squares line through the last `period` values, units of the source per bar. "
        "0 in a flat market.",
        reference="Achelis (1995), Technical Analysis from A to Z",
    ),
    IndicatorSpec(
        name="vortex",
        aliases=("vortexindicator", "vortex_indicator", "vi"),
        category="trend",
        parameters=(period(14),),
        inputs=HLC,
        outputs=("plus", "minus"),
        first_value=lambda p: p["period"],
        scale="ratio",
        description="Sums over `period` bars: plus = |high - low before|, minus = |low - high before|, each over the "
        "sum of true ranges. 0 in a flat market.",
        reference="Botes and Siepman (2010), The Vortex Indicator, Technical Analysis of Stocks & Commodities 28(1)",
    ),
    IndicatorSpec(
        name="aroon",
        aliases=("aroonindicator", "aroon_indicator"),
        category="trend",
        parameters=(period(14, low=2),),
        inputs=("high", "low"),
        outputs=("up", "down", "oscillator"),
        first_value=lambda p: p["period"],
        scale="bounded",
        description="up = 100 x (1 - bars since the highest high / `period`) over the last `period` + 1 bars, 0 to "
        "100; down likewise since the lowest low; of equals the latest counts; oscillator = up - down. In a "
        "flat market up and down are 100, oscillator is 0.",
        reference="Chande (1995), A Time Price Oscillator, Technical Analysis of Stocks & Commodities 13(9)",
    ),
    *FOLLOWERS,
    IndicatorSpec(
        name="distancefromma",
        aliases=("distance_from_ma", "distancefrommovingaverage", "ma_distance", "price_to_ma"),
        category="trend",
        parameters=(
            period(20),
            Parameter("ma_type", "str", "SMA", choices=("SMA", "EMA"), description="which average"),
            SOURCE,
        ),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        fade=lambda p: fade_of_ema(p["period"], 11.5) if p["ma_type"] == "EMA" else 0,
        scale="ratio",
        ratios=True,
        description="Value minus its moving average, percent of the average; 0 where that is 0. 0 in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
)
