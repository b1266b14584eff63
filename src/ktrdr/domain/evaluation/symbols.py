"""What a pooled model is worth for each symbol: against baselines, and against the symbol's own model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.joint import Resampled, TimeBlocks, group_of
from ktrdr.domain.evaluation.significance import Difference, Outcome, paired_differences
from ktrdr.domain.evaluation.suspicion import sure_share
from ktrdr.domain.evaluation.verdict import outcome
from ktrdr.domain.market.timeframe import NS_PER_DAY


@dataclass(frozen=True, slots=True, eq=False)
class SymbolLosses:
    """Losses of one symbol's test rows.

    Attributes
    ----------
    symbol : str
    seen : bool
        Whether the model was fitted on rows of it.
    times : ndarray of int64, shape (n,)
        When the rows were known, ascending; n >= 1.
    model : ndarray of float64, shape (n,)
        The pooled model's loss of each row.
    baseline : str
        Name of the best baseline, fitted on this symbol's own train rows.
    baseline_losses : ndarray of float64, shape (n,)
    alone : ndarray of float64, shape (n,), or str
        Losses of the symbol's own model, or why there is none.
    """

    symbol: str
    seen: bool
    times: Int64s
    model: Floats
    baseline: str
    baseline_losses: Floats
    alone: Floats | str


@dataclass(frozen=True, slots=True)
class SymbolTable:
    """Rows of a table, as plain values.

    Attributes
    ----------
    metric : str
        The loss that is compared, a mean per row; smaller is better, and so is a negative difference.
    rows : tuple of mapping
        One per symbol, the seen ones first: symbol, seen, rows, loss, and against ``baseline`` and ``alone`` each
        loss, difference, interval, outcome and blocks.
    groups : mapping of str to mapping
        ``seen`` and ``unseen``, where there are such symbols: the same with every symbol weighing the same.
    """

    metric: str
    rows: tuple[Mapping[str, Any], ...]
    groups: Mapping[str, Mapping[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``metrics.json``."""
        return {"metric": self.metric, "symbols": [dict(row) for row in self.rows], "groups": dict(self.groups)}


def symbol_table(
    losses: Sequence[SymbolLosses], metric: str, block_ns: int, rng: np.random.Generator, ceiling: float = 1.0
) -> SymbolTable:
    """Compare a pooled model symbol by symbol, with intervals from blocks of time that are the same for all.

    Parameters
    ----------
    losses : sequence of SymbolLosses
        At least one.
    metric : str
    block_ns : int
        See `block_length`.
    rng : numpy.random.Generator
    ceiling : float
        Share of a baseline's loss by which a lower one is believable, see `Ceiling.of`; above it, look for a leak.
    """
    blocks = TimeBlocks.draw([one.times for one in losses], block_ns, rng)
    ordered = sorted(losses, key=lambda one: (not one.seen, one.symbol))
    against = [_against(blocks, one) for one in ordered]
    rows = tuple(_row(blocks, one, found, ceiling) for one, found in zip(ordered, against, strict=True))
    groups = {}
    for name, seen in (("seen", True), ("unseen", False)):
        members = [(one, found) for one, found in zip(ordered, against, strict=True) if one.seen is seen]
        if members:
            groups[name] = _group(blocks, members, ceiling)
    return SymbolTable(metric, rows, groups)


def _against(blocks: TimeBlocks, one: SymbolLosses) -> dict[str, Resampled]:
    rivals = {"baseline": one.baseline_losses, "alone": one.alone}
    return {
        name: blocks.resample(one.times, paired_differences(one.model, theirs))
        for name, theirs in rivals.items()
        if not isinstance(theirs, str)
    }


def _row(blocks: TimeBlocks, one: SymbolLosses, against: Mapping[str, Resampled], ceiling: float) -> dict[str, Any]:
    own, theirs = float(one.model.mean()), float(one.baseline_losses.mean())
    difference = blocks.difference(against["baseline"])
    baseline = {"name": one.baseline, "loss": theirs} | said_of(difference, _believed(difference, theirs, ceiling))
    row = {
        "symbol": one.symbol,
        "seen": one.seen,
        "rows": len(one.times),
        "loss": own,
        "baseline": baseline,
    }
    if isinstance(one.alone, str):
        return row | {"alone": {"missing": one.alone}}
    return row | {"alone": {"loss": float(one.alone.mean())} | said_of(blocks.difference(against["alone"]))}


def _group(
    blocks: TimeBlocks, members: Sequence[tuple[SymbolLosses, Mapping[str, Resampled]]], ceiling: float
) -> dict[str, Any]:
    found: dict[str, Any] = {"symbols": len(members)}
    theirs = float(np.mean([one.baseline_losses.mean() for one, _ in members]))
    for name in ("baseline", "alone"):
        compared = [member[name] for _, member in members if name in member]
        if compared:
            better = sum(one.mean < 0 for one in compared)
            counts = {"compared": len(compared), "lower_loss": better}
            difference = blocks.difference(group_of(compared))
            said = _believed(difference, theirs, ceiling) if name == "baseline" else None
            found[name] = counts | said_of(difference, said)
    return found


def _believed(difference: Difference, baseline_loss: float, ceiling: float) -> Outcome:
    found = sure_share(difference, baseline_loss, ceiling)
    return "look_for_a_leak" if found is not None and found[1] > found[2] else outcome(difference)


def said_of(difference: Difference, said: Outcome | None = None) -> dict[str, Any]:
    """Return a difference of losses as plain values, with what its interval says, or something else."""
    return {
        "difference": difference.mean,
        "interval": None if difference.interval is None else list(difference.interval),
        "outcome": said or outcome(difference),
        "blocks": difference.blocks,
        "block_days": difference.block_ns / NS_PER_DAY,
    }
