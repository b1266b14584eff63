"""Labels made of the return or the volatility of the next bars."""

from __future__ import annotations

from ktrdr.domain.catalogue.labels.spec import (
    BUY_HOLD_SELL,
    ENTRY,
    Contradiction,
    LabelSpec,
    Outcomes,
    Parameters,
    bars_ahead,
    bars_back,
    horizon_of,
    number,
)
from ktrdr.domain.catalogue.parameters import Parameter

FORWARD_RETURN = LabelSpec(
    source="forward_return",
    kind="regression",
    parameters=(bars_ahead("horizon", 20), ENTRY),
    horizon=horizon_of("horizon"),
    step="horizon",
    unit="fraction",
    description="return from the entry price to the close `horizon` bars ahead.",
)
DIRECTION = LabelSpec(
    source="direction",
    kind="classification",
    parameters=(
        bars_ahead("horizon", 1),
        number("neutral_band", 0.001, "largest return, either way, that counts as no move (fraction)"),
        ENTRY,
    ),
    horizon=horizon_of("horizon"),
    step="horizon",
    classes=("up", "neutral", "down"),
    actions=BUY_HOLD_SELL,
    ratios=lambda parameters: parameters["neutral_band"] != 0,
    description="up if the return to the close `horizon` bars ahead is above `neutral_band`, down if it is below its "
    "negative, else neutral. With a band of 0 any rise is up, and prices may be at or below 0.",
)
VOLATILITY = LabelSpec(
    source="volatility",
    kind="regression",
    parameters=(bars_ahead("window", 20, low=2),),
    horizon=horizon_of("window"),
    step="window",
    actions=("none",),
    unit="log return per bar",
    metrics=("qlike",),
    description="standard deviation of the log returns of the next `window` bars. It asks for no trade.",
)


def _ordered_thresholds(parameters: Parameters) -> Contradiction | None:
    low, high = parameters["bearish_threshold"], parameters["bullish_threshold"]
    return (
        None if low < high else Contradiction("bearish_threshold", f"{low:g} must be below bullish_threshold {high:g}")
    )


CONTEXT = LabelSpec(
    source="context",
    kind="classification",
    parameters=(
        bars_ahead("horizon", 5),
        number("bullish_threshold", 0.005, "return above which a bar is bullish (fraction)", low=None),
        number("bearish_threshold", -0.005, "return below which a bar is bearish (fraction)", low=None),
        ENTRY,
    ),
    horizon=horizon_of("horizon"),
    step="horizon",
    classes=("bullish", "bearish", "neutral"),
    actions=("buy", "sell", "hold"),
    description="bullish if the return to the close `horizon` bars ahead is above `bullish_threshold`, bearish if it "
    "is below `bearish_threshold`, else neutral.",
    contradiction=_ordered_thresholds,
)
_THREE: Outcomes = (BUY_HOLD_SELL, BUY_HOLD_SELL)
_FIVE: Outcomes = (
    ("strong_buy", "buy", "hold", "sell", "strong_sell"),
    ("buy", "buy", "hold", "sell", "sell"),
)


def _three_or_five(parameters: Parameters) -> Contradiction | None:
    found = parameters["classes"]
    return None if found in {3, 5} else Contradiction("classes", f"must be 3 or 5, found {found!r}")


RISK_ADJUSTED = LabelSpec(
    source="risk_adjusted",
    kind="classification",
    parameters=(
        bars_ahead("horizon", 20),
        Parameter("classes", "int", 3, low=3, high=5, description="number of classes: 3 or 5"),
        bars_back("vol_window", 60, what="standard deviation of log returns"),
        ENTRY,
    ),
    horizon=horizon_of("horizon"),
    step="horizon",
    classes=_THREE[0],
    actions=_THREE[1],
    description="return to the close `horizon` bars ahead, divided by the trailing volatility x sqrt(horizon), cut at "
    "+-0.5, from the best to the worst. With `classes: 5` also at +-1.5: strong_buy, buy, hold, sell, strong_sell. No "
    "label where the volatility is 0.",
    reference="Sharpe (1994), The Sharpe Ratio",
    outcomes=lambda parameters: _FIVE if parameters["classes"] == 5 else _THREE,
    contradiction=_three_or_five,
)
