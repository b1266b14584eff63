"""Indicators of how far prices move."""

from __future__ import annotations

from ktrdr.domain.catalogue.indicators.spec import HLC, IndicatorSpec, Parameters, fade_of_ema, fade_of_wilder
from ktrdr.domain.catalogue.parameters import SOURCE, Parameter, period

_WIDTHS = ("std_dev", "num_std", "stddev", "deviations")
MULTIPLIER = Parameter(
    "multiplier", "float", 2.0, low=0, above=True, aliases=_WIDTHS, description="width of the bands, deviations"
)
BARS_PER_YEAR = Parameter(
    "bars_per_year",
    "float",
    1.0,
    low=0,
    above=True,
    aliases=("annualization_factor", "annualisation_factor", "periods_per_year"),
    description="bars to annualise by, such as 252 for days of shares; 1 leaves it per bar",
)


def _multiple(default: float, name: str, unit: str, *, aliases: tuple[str, ...] = ()) -> Parameter:
    description = f"width of the bands, {unit}"
    return Parameter(name, "float", default, low=0, above=True, aliases=aliases, description=description)


def _keltner_first(parameters: Parameters) -> int:
    return max(int(parameters["period"]) - 1, int(parameters["atr_period"]))


def _keltner_fade(parameters: Parameters) -> int:
    """Return the longer fade of average and ATR, which begin on the same bar."""
    return max(fade_of_ema(parameters["period"], 8.8), fade_of_wilder(parameters["atr_period"], 8.8))


def _squeeze_first(parameters: Parameters) -> int:
    return max(int(parameters["bb_period"]) - 1, int(parameters["kc_period"]))


def _squeeze_fade(parameters: Parameters) -> int:
    ranges = int(parameters["kc_period"])
    return max(ranges + fade_of_wilder(ranges, 12.5) - _squeeze_first(parameters), 0)


