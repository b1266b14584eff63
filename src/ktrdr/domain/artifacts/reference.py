"""What a model saw and promises, as ``reference.json``: what monitoring compares with, once the model serves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.sketch import Sketch
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.losses import ROW_LOSSES
from ktrdr.domain.evaluation.significance import block_length, mean_difference
from ktrdr.domain.market.timeframe import NS_PER_DAY

REFERENCE = "reference.json"
SCHEMA = 1
SKETCHED = ("train", "validation")
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
        Class, or ``prediction`` -> its probability or number in the parts that were forecast, validation first.
    losses : Sketch
        Of the validation rows.
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
    inputs: Mapping[str, Float32s],
    ids: Sequence[str],
    outputs: Mapping[str, Floats],
    names: Sequence[str],
    losses: Mapping[str, RowLosses],
    loss: str,
    rng: np.random.Generator,
) -> Reference:
    """Return what to keep of a fit.

    Parameters
    ----------
    inputs : mapping of str to ndarray of float32, shape (n, n_columns)
        ``train`` and ``validation``: rows of the matrix, not scaled.
    ids : sequence of str, length n_columns
        Columns of the matrix, in order.
    outputs : mapping of str to ndarray of float64
        ``validation``, and ``train`` where it was forecast: probabilities, shape (n, n_names), or predictions, (n,).
    names : sequence of str
        The classes; for regression ``("prediction",)``.
    losses : mapping of str to RowLosses
        ``validation`` and ``test``. Of the test rows nothing else is kept than the mean and its error.
    loss : str
        A name of `RowLoss`, such as ``log_loss``.
    rng : numpy.random.Generator
        Draws the resamples of the errors, validation first.

    Raises
    ------
    InvalidInput
        If parts are missing or others than those, or shapes do not fit.
    """
    _check(inputs, ids, outputs, names, losses, loss)
    shaped = {
        part: outputs[part].reshape(len(outputs[part]), -1) for part in ("validation", "train") if part in outputs
    }
    return Reference(
        {part: len(inputs[part]) for part in SKETCHED},
        _sketches({part: inputs[part] for part in SKETCHED}, ids),
        _sketches(shaped, names),
        Sketch.of({"validation": losses["validation"].values}),
        loss,
        {part: _promise(losses[part], rng) for part in PROMISED},
    )


def _check(
    inputs: Mapping[str, Float32s],
    ids: Sequence[str],
    outputs: Mapping[str, Floats],
    names: Sequence[str],
    losses: Mapping[str, RowLosses],
    loss: str,
) -> None:
    for what, given, parts in (("inputs", inputs, SKETCHED), ("losses", losses, PROMISED)):
        if given.keys() != set(parts):
            raise InvalidInput(f"reference: {what} must be of {' and '.join(parts)}, found {list(given)}")
    if "validation" not in outputs or outputs.keys() - set(SKETCHED):
        raise InvalidInput("reference: outputs must be of validation, and of train where it was forecast")
    if loss not in LOSSES:
        raise InvalidInput(f"reference: loss {loss!r} is not one of {', '.join(sorted(LOSSES))}")
    if not all(len(part.values) for part in losses.values()):
        raise InvalidInput("reference: a part that promises a loss has no rows")
    rows = {part: len(values) for part, values in inputs.items()}
    shapes = [(f"inputs of {part}", values.shape, (rows[part], len(ids))) for part, values in inputs.items()]
    for part, values in outputs.items():
        found = values.shape if values.ndim > 1 else (*values.shape, 1)
        shapes.append((f"outputs of {part}", found, (rows[part], len(names))))
    shapes.append(("losses of validation", (len(losses["validation"].values), 1), (rows["validation"], 1)))
    for what, shape, wanted in shapes:
        if shape != wanted:
            raise InvalidInput(f"reference: {what} must have the shape {wanted}, found {shape}")


def _sketches(parts: Mapping[str, Float32s | Floats], names: Sequence[str]) -> dict[str, Sketch]:
    return {
        name: Sketch.of({part: values[:, place] for part, values in parts.items()}) for place, name in enumerate(names)
    }


def _promise(losses: RowLosses, rng: np.random.Generator) -> Promise:
    block_ns = block_length(losses.known_at, losses.label_end)
    found = mean_difference(losses.values, losses.known_at, block_ns, rng)
    return Promise(len(losses.values), found.mean, found.error, found.blocks, found.block_ns / NS_PER_DAY)
