"""The train rows of a task, symbol by symbol, as returns and what followed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.model import FitTask, Rows


@dataclass(frozen=True, slots=True, eq=False)
class SymbolSample:
    """The train rows of one symbol.

    Attributes
    ----------
    name : str
        For people.
    code : int
        See `symbol_code`.
    returns : ndarray of float64, shape (n_rows,)
        From the first row that a sample looks back on to the last sample's own, without a hole.
    ends : ndarray of int64, shape (n_samples,)
        Rows of `returns` that the samples are about.
    targets, weights : ndarray of float64, shape (n_samples,)
        Volatilities that followed, and what each counts.
    """

    name: str
    code: int
    returns: Floats
    ends: Int64s
    targets: Floats
    weights: Floats


def symbol_samples(task: FitTask) -> tuple[SymbolSample, ...]:
    """Return the train rows of each symbol.

    Raises
    ------
    InvalidInput
        If there are none, no horizon is said, or two symbols have one code.
    """
    if not len(task.train.targets):
        raise InvalidInput("fit: there are no train rows")
    if task.horizon is None:
        raise InvalidInput(
            f"fit: {task.model.type} forecasts the volatility of the next bars; the task says not of how many"
        )
    samples = tuple(_samples(task, task.train))
    if len({sample.code for sample in samples}) < len(samples):
        names = ", ".join(sample.name for sample in samples)
        raise InvalidInput(f"fit: two symbols of {names} have one code; leave one of them out, or rename it")
    return samples


def _samples(task: FitTask, rows: Rows) -> Iterator[SymbolSample]:
    n = len(rows.targets)
    ends = np.arange(n, dtype=np.int64) if rows.ends is None else rows.ends
    numbers = np.zeros(n, dtype=np.int32) if rows.symbols is None else rows.symbols
    weights = np.ones(n) if rows.weights is None else rows.weights.astype(np.float64)
    for number in np.unique(numbers):
        own = numbers == number
        first, last = int(ends[own].min()) - task.model.window + 1, int(ends[own].max())
        if first < 0 or last >= len(rows.inputs):
            raise InvalidInput(f"fit: the model reads {task.model.window} rows per sample, and the first has fewer")
        returns, codes = rows.inputs[first : last + 1, -2:].astype(np.float64).T
        name = task.symbols[number] if task.symbols else f"symbol {number}"
        yield SymbolSample(
            name, int(abs(codes[-1])), returns, ends[own] - first, rows.targets[own].astype(np.float64), weights[own]
        )