VOLATILITY = (
    IndicatorSpec(
        name="atr",
        aliases=("averagetruerange", "average_true_range"),
        category="volatility",
        parameters=(period(14),),
        inputs=HLC,
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11),
        scale="price",
        description="Wilder's average of the true range, the bar's range widened to the close before it. "
        "0 in a flat market.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="bbands",
        aliases=("bollingerbands", "bollinger_bands", "bollinger", "bb"),
        category="volatility",
        parameters=(period(20, low=2), MULTIPLIER, SOURCE),
        inputs=("source",),
        outputs=("upper", "middle", "lower"),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Mean over `period` bars, and `multiplier` population standard deviations above and below it. "
        "All three are the price in a flat market.",
        reference="Bollinger (2001), Bollinger on Bollinger Bands",
    ),
    IndicatorSpec(
        name="keltnerchannels",
        aliases=("keltner_channels", "keltnerchannel", "keltner_channel", "keltner", "kc"),
        category="volatility",
        parameters=(
            period(20, low=2),
            period(10, "atr_period"),
            _multiple(2.0, "multiplier", "ATR", aliases=("atr_multiplier",)),
        ),
        inputs=HLC,
        outputs=("upper", "middle", "lower"),
        first_value=_keltner_first,
        fade=_keltner_fade,
        scale="price",
        description="Exponential average of the typical price, and `multiplier` times Wilder's average true range "
        "above and below it, both begun on the first bar with a value. All three are the price in a flat market.",
        reference="Keltner (1960), How to Make Money in Commodities; Raschke and Connors (1996), Street Smarts",
    ),
    IndicatorSpec(
        name="donchianchannels",
        aliases=("donchian_channels", "donchianchannel", "donchian_channel", "donchian", "dc"),
        category="volatility",
        parameters=(period(20, low=2),),
        inputs=("high", "low"),
        outputs=("upper", "middle", "lower"),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Highest high and lowest low of the last `period` bars, this one included, and the middle between "
        "them. All three are the price in a flat market.",
        reference="Donchian (1960), Commodities: High Finance in Copper, Financial Analysts Journal 16(6)",
    ),
    IndicatorSpec(
        name="natr",
        aliases=("normalizedatr", "normalized_atr", "normalizedaveragetruerange", "atr_percent", "atrp"),
        category="volatility",
        parameters=(period(14),),
        inputs=HLC,
        first_value=lambda p: p["period"],
        fade=lambda p: fade_of_wilder(p["period"], 11.5),
        scale="ratio",
        ratios=True,
        description="Average true range, percent of the close. 0 in a flat market, and where the close is 0.",
        reference="Forman (2006), Cross-Market Evaluations with Normalized Average True Range, "
        "Technical Analysis of Stocks & Commodities 24(5)",
    ),
    IndicatorSpec(
        name="standarddeviation",
        aliases=("standard_deviation", "stddev", "std_dev", "stdev", "std"),
        category="volatility",
        parameters=(period(20, low=2), SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="price",
        description="Population standard deviation of the last `period` values. 0 in a flat market.",
        reference="Bollinger (2001), Bollinger on Bollinger Bands",
    ),
    IndicatorSpec(
        name="truerange",
        aliases=("true_range", "trange", "tr"),
        category="volatility",
        parameters=(),
        inputs=HLC,
        first_value=lambda _: 1,
        scale="price",
        description="The bar's range, widened to the close before it. 0 in a flat market.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="chaikinvolatility",
        aliases=("chaikin_volatility", "chaikinsvolatility", "cvi", "chaikinvol"),
        category="volatility",
        parameters=(
            period(10, low=2, aliases=("ema_period",)),
            period(10, "roc_period", aliases=("rate_of_change_period", "change_period")),
        ),
        inputs=("high", "low"),
        first_value=lambda p: p["period"] + p["roc_period"] - 1,
        fade=lambda p: fade_of_ema(p["period"], 12),
        scale="ratio",
        description="Change over `roc_period` bars of the exponential average of high - low, percent of the older "
        "average; 0 where that is less than 1e-9 of the price, as in a flat market and right after a long one.",
        reference="Achelis (1995), Technical Analysis from A to Z",
    ),
    IndicatorSpec(
        name="bollingerbandwidth",
        aliases=("bollinger_bandwidth", "bollinger_band_width", "bbwidth", "bb_width", "bandwidth", "bbw"),
        category="volatility",
        parameters=(period(20, low=2), MULTIPLIER, SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"] - 1,
        scale="ratio",
        ratios=True,
        description="(upper - lower) / middle of the Bollinger bands, a fraction. 0 in a flat market, and where the "
        "middle is 0.",
        reference="Bollinger (2001), Bollinger on Bollinger Bands",
    ),
    IndicatorSpec(
        name="squeezeintensity",
        aliases=("squeeze_intensity", "squeeze", "bollinger_squeeze", "ttm_squeeze"),
        category="volatility",
        parameters=(
            period(20, "bb_period", low=2),
            _multiple(2.0, "bb_multiplier", "deviations", aliases=("bb_std", "bb_std_dev")),
            period(20, "kc_period", low=2),
            _multiple(2.0, "kc_multiplier", "ATR", aliases=("kc_atr_multiplier",)),
            SOURCE,
        ),
        inputs=(*HLC, "source"),
        first_value=_squeeze_first,
        fade=_squeeze_fade,
        scale="bounded",
        description="1 - width of the Bollinger bands / width of the Keltner channels (whose average and ATR both take "
        "`kc_period`), and 0 where that is negative; 0 to 1. 0 means no squeeze; so does a flat market.",
        reference="Carter (2005), Mastering the Trade, ch. 11",
    ),
    IndicatorSpec(
        name="historicalvolatility",
        aliases=("historical_volatility", "realizedvolatility", "realized_volatility", "hv", "histvol"),
        category="volatility",
        parameters=(period(20, low=2), BARS_PER_YEAR, SOURCE),
        inputs=("source",),
        first_value=lambda p: p["period"],
        scale="ratio",
        ratios=True,
        description="Sample standard deviation of the last `period` log returns times the root of `bars_per_year`, a "
        "fraction. 0 in a flat market; no value where the window has a price of 0 or below.",
        reference="Hull (2018), Options, Futures, and Other Derivatives, ch. 15.4",
    ),
    IndicatorSpec(
        name="ulcerindex",
        aliases=("ulcer_index", "ulcer", "ui"),
        category="volatility",
        parameters=(period(14), SOURCE),
        inputs=("source",),
        first_value=lambda p: 2 * p["period"] - 2,
        scale="ratio",
        ratios=True,
        description="Root of the mean square, over `period` bars, of the percent by which a value stands below the "
        "highest of its own last `period`. 0 in a flat or rising market.",
        reference="Martin and McCann (1989), The Investor's Guide to Fidelity Funds",
    ),
)
