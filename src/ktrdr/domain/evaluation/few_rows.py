"""Whether a start that was learned over many tasks helps a symbol that has few rows: against other starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.joint import TimeBlocks, group_of
from ktrdr.domain.evaluation.significance import paired_differences
from ktrdr.domain.evaluation.symbols import said_of

OTHER_STARTS = {"pooled": "the weights of a plainly pooled model", "random": "weights at random"}
"""What the learned start is compared with, in words."""
_SAID = {
    "better": "is better than",
    "worse": "is worse than",
    "not_distinguishable": "is not distinguishable from",
    "too_little_data": "can not be told apart, on so little data, from",
}


@dataclass(frozen=True, slots=True, eq=False)
class StartLosses:
    """Losses on a symbol's test rows after the same fit on its few rows from several starts.

    Attributes
    ----------
    symbol : str
    rows : int
        Rows that were fitted to, and that chose the epoch.
    times : ndarray of int64, shape (n,)
        When the test rows were known, ascending; n >= 1.
    learned : ndarray of float64, shape (n,)
        From the learned start.
    others : mapping of str to ndarray of float64, shape (n,)
        From each of `OTHER_STARTS`.
    """

    symbol: str
    rows: int
    times: Int64s
    learned: Floats
    others: Mapping[str, Floats]


def few_rows_table(
    losses: Sequence[StartLosses], missing: Mapping[str, str], metric: str, block_ns: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Compare starts symbol by symbol, and over all of them, with intervals from blocks of time common to all.

    Parameters
    ----------
    losses : sequence of StartLosses
    missing : mapping of symbol to str
        Symbols that could not be compared, and why.
    metric : str
        The loss, a mean per row; smaller is better.
    block_ns : int
        See `block_length`.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        metric, symbols (symbol, rows, test_rows, loss, and against ``pooled`` and ``random`` each loss, difference,
        interval, outcome, blocks), all (the same with every symbol weighing the same), missing, sentences.
    """
    if not losses:
        return {"metric": metric, "symbols": [], "all": {}, "missing": dict(missing), "sentences": []}
    blocks = TimeBlocks.draw([one.times for one in losses], block_ns, rng)
    found = [
        {name: blocks.resample(one.times, paired_differences(one.learned, one.others[name])) for name in OTHER_STARTS}
        for one in losses
    ]
    symbols = [
        {"symbol": one.symbol, "rows": one.rows, "test_rows": len(one.times), "loss": float(one.learned.mean())}
        | {
            name: {"loss": float(one.others[name].mean())} | said_of(blocks.difference(against[name]))
            for name in OTHER_STARTS
        }
        for one, against in zip(losses, found, strict=True)
    ]
    whole = {
        name: {"lower_loss": sum(against[name].mean < 0 for against in found)}
        | said_of(blocks.difference(group_of([against[name] for against in found])))
        for name in OTHER_STARTS
    }
    sentences = list(sentences_of(whole, metric.replace("_", " "), len(losses)))
    return {"metric": metric, "symbols": symbols, "all": whole, "missing": dict(missing), "sentences": sentences}


def sentences_of(whole: Mapping[str, Mapping[str, Any]], metric: str, count: int) -> Iterator[str]:
    """Yield what the means over symbols say in words: against each other start, and whether it helps."""
    for name, words in OTHER_STARTS.items():
        found = whole[name]
        interval = found["interval"]
        sure = "" if interval is None else f", 95 % interval {interval[0]:+.3g} to {interval[1]:+.3g}"
        who = "1 symbol" if count == 1 else f"{count} symbols"
        yield (
            f"With few rows, beginning with the learned start {_SAID[found['outcome']]} beginning with {words}: "
            f"{metric} {found['difference']:+.3g}{sure}, mean over {who} never seen."
        )
    if whole["pooled"]["outcome"] == "better":
        return
    helped = whole["random"]["outcome"] == "better"
    yield (
        "Learning to learn does not help here beyond what plain pooling gives."
        if helped
        else "Learning to learn does not help here."
    )
