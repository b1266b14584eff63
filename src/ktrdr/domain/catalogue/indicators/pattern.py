"""Indicators of shapes: of single bars, of their order, and of the levels that held or broke."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLC, OHLC, IndicatorSpec, fade_of_ema, fade_of_wilder
from ktrdr.domain.catalogue.parameters import SOURCE, period

PATTERN = (
    IndicatorSpec(
        name="supportdistance",
        aliases=("supportlevel", "support"),
        category="pattern",
        parameters=(period(20),),
        inputs=("low", "close"),
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        ratios=True,
        description="Close above the lowest low of the last `period` bars, percent of the close. 0 at the support and "
        "in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 4",
    ),
    IndicatorSpec(
        name="resistancedistance",
        aliases=("resistancelevel", "resistance"),
        category="pattern",
        parameters=(period(20),),
        inputs=("high", "close"),
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        ratios=True,
        description="Highest high of the last `period` bars above the close, percent of the close. 0 at the resistance "
        "and in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 4",
    ),
    IndicatorSpec(
        name="breakout",
        aliases=("channelbreakout", "donchianbreakout"),
        category="pattern",
        parameters=(period(20),),
        inputs=HLC,
        first_value=lambda p: p["period"],
        scale="ratio",
        description="Place of the close in the range of the `period` bars before it: -1 at their lowest low, 1 at "
        "their highest high; above 1 the close breaks out upwards, below -1 downwards. Where they have no range: 1, 0 "
        "or -1, as the close lies above it, in it or below it.",
        reference="Donchian (1960), High Finance in Copper, Financial Analysts Journal 16(6) (the channel)",
    ),
    IndicatorSpec(
        name="divergence",
        aliases=("rsidivergence",),
        category="pattern",
        parameters=(period(20, low=2), period(14, "rsi_period", low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["rsi_period"] + p["period"] - 1,
        fade=lambda p: fade_of_wilder(p["rsi_period"], 14),
        scale="bounded",
        description="Place of RSI(`rsi_period`) in its range of the last `period` bars minus that of the price in its "
        "own; -1 to 1. Negative where the price stands high and RSI does not follow (bearish), positive where RSI "
        "stands higher than the price (bullish). A flat range counts as 0.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems (divergence of RSI and price)",
    ),
    IndicatorSpec(
        name="higherhighslowerlows",
        aliases=("hhll", "swingstructure"),
        category="pattern",
        parameters=(period(10),),
        inputs=("high", "low"),
        outputs=("structure", "highs", "lows"),
        first_value=lambda p: 2 * p["period"] - 1,
        scale="ratio",
        ratios=True,
        description="highs, lows = change of the highest high (lowest low) of the last `period` bars against that of "
        "the `period` bars before, percent; structure = 1 where both rise, -1 where both fall, 0 where they differ, "
        "0.5 or -0.5 where one stands still. 0 in a flat market.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 4 (peaks and troughs of a trend)",
    ),
    IndicatorSpec(
        name="candle",
        aliases=("candlestick", "candleshape", "candlestickshape"),
        category="pattern",
        parameters=(),
        inputs=OHLC,
        outputs=("body", "upper_wick", "lower_wick"),
        first_value=lambda _: 0,
        scale="bounded",
        description="Shares of the bar's range: body = close - open, -1 to 1; upper_wick = what lies above the body, "
        "lower_wick = below it, 0 to 1. 0 where the bar has no range.",
        reference="Nison (1991), Japanese Candlestick Charting Techniques",
    ),
    IndicatorSpec(
        name="insideoutside",
        aliases=("insidebar", "outsidebar"),
        category="pattern",
        parameters=(),
        inputs=("high", "low"),
        outputs=("expansion", "overlap"),
        first_value=lambda _: 1,
        scale="bounded",
        description="expansion = (range - range of the bar before) / their sum, -1 to 1; overlap = what both ranges "
        "share, over what they span together, negative where a gap parts them, -1 to 1. 0 where neither has a range.",
        reference="Crabel (1990), Day Trading with Short Term Price Patterns and Opening Range Breakout",
    ),
    IndicatorSpec(
        name="pivotdistance",
        aliases=("pivotpoints", "pivotpoint", "pivot"),
        category="pattern",
        parameters=(period(20),),
        inputs=HLC,
        outputs=("pivot", "resistance", "support"),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Distances in percent of the close. pivot = close above P, the mean of highest high, lowest low "
        "and last close of the `period` bars before; resistance = 2 P - lowest low above the close; support = close "
        "above 2 P - highest high. 0 in a flat market.",
        reference="Person (2004), A Complete Guide to Technical Trading Tactics, ch. 6",
    ),
    IndicatorSpec(
        name="streak",
        aliases=("consecutive", "consecutivebars", "updownstreak"),
        category="pattern",
        parameters=(period(10), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="bounded",
        description="Bars since the price last did not rise (fall), at most `period`, as a share of `period`; falling "
        "ones negative; -1 to 1. 0 where it stands still.",
        reference="Connors and Alvarez (2009), Short Term Trading Strategies That Work",
    ),
    IndicatorSpec(
        name="heikinashi",
        aliases=("heikenashi",),
        category="pattern",
        parameters=(),
        inputs=("ohlc4", "high", "low"),
        first_value=lambda _: 3,
        fade=lambda _: fade_of_ema(3, 11),
        scale="bounded",
        description="Body of the heikin-ashi candle as a share of its range, -1 to 1: its close is the mean of the "
        "bar's four prices, its open the exponential average of weight 1/2 of the closes before. 0 in a flat market.",
        reference="Valcu (2004), Using the Heikin-Ashi Technique, Technical Analysis of Stocks & Commodities 22(2)",
    ),
)
