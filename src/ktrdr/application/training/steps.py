"""One network that forecasts several numbers of bars ahead: what it is fitted to, and what each forecast is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.preparing.pool import Prepared
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.pool.combining import Combined

Combine = Callable[[Prepared], Combined]
"""From the rows of one step to its train rows, combined."""
_Chosen = Mapping[int, tuple[Int64s, Float32s | None]]
"""By step its rows, and what each counts."""


def with_steps(task: FitTask, prepared: Prepared, inference: Inference, combine: Combine, step: int) -> FitTask:
    """Return the task of all steps: the rows of any, each with the target of every step whose own rows it is among.

    Parameters
    ----------
    task : FitTask
        Of the primary step alone.
    prepared : Prepared
        With steps.
    inference : Inference
        With those of the same steps.
    combine : callable
    step : int
        The primary one.
    """
    combined = {number: combine(own) for number, own in prepared.steps.items()}
    train = _rows(task.train, prepared, inference, {n: (one.rows, one.weights) for n, one in combined.items()})
    if any(one.groups is not None for one in combined.values()):
        train = replace(train, groups=train.symbols)
    validation: _Chosen = {number: (own.split.validation, None) for number, own in prepared.steps.items()}
    weights = [one.class_weights for one in inference.steps.values()]
    return replace(
        task,
        train=train,
        validation=_rows(task.validation, prepared, inference, validation),
        class_weights=None if task.class_weights is None else np.stack([one for one in weights if one is not None]),
        steps=tuple(prepared.steps),
        step=step,
    )


def _rows(like: Rows, prepared: Prepared, inference: Inference, chosen: _Chosen) -> Rows:
    ends = np.unique(np.concatenate([rows for rows, _ in chosen.values()]))
    targets: NDArray[Any] = np.zeros((len(ends), len(chosen)), dtype=like.targets.dtype)
    weights = np.zeros(targets.shape, dtype=np.float32)
    for place, (step, (rows, counts)) in enumerate(chosen.items()):
        at = np.searchsorted(ends, rows)
        targets[at, place] = inference.steps[step].targets(prepared.steps[step].pool.labels_of(rows))
        weights[at, place] = 1 if counts is None else counts
    pool = prepared.pool
    return Rows(pool.values, targets, ends, weights, None, pool.known_at[ends], None, pool.symbol_of_row[ends])


def all_parted(prepared: Prepared) -> tuple[Parted, ...]:
    """Return the split of the labels' own step, and those of all others."""
    return (prepared.split, *(own.split for own in prepared.steps.values()))
