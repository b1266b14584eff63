"""Regime labels: what kind of market a bar lies in."""

from __future__ import annotations

from ktrdr.domain.catalogue.labels.spec import (
    ENTRY,
    Contradiction,
    LabelSpec,
    Parameters,
    bars_ahead,
    bars_back,
    horizon_of,
    number,
    positive,
)
from ktrdr.domain.catalogue.parameters import Parameter

REGIME = LabelSpec(
    source="regime",
    kind="classification",
    parameters=(
        positive("macro_atr_mult", 3.0, "reversal that ends a macro segment, in multiples of the median ATR"),
        positive("micro_atr_mult", 1.0, "reversal that makes a micro pivot, in multiples of the median ATR"),
        bars_back("atr_period", 14, what="ATR, and of the log returns looked ahead"),
        bars_back("vol_lookback", 120, what="median of the ATR, and standard deviation of log returns"),
        positive("vol_crisis_threshold", 2.0, "multiple of the trailing standard deviation that is a crisis"),
        Parameter(
            "progression_tolerance",
            "float",
            0.5,
            low=0,
            high=1,
            description="share of rising lows (falling highs) that makes a trend",
        ),
    ),
    horizon=lambda _: None,
    classes=("trending_up", "trending_down", "ranging", "volatile"),
    actions=("buy", "sell", "hold", "none"),
    description="volatile where the standard deviation of the next `atr_period` log returns exceeds "
    "`vol_crisis_threshold` x that of the last `vol_lookback`. Else by the macro segment that the bar lies in, from "
    "one pivot of a zigzag on closes to the next (reversal: `macro_atr_mult` x trailing median ATR / close): "
    "trending_up (down) if it rises (falls), has at least 4 pivots of the finer zigzag (`micro_atr_mult`), its ends "
    "included, and the share of rising lows (falling highs) among these reaches `progression_tolerance`; else ranging. "
    "A span ends where the segment's last pivot is confirmed, or with the returns looked at if that is later. No label "
    "up to the first macro pivot and after the last one.",
    reference="Merrill (1977), Filtered Waves; ATR: Wilder (1978), New Concepts in Technical Trading Systems",
    lasts=True,
    knows_now=True,
)
_UNUSED = "has no effect: what makes a bar sideways here is that it is neither bull nor bear"


def _contradiction(parameters: Parameters) -> Contradiction | None:
    fast, slow = parameters["fast"], parameters["slow"]
    if fast >= slow:
        return Contradiction("fast", f"{fast} must be below slow {slow}")
    return None if parameters["vol_symbol"].strip() else Contradiction("vol_symbol", "must name a symbol, such as ^VIX")


MARKET_REGIME = LabelSpec(
    source="market_regime",
    kind="classification",
    parameters=(
        bars_back("fast", 50, low=1, what="fast mean of closes"),
        bars_back("slow", 200, what="slow mean of closes"),
        Parameter("vol_symbol", "str", "^VIX", description="symbol of the volatility index"),
        number("low", 20.0, "read for older files; without effect"),
        number("high", 30.0, "mean of the volatility index above which volatility is high, in its own units"),
        bars_back("adx_period", 14, what="ADX; read for older files; without effect"),
        bars_ahead("horizon", 20),
        ENTRY,
    ),
    horizon=horizon_of("horizon"),
    step="horizon",
    classes=("bull", "bear", "sideways", "high_volatility"),
    actions=("buy", "sell", "hold", "none"),
    description="high_volatility if the mean of the volatility index over the next `horizon` bars is above `high`; "
    "else bull if at the last of them the fast mean is above the slow mean and the return is positive; bear mirrored; "
    "else sideways. At each bar the index has the close of its latest bar that is known by then, at most a week and "
    "two of its bars old; without one there is no label. Where the repository has no bars of `vol_symbol`, volatility "
    "is high if the realised volatility (root mean square log return) of the next `horizon` bars is above the 90th "
    "percentile of the same over the trailing 500 bars; a note says which of the two decided.",
    reference="Realised volatility: Andersen, Bollerslev, Diebold and Labys (2003), Modeling and Forecasting Realized "
    "Volatility",
    contradiction=_contradiction,
    without_effect={"low": _UNUSED, "adx_period": _UNUSED},
    symbol="vol_symbol",
    lasts=True,
    knows_now=True,
)
