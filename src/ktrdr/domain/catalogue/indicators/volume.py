"""Indicators that weigh prices by volume."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import (
    HLCV,
    IndicatorSpec,
    fade_of_difference,
    fade_of_ema,
    rising,
)
from ktrdr.domain.catalogue.parameters import Parameter, period

_CLOSE_AND_VOLUME = ("close", "volume")


VOLUME = (
    IndicatorSpec(
        name="mfi",
        aliases=("moneyflowindex", "money_flow_index"),
        category="volume",
        parameters=(period(14, low=2),),
        inputs=HLCV,
        first_value=lambda p: p["period"],
        scale="bounded",
        ratios=True,
        description="100 x money flow on rising typical prices / money flow on all changes, over `period` bars; "
        "0 to 100. 0 without volume or movement.",
        reference="Quong and Soudack (1989), Volume-Weighted RSI: Money Flow, "
        "Technical Analysis of Stocks & Commodities 7(3)",
    ),
    IndicatorSpec(
        name="obv",
        aliases=("onbalancevolume", "on_balance_volume"),
        category="volume",
        parameters=(),
        inputs=_CLOSE_AND_VOLUME,
        first_value=lambda _: 0,
        cumulative=True,
        scale="volume",
        description="Running sum of volume, added where the close rose and taken off where it fell, begun with the "
        "first bar's volume. Stays where it is in a flat market or without volume.",
        reference="Granville (1963), Granville's New Key to Stock Market Profits",
    ),
    IndicatorSpec(
        name="adline",
        aliases=("ad", "adl", "ad_line", "accumulationdistribution", "accumulation_distribution_line"),
        category="volume",
        parameters=(),
        inputs=HLCV,
        first_value=lambda _: 0,
        cumulative=True,
        scale="volume",
        description="Running sum of volume x ((close - low) - (high - close)) / (high - low). A bar without range or "
        "volume adds nothing.",
        reference="Achelis (1995), Technical Analysis from A to Z (after Chaikin)",
    ),
    IndicatorSpec(
        name="forceindex",
        aliases=("force_index", "force", "fi", "efi", "elder_force_index"),
        category="volume",
        parameters=(period(13),),
        inputs=_CLOSE_AND_VOLUME,
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_ema(p["period"], 14.5),
        scale="volume",
        description="Exponential average of change of the close x volume, in units of price x volume. 0 in a flat "
        "market or without volume.",
        reference="Elder (1993), Trading for a Living",
    ),
    IndicatorSpec(
        name="volumepricetrend",
        aliases=("volume_price_trend", "vpt", "pvt", "pricevolumetrend", "price_volume_trend"),
        category="volume",
        parameters=(),
        inputs=_CLOSE_AND_VOLUME,
        first_value=lambda _: 0,
        cumulative=True,
        scale="volume",
        ratios=True,
        description="Running sum of volume x relative change of the close, begun with 0. Stays where it is in a flat "
        "market or without volume.",
        reference="Achelis (1995), Technical Analysis from A to Z",
    ),
    IndicatorSpec(
        name="nvi",
        aliases=("negativevolumeindex", "negative_volume_index"),
        category="volume",
        parameters=(),
        inputs=_CLOSE_AND_VOLUME,
        first_value=lambda _: 0,
        cumulative=True,
        scale="ratio",
        ratios=True,
        description="Index begun at 1000 that follows the relative change of the close on bars whose volume fell. "
        "Stays where it is in a flat market or without volume.",
        reference="Fosback (1976), Stock Market Logic",
    ),
    IndicatorSpec(
        name="pvi",
        aliases=("positivevolumeindex", "positive_volume_index"),
        category="volume",
        parameters=(),
        inputs=_CLOSE_AND_VOLUME,
        first_value=lambda _: 0,
        cumulative=True,
        scale="ratio",
        ratios=True,
        description="Index begun at 1000 that follows the relative change of the close on bars whose volume rose. "
        "Stays where it is in a flat market or without volume.",
        reference="Fosback (1976), Stock Market Logic",
    ),
    IndicatorSpec(
        name="vwap",
        aliases=("volumeweightedaverageprice", "volume_weighted_average_price"),
        category="volume",
        parameters=(
            Parameter(
                "period", "int", 20, low=0, high=10_000, description="window length, bars; 0 = the session so far"
            ),
            Parameter("use_typical_price", "bool", True, description="weigh (high + low + close) / 3, else the close"),
        ),
        inputs=(*HLCV, "session"),
        first_value=lambda p: max(p["period"] - 1, 0),
        by_session=lambda p: p["period"] == 0,
        scale="price",
        description="Mean price weighted by volume, over `period` bars or since the session began (without a calendar: "
        "the UTC day; a bar of a day or more is its own session). Bars outside the sessions, such as those before the "
        "market opens, belong to none: they are averaged among themselves, from a close to the next open. Where the "
        "window has no volume all prices weigh the same. The price in a flat market.",
        reference="Berkowitz, Logue and Noser (1988), The Total Cost of Transactions on the NYSE, J. of Finance 43(1)",
    ),
    IndicatorSpec(
        name="cmf",
        aliases=("chaikinmoneyflow", "chaikin_money_flow"),
        category="volume",
        parameters=(period(21, low=2),),
        inputs=HLCV,
        first_value=lambda p: p["period"] - 1,
        scale="bounded",
        description="Sum over `period` bars of volume x ((close - low) - (high - close)) / (high - low), over the sum "
        "of volume; -1 to 1. 0 in a flat market or without volume.",
        reference="Achelis (1995), Technical Analysis from A to Z (after Chaikin)",
    ),
    IndicatorSpec(
        name="volumeratio",
        aliases=("volume_ratio", "relativevolume", "relative_volume", "rvol", "vol_ratio"),
        category="volume",
        parameters=(period(20),),
        inputs=("volume",),
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        description="Volume over its mean of the last `period` bars, this one included; 0 to `period`, 1 where volume "
        "is even. 0 without volume.",
        reference="Murphy (1999), Technical Analysis of the Financial Markets, ch. 7",
    ),
    IndicatorSpec(
        name="easeofmovement",
        aliases=("ease_of_movement", "eom", "emv"),
        category="volume",
        parameters=(
            period(14),
            Parameter(
                "divisor",
                "float",
                100_000_000.0,
                low=0,
                above=True,
                aliases=("volume_divisor", "scale"),
                description="volume is counted in units of this",
            ),
        ),
        inputs=("high", "low", "volume"),
        first_value=lambda p: p["period"],
        scale="volume",
        description="Mean over `period` bars of change of (high + low) / 2 x (high - low) / (volume / `divisor`), in "
        "units of price squared over volume. A bar without movement or volume counts as 0.",
        reference="Arms (1989), Volume Cycles in the Stock Market",
    ),
    IndicatorSpec(
        name="pvo",
        aliases=("percentagevolumeoscillator", "volumeoscillator"),
        category="volume",
        parameters=(
            period(12, "fast_period", low=2, aliases=("fast",)),
            period(26, "slow_period", low=2, aliases=("slow",)),
            period(9, "signal_period", aliases=("signal",)),
        ),
        inputs=("volume",),
        outputs=("line", "signal", "histogram"),
        first_value=lambda p: p["slow_period"] + p["signal_period"] - 2,
        fade=lambda p: fade_of_difference(p, 11.6),
        scale="ratio",
        check=rising("fast_period", "slow_period"),
        description="line = EMA(fast) - EMA(slow) of the volume, percent of EMA(slow), 0 without volume; signal = EMA "
        "of the line; histogram = line - signal.",
        reference="Achelis (2001), Technical Analysis from A to Z, 2nd ed. (volume oscillator)",
    ),
)
