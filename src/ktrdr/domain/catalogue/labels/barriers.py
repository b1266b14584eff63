"""Triple-barrier labels: which comes first, the target, the stop or the end of the holding period."""

from __future__ import annotations

from ktrdr.domain.catalogue.labels.spec import (
    BUY_HOLD_SELL,
    ENTRY,
    Contradiction,
    LabelSpec,
    Parameters,
    bars_back,
    horizon_of,
    positive,
)
from ktrdr.domain.catalogue.parameters import Parameter

_PER_HOLDING = (
    "scale",
    (
        "counts ranges of the whole holding period, sqrt(max_holding_period / 2) times that of one bar; write scale: "
        "bar for ranges of one bar, or scale: horizon to say that it is meant"
    ),
)
WEIGHTINGS = ("none", "uniqueness", "sequential_bootstrap")


def _one_filter(parameters: Parameters) -> Contradiction | None:
    if parameters["cusum_threshold"] is None or parameters["cusum_multiplier"] is None:
        return None
    return Contradiction("cusum_multiplier", "cannot be given beside cusum_threshold; write one of them")


TRIPLE_BARRIER = LabelSpec(
    source="triple_barrier",
    kind="classification",
    parameters=(
        positive("pt_multiplier", 2.0, "distance of the target, times the volatility", aliases=("profit_target_atr",)),
        positive("sl_multiplier", 1.5, "distance of the stop, times the volatility", aliases=("stop_loss_atr",)),
        Parameter(
            "max_holding_period",
            "int",
            50,
            low=1,
            high=10_000,
            aliases=("max_holding_bars",),
            description="bars after which the position is closed",
        ),
        bars_back("vol_span", 50, aliases=("atr_period",), what="exponential average (its span)"),
        Parameter(
            "vol_method",
            "str",
            "atr",
            choices=("atr", "close"),
            description="atr: the average of true range / close; close: the standard deviation of log returns",
        ),
        Parameter(
            "expiry",
            "str",
            "hold",
            choices=("hold", "sign", "band"),
            description="what the end of the holding period means: hold; the sign of the return; or the sign where the "
            "return lies outside half of each barrier, else hold",
        ),
        Parameter(
            "side",
            "str",
            "long",
            choices=("long", "both"),
            description="long: sell means that a long position is stopped; both: sell means that a short one wins",
        ),
        Parameter(
            "scale",
            "str",
            "horizon",
            choices=("horizon", "bar"),
            description="horizon: the volatility of one bar times sqrt(max_holding_period / 2); bar: not scaled",
        ),
        Parameter(
            "compute_weights",
            "str",
            "none",
            choices=WEIGHTINGS,
            switch=("none", "uniqueness"),
            description="weight of a train row: uniqueness (true) by how few other labels share its span; "
            "sequential_bootstrap by how often it is drawn",
        ),
        positive(
            "cusum_threshold",
            None,
            "only bars where the log price has moved by more than this since the last such bar get a label",
        ),
        positive("cusum_multiplier", None, "the same threshold, times the volatility of one bar"),
        ENTRY,
    ),
    horizon=horizon_of("max_holding_period"),
    classes=BUY_HOLD_SELL,
    actions=BUY_HOLD_SELL,
    description="which barrier around the entry price a high or low of the next `max_holding_period` bars touches "
    "first: buy for the target, sell for the stop, `expiry` for none. Of two barriers in one bar the stop counts, "
    "unless the bar opened beyond one of them. With `side: both` buy (sell) means that a long (short) position reaches "
    "its own target before its own stop; the earlier one counts, and hold means that both were stopped or that two "
    "targets lie in one bar. Where neither was reached, `expiry` speaks, but never for a side that was stopped before: "
    "that is hold. The barriers stand at entry x (1 + pt_multiplier x volatility) and entry x (1 - "
    "sl_multiplier x volatility); the volatility is known at the bar, and where it is 0 there is no label. For "
    "distances in average ranges of one bar write `scale: bar`. `cusum_threshold` or `cusum_multiplier` keep the "
    "labels of events only.",
    reference="Lopez de Prado (2018), Advances in Financial Machine Learning, chapters 2 (CUSUM filter), 3 (barriers) "
    "and 4 (uniqueness, sequential bootstrap)",
    remarks={"profit_target_atr": _PER_HOLDING, "stop_loss_atr": _PER_HOLDING},
    contradiction=_one_filter,
)
