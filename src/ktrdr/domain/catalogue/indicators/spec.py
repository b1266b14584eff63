"""What is known of an indicator without computing it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ktrdr.domain.catalogue.indicators.scale import ATR_BARS, ROLLING_BARS, scale_of
from ktrdr.domain.catalogue.parameters import Parameter

Parameters = Mapping[str, Any]

_FADE_OF_VOLUME = 1.25  # times as long as that of prices
STAYS = "0 in a market that is flat from its beginning; the last value stays in one that falls asleep later."
HLC = ("high", "low", "close")
_ATR_E_FOLDS = 11
OHLC = ("open", *HLC)
HLCV = (*HLC, "volume")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSpec:
    """One indicator as data: all that a strategy may say of it, and the facts that a user may rely on.

    Attributes
    ----------
    name : str
        Canonical type, lower case.
    category : str
    parameters : tuple of Parameter
    inputs : tuple of str
        Columns it reads, in the order its kernel takes them; ``source`` stands for the one the parameter names,
        ``session`` for the number of the bar's session.
    first_value : callable
        Parameters to the index (from 0) of the first bar on which every output has a value; before it they are NaN.
    scale : str
        ``bounded``; ``ratio`` (free of units, unbounded); ``price`` (in the units of what it reads); ``volume`` (in
        units that volume is part of).
    ratios : bool
        Whether values have no meaning where a price that it reads is at or below 0: it takes ratios or logarithms of
        prices, or weighs by them. Any other is the same on prices that are all moved by one amount, or moves with them.
    description, reference : str
        Lines for the reference pages: the meaning, with units and what a flat market gives, and where it comes from.
    aliases : tuple of str
        Other names of the type.
    outputs : tuple of str
        Names of the outputs, the primary one first; empty for a single output.
    fade : callable
        Parameters to the bars after `first_value` by which the trace of the series' beginning has faded; 0 where only
        the last bars count.
    cumulative : bool
        Whether the value depends on all bars since the beginning and so never settles.
    by_session : callable
        Parameters to whether it begins anew with each session, so that only bars since the last open or close count.
    check : callable or None
        Parameters to a message where they contradict each other, else None.
    """

    name: str
    category: Literal["trend", "momentum", "volatility", "volume", "pattern", "statistical"]
    parameters: tuple[Parameter, ...]
    inputs: tuple[str, ...]
    first_value: Callable[[Parameters], int]
    scale: Literal["bounded", "ratio", "price", "volume"]
    description: str
    reference: str
    aliases: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    ratios: bool = False
    fade: Callable[[Parameters], int] = lambda _: 0
    cumulative: bool = False
    by_session: Callable[[Parameters], bool] = lambda _: False
    check: Callable[[Parameters], str | None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what a list says of it, as plain values."""
        return {
            "type": self.name,
            "aliases": list(self.aliases),
            "category": self.category,
            "parameters": {item.name: item.default for item in self.parameters},
            "outputs": list(self.outputs),
        }

    @property
    def primary(self) -> str:
        """The output that a bare reference means; empty for a single output."""
        return self.outputs[0] if self.outputs else ""

    def columns(self, parameters: Parameters) -> tuple[str, ...]:
        """Return the columns read under `parameters`: those of the bars, their means (``hl2``), or ``session``.

        For ``scale: atr`` high, low and close follow.
        """
        own = tuple(parameters["source"] if name == "source" else name for name in self.inputs)
        return (*own, *HLC) if scale_of(parameters) == "atr" else own

    def first_known(self, parameters: Parameters) -> int:
        """Return the first bar (from 0) on which every output has a value: `first_value`, and what scaling adds."""
        first = self.first_value(parameters)
        return {"atr": max(first, ATR_BARS), "rolling": first + ROLLING_BARS - 1}.get(scale_of(parameters), first)

    def settled_bars(self, parameters: Parameters) -> int | None:
        """Return the bar (from 0) from which values no longer depend on where the series began.

        From there on the error is below 1e-4 of the output's interquartile range; None where it never settles. Of
        volume it takes longer: volume scatters about a level, so that averages spread less than what they forget.
        Where `by_session` holds, bars are counted from the first session that begins (or ends) after the series did.
        """
        if self.cumulative:
            return None
        longer = _FADE_OF_VOLUME if parameters.get("source") == "volume" else 1
        settled = self.first_value(parameters) + math.ceil(longer * self.fade(parameters))
        atr_settled = ATR_BARS + fade_of_wilder(ATR_BARS, _ATR_E_FOLDS)
        scaled = {"atr": max(settled, atr_settled), "rolling": settled + ROLLING_BARS - 1}
        return scaled.get(scale_of(parameters), settled)


def fade_of_ema(period: int, e_folds: float) -> int:
    """Return the bars in which an exponential average of weight 2 / (period + 1) forgets by a factor exp(e_folds)."""
    return math.ceil(e_folds / math.log((period + 1) / (period - 1))) if period > 1 else 0


def fade_of_wilder(period: int, e_folds: float) -> int:
    """Return the bars in which Wilder's average, of weight 1 / period, forgets by a factor exp(e_folds)."""
    return fade_of_ema(2 * period - 1, e_folds)


def fade_of_difference(parameters: Parameters, e_folds: float) -> int:
    """Return the fade of the average, over `signal_period`, of a difference of two averages.

    The slower average decides and the quicker one delays it; what is left weighs the more, the closer the two
    averages of the difference are, since the difference is then small.
    """
    fast, slow, signal = (int(parameters[f"{name}_period"]) for name in ("fast", "slow", "signal"))
    closeness = math.log(slow / (slow - fast)) if fast < slow else 0.0
    return fade_of_ema(max(slow, signal), e_folds + closeness) + fade_of_ema(min(slow, signal), 3)


def rising(*names: str) -> Callable[[Parameters], str | None]:
    """Return a check that each of some parameters lies above the one before."""

    def check(p: Parameters) -> str | None:
        values = [p[name] for name in names]
        if all(low < high for low, high in pairwise(values)):
            return None
        return f"{' must be below '.join(names)}; found {' and '.join(map(str, values))}"

    return check
