"""What stands between a model's raw outputs and what people read; the same for training, prediction and importance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.scaling import Scaler, TargetScaler

_PIECE = 4096
"""Samples whose rows are copied and scaled at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Inference:
    """Everything fitted on train rows besides the model itself.

    Attributes
    ----------
    scaler : Scaler
        Applied to the features before the model.
    target_scaler : TargetScaler or None
        Inverted on a regression model's outputs; None for classification.
    log_class_weights : ndarray of float64, shape (n_classes,), or None
        Subtracted from the logits, so that probabilities stay calibrated although the loss was weighted.
    model_name : str
        Of the stored model, for errors; empty in training.
    steps : mapping of int to Inference
        The same for each number of bars ahead, where several are forecast; the model's own among them.
    """

    scaler: Scaler
    target_scaler: TargetScaler | None = None
    log_class_weights: NDArray[np.float64] | None = None
    model_name: str = ""
    steps: Mapping[int, Inference] = field(default_factory=dict)

    def outputs(self, model: FittedModel, values: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return probabilities, shape (n_samples, n_classes), or predictions in the target's unit, shape (n_samples,).

        `values` and `ends` are those of `FittedModel.predict`, not yet scaled; of a large matrix only what is read is
        copied, piece by piece.

        Raises
        ------
        InvalidInput
            If a value is not finite, and the model is a stored one.
        CorruptArtifact
            If all are, and an output of a stored model is not: no training publishes such weights or such a scaling.
        """
        with np.errstate(all="ignore"):
            raw = np.concatenate([_raw(model, *piece) for piece in self._scaled(model, values, ends)])
            outputs = self._read(raw)
        finite = np.isfinite(raw) & np.isfinite(outputs)
        if self.model_name and not finite.all():
            if not np.isfinite(values).all():
                raise InvalidInput(f"model {self.model_name}: its inputs must be finite numbers")
            rows = np.flatnonzero(~finite.reshape(len(outputs), -1).all(axis=1))
            raise CorruptArtifact(
                f"model {self.model_name}: its outputs are no finite numbers on {len(rows)} of {len(outputs)} rows; "
                "its weights or its scaling are none that a training publishes"
            )
        return outputs

    def _scaled(
        self, model: FittedModel, values: Float32s, ends: Int64s | None
    ) -> Iterator[tuple[Float32s, Int64s | None]]:
        """Yield what a model reads, scaled, and where its samples end there."""
        if ends is None or not len(ends) or not len(self.scaler.moved):
            yield self.scaler.transform(values), ends
            return
        for some in np.split(ends, range(_PIECE, len(ends), _PIECE)):
            rows, at = _read_rows(values, some, model.window)
            yield self.scaler.transform(rows), at

    def outputs_of_scaled(
        self, model: FittedModel, inputs: Float32s, ends: Int64s | None = None
    ) -> NDArray[np.float64]:
        """Return the same from inputs that were scaled already, finite or not."""
        return self._read(_raw(model, inputs, ends))

    def _read(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.target_scaler is not None:
            return self.target_scaler.inverse(raw)
        return softmax(raw if self.log_class_weights is None else raw - self.log_class_weights)

    @property
    def class_weights(self) -> NDArray[np.float64] | None:
        """What the rows of each class count in the loss; None where all count the same."""
        return None if self.log_class_weights is None else np.exp(self.log_class_weights)

    def targets(self, labels: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.int64] | NDArray[np.float32]:
        """Return labels as a model is fitted to them: class numbers, or standardised values."""
        if self.target_scaler is None:
            return labels.astype(np.int64, copy=False)
        return self.target_scaler.transform(labels.astype(np.float64)).astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        steps = {str(step): one._of_targets() for step, one in self.steps.items()}
        return {"scaler": self.scaler.as_dict(), **self._of_targets(), **({"steps": steps} if steps else {})}

    def _of_targets(self) -> dict[str, Any]:
        weights = self.log_class_weights
        return {
            "target_scaler": None if self.target_scaler is None else self.target_scaler.as_dict(),
            "log_class_weights": None if weights is None else weights.tolist(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Inference:
        """Read what `as_dict` wrote.

        Raises
        ------
        CorruptArtifact
            If it is anything else.
        """
        try:
            scaler, steps = Scaler.from_dict(values["scaler"]), dict(values.get("steps", {}))
            found = {int(step): cls(scaler, *_of_targets(one)) for step, one in steps.items()}
            return cls(scaler, *_of_targets(values), steps=found)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CorruptArtifact(f"metadata.json: inference is not what a training writes ({error})") from error


def _of_targets(values: Mapping[str, Any]) -> tuple[TargetScaler | None, NDArray[np.float64] | None]:
    weights, target = values["log_class_weights"], values["target_scaler"]
    log_weights = None if weights is None else np.asarray(weights, dtype=np.float64)
    return None if target is None else TargetScaler.from_dict(target), log_weights


def _read_rows(values: Float32s, ends: Int64s, window: int) -> tuple[Float32s, Int64s]:
    """Return the rows that the windows ending at some rows read, and where they end there."""
    first, last = int(ends.min()) - window + 1, int(ends.max())
    if last - first < 2 * len(ends) + window:
        return values[first : last + 1], ends - first
    rows = values[(ends[:, None] + np.arange(1 - window, 1)).reshape(-1)]
    return rows, np.arange(1, len(ends) + 1, dtype=np.int64) * window - 1


def _raw(model: FittedModel, inputs: Float32s, ends: Int64s | None) -> NDArray[np.float64]:
    return model.predict(inputs) if ends is None else model.predict(inputs, ends)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities along the last axis; rows sum to 1, of any finite logits."""
    with np.errstate(over="ignore"):  # a difference below the smallest number is a probability of 0
        shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
