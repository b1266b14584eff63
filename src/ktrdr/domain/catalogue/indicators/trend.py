"""Indicators of direction and its strength."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLC, IndicatorSpec, Parameters, fade_of_ema, fade_of_wilder
from ktrdr.domain.catalogue.parameters import SOURCE, period


def _fast_below_slow(parameters: Parameters) -> str | None:
    fast, slow = parameters["fast_period"], parameters["slow_period"]
    return None if fast < slow else f"fast_period must be below slow_period; found {fast} and {slow}"


def _macd_fade(parameters: Parameters) -> int:
    """Two averages in a row: the slower one decides, the quicker one delays it a little."""
    quick, slow = sorted((parameters["slow_period"], parameters["signal_period"]))
    return fade_of_ema(slow, 10) + fade_of_ema(quick, 2)


TREND = (
    IndicatorSpec(
        name="sma",
        aliases=("simplemovingaverage",),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Mean of the last `period` values.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
    IndicatorSpec(
        name="ema",
        aliases=("exponentialmovingaverage",),
        category="trend",
        parameters=(period(20), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        fade=lambda p: fade_of_ema(p["period"], 8),
        scale="price",
        description="Exponential average of weight 2 / (period + 1), begun with the mean of the first `period` values.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 9",
    ),
    IndicatorSpec(
        name="macd",
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
        fade=_macd_fade,
        scale="price",
        check=_fast_below_slow,
        description="line = EMA(fast) - EMA(slow), both begun on the same bar; signal = EMA of the line; "
        "histogram = line - signal.",
        reference="Appel (2005), Technical Analysis: Power Tools for Active Investors",
    ),
    IndicatorSpec(
        name="adx",
        category="trend",
        parameters=(period(14, low=2),),
        inputs=HLC,
        outputs=("adx", "plus_di", "minus_di"),
        first_value=lambda p: 2 * p["period"] - 1,
        fade=lambda p: fade_of_wilder(p["period"], 13.5),
        scale="bounded",
        description="Strength of a trend whichever way it goes, 0 to 100: Wilder's average of "
        "100 |plus_di - minus_di| / (plus_di + minus_di). 0 in a flat market.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
)
