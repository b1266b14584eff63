"""Trend indicators that follow the price by a rule: a stop that turns, middles of ranges, bands that wait."""

from __future__ import annotations

import math

from ktrdr.domain.catalogue.indicators.spec import HLC, IndicatorSpec, Parameters, fade_of_wilder
from ktrdr.domain.catalogue.parameters import Parameter, period


def _sar_fade(parameters: Parameters) -> int:
    """Return a bound that all measured series kept: two histories agree once they have turned on the same bar."""
    return math.ceil(4 / float(parameters["step_af"])) + 10


def _supertrend_fade(parameters: Parameters) -> int:
    """Return a bound that all measured series kept: the ATR fades, and prices walk across both bands."""
    return fade_of_wilder(parameters["period"], 8) + math.ceil(12 * float(parameters["multiplier"]) ** 2) + 30


def _ichimoku_first(parameters: Parameters) -> int:
    """Return where the last of four outputs begins; the spans come later by their displacement."""
    longest: int = max(parameters[name] for name in ("tenkan_period", "kijun_period", "senkou_b_period"))
    return longest - 1 + int(parameters["displacement"])


def _sar_in_order(parameters: Parameters) -> str | None:
    largest, most = max(parameters["initial_af"], parameters["step_af"]), parameters["max_af"]
    return None if largest <= most else f"initial_af and step_af must not be above max_af; found {largest} and {most}"


def _factor(name: str, default: float, description: str, *aliases: str) -> Parameter:
    return Parameter(name, "float", default, low=0, high=10, above=True, aliases=aliases, description=description)


FOLLOWERS = (
    IndicatorSpec(
        name="parabolicsar",
        aliases=("parabolic_sar", "psar", "sar", "parabolic", "parabolic_stop_and_reverse"),
        category="trend",
        parameters=(
            _factor("initial_af", 0.02, "factor of the first bar of a run", "initial", "start", "af_start"),
            _factor("step_af", 0.02, "added at each new extreme", "step", "acceleration", "increment", "af_increment"),
            _factor("max_af", 0.2, "largest factor", "maximum", "max", "af_max", "max_step"),
        ),
        inputs=("high", "low"),
        first_value=lambda _: 1,
        fade=_sar_fade,
        scale="price",
        check=_sar_in_order,
        description="Stop that moves by a growing factor towards the run's extreme and turns when it is touched. The "
        "price in a flat market. Two factors for first bar and step need prices above 0.",
        reference="Wilder (1978), New Concepts in Technical Trading Systems",
    ),
    IndicatorSpec(
        name="ichimoku",
        aliases=("ichimokucloud", "ichimoku_cloud", "ichimoku_kinko_hyo"),
        category="trend",
        parameters=(
            period(9, "tenkan_period", aliases=("tenkan", "conversion_period")),
            period(26, "kijun_period", aliases=("kijun", "base_period")),
            period(52, "senkou_b_period", aliases=("senkou_b", "senkou_period", "span_b_period")),
            Parameter(
                "displacement",
                "int",
                26,
                low=0,
                high=10_000,
                aliases=("shift",),
                description="bars the spans lie ahead",
            ),
        ),
        inputs=("high", "low"),
        outputs=("tenkan", "kijun", "senkou_a", "senkou_b"),
        first_value=_ichimoku_first,
        scale="price",
        description="Middle of the range of the last `tenkan_period` bars, of the last `kijun_period`; senkou_a = mean "
        "of the two and senkou_b = middle of the range of `senkou_b_period` bars, both as they stood `displacement` "
        "bars before, which is where the chart shows them now. All are the price in a flat market.",
        reference="Elliott (2007), Ichimoku Charts",
    ),
    IndicatorSpec(
        name="supertrend",
        aliases=("super_trend", "st"),
        category="trend",
        parameters=(
            period(10, low=2, aliases=("atr_period",)),
            _factor("multiplier", 3.0, "width of the bands, ATR", "atr_multiplier", "factor"),
        ),
        inputs=HLC,
        outputs=("trend", "direction"),
        first_value=lambda p: p["period"],
        fade=_supertrend_fade,
        scale="price",
        description="Middle of the bar -+ `multiplier` x ATR that only follows the trend and changes sides when the "
        "close crosses it; direction 1 above, -1 below the price. The price and 1 in a flat market.",
        reference="Seban (2008), Tout le monde merite d'etre riche",
    ),
)
