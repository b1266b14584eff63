"""What a model saw and promises, as ``reference.json``: what monitoring compares with, once the model serves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.sketch import MOST_ROWS, Sketch
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.losses import ROW_LOSSES
from ktrdr.domain.evaluation.significance import block_length, mean_difference
from ktrdr.domain.market.timeframe import NS_PER_DAY

REFERENCE = "reference.json"
SCHEMA = 1
SKETCHED = ("train", "validation")
FORECAST = ("validation", "train")
"""The parts in the order in which they give edges to what a model says: what it has not learnt from comes first."""
PROMISED = ("validation", "test")
LOSSES = frozenset(loss.name for loss in ROW_LOSSES.values())


@dataclass(frozen=True, slots=True, eq=False)
class RowLosses:
    """Losses of a part's rows, as the verdict takes them.

    Attributes
    ----------
    values : ndarray of float64, shape (n,)
    known_at, label_end : ndarray of int64, shape (n,)
        When the rows were known, and when their outcomes had ended (UTC nanoseconds), in any order.
    """

    values: Floats
    known_at: Int64s
    label_end: Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What went in and came out in a part.

    Attributes
    ----------
    rows : int
        How many rows there are. Of more than `MOST_ROWS` the arrays below may hold as many evenly spaced ones alone.
    inputs : ndarray of float32, shape (n, n_columns)
        Rows of the matrix, not scaled.
    outputs : ndarray of float64
        Probabilities, shape (n, n_classes), or predictions, shape (n,).
    losses : RowLosses
        Those of validation must be of all rows.
    """

    rows: int
    inputs: Float32s
    outputs: Floats
    losses: RowLosses


@dataclass(frozen=True, slots=True)
class Promise:
    """The loss that a model promises by the rows of a part.

    Attributes
    ----------
    rows : int
    loss : float
        Mean loss of a row.
    error : float or None
        Its standard error from blocks of time; None where there are too few, or nothing varies.
    blocks : int
    block_days : float
    """

    rows: int
    loss: float
    error: float | None
    blocks: int
    block_days: float


@dataclass(frozen=True, slots=True)
class Reference:
    """Sketches of what went in and came out, and the promised loss.

    Attributes
    ----------
    rows : mapping of str to int
        Rows of ``train`` and ``validation``.
    inputs : mapping of str to Sketch
        Column of the feature matrix, not scaled -> both parts; the edges are those of train.
    outputs : mapping of str to Sketch
        Class, or ``prediction`` -> its probability or number in both parts; the edges are those of validation.
    losses : Sketch
        Of the rows of both parts; the edges are those of validation.
    loss : str
        Name of the loss: the one that decides the verdict.
    promise : mapping of str to Promise
        ``validation`` and ``test``.
    """

    rows: Mapping[str, int]
    inputs: Mapping[str, Sketch]
    outputs: Mapping[str, Sketch]
    losses: Sketch
    loss: str
    promise: Mapping[str, Promise]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "schema": SCHEMA,
            "rows": dict(self.rows),
            "inputs": {name: sketch.as_dict() for name, sketch in self.inputs.items()},
            "outputs": {name: sketch.as_dict() for name, sketch in self.outputs.items()},
            "losses": self.losses.as_dict(),
            "loss": self.loss,
            "promise": {part: asdict(promise) for part, promise in self.promise.items()},
        }

    def as_bytes(self) -> bytes:
        """Return the content of ``reference.json``, without white space: about 600 bytes a column."""
        return json.dumps(self.as_dict(), separators=(",", ":"), allow_nan=False).encode() + b"\n"


def reference_of(
    parts: Mapping[str, Seen],
    test: RowLosses,
    ids: Sequence[str],
    names: Sequence[str],
    loss: str,
    rng: np.random.Generator,
) -> Reference:
    """Return what to keep of a fit.

    Parameters
    ----------
    parts : mapping of str to Seen
        ``train`` and ``validation``.
    test : RowLosses
        Of these rows nothing else is kept than the mean and its error.
    ids : sequence of str, length n_columns
        Columns of the matrix, in order.
    names : sequence of str
        The classes; for regression ``("prediction",)``.
    loss : str
        A name of `RowLoss`, such as ``log_loss``.
    rng : numpy.random.Generator
        Draws the resamples of the errors, validation first.

    Raises
    ------
    InvalidInput
        If parts are missing or others than those, or shapes do not fit.
    """
    if parts.keys() != set(SKETCHED):
        raise InvalidInput(f"reference: parts must be {' and '.join(SKETCHED)}, found {', '.join(parts) or 'none'}")
    if loss not in LOSSES:
        raise InvalidInput(f"reference: loss {loss!r} is not one of {', '.join(sorted(LOSSES))}")
    for part, seen in parts.items():
        _check(part, seen, len(ids), len(names))
    promised = {"validation": parts["validation"].losses, "test": test}
    for part, losses in promised.items():
        if not len(losses.values):
            raise InvalidInput(f"reference: {part} has no losses to promise")
    outputs = {part: parts[part].outputs.reshape(-1, len(names)) for part in FORECAST}
    return Reference(
        {part: parts[part].rows for part in SKETCHED},
        _sketches({part: parts[part].inputs for part in SKETCHED}, ids),
        _sketches(outputs, names),
        Sketch.of({part: parts[part].losses.values for part in FORECAST}),
        loss,
        {part: _promise(losses, rng) for part, losses in promised.items()},
    )


def _check(part: str, seen: Seen, n_columns: int, n_names: int) -> None:
    given: dict[str, tuple[NDArray[Any], int]] = {
        "inputs": (seen.inputs, n_columns),
        "outputs": (seen.outputs, n_names),
        "losses": (seen.losses.values, 1),
    }
    for what, (values, width) in given.items():
        found = values.shape if values.ndim > 1 else (*values.shape, 1)
        whole = what == "losses" and part == "validation"
        rows = seen.rows if whole or len(values) == seen.rows else min(seen.rows, MOST_ROWS)
        if found != (rows, width):
            raise InvalidInput(f"reference: {what} of {part} must have the shape {(rows, width)}, found {found}")


def _sketches(parts: Mapping[str, Float32s | Floats], names: Sequence[str]) -> dict[str, Sketch]:
    return {
        name: Sketch.of({part: values[:, place] for part, values in parts.items()}) for place, name in enumerate(names)
    }


def _promise(losses: RowLosses, rng: np.random.Generator) -> Promise:
    block_ns = block_length(losses.known_at, losses.label_end)
    found = mean_difference(losses.values, losses.known_at, block_ns, rng)
    return Promise(len(losses.values), found.mean, found.error, found.blocks, found.block_ns / NS_PER_DAY)
