"""The one number of each sample that is explained: of a class how much likelier it is than the others, or a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.inference import Inference, softmax

Unit = Literal["log-odds", "probability", "target"]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Raw outputs to the number that is explained.

    Attributes
    ----------
    inference : Inference
    unit : str
        ``log-odds``: of the class against the geometric mean of the others, which for two classes are the usual ones.
        What is added to all logits alike changes no probability, nor does it change these. ``probability``: of the
        class. ``target``: a regression's value in the target's unit.
    classes : ndarray of int64, shape (n_samples,), or None
        Which class of each sample; None for a regression.
    """

    inference: Inference
    unit: Unit
    classes: Int64s | None = None

    @classmethod
    def of(cls, inference: Inference, raw: Floats) -> Spoken:
        """Return what is explained by default: of each sample the most probable class."""
        if inference.target_scaler is not None:
            return cls(inference, "target")
        return cls(inference, "log-odds", _corrected(inference, raw).argmax(axis=1))

    def numbers(self, raw: Floats) -> Floats:
        """Return the numbers of raw outputs, shape (n_samples,)."""
        if self.classes is None:
            assert self.inference.target_scaler is not None
            return self.inference.target_scaler.inverse(raw)
        logits = _corrected(self.inference, raw)
        return _chosen(softmax(logits) if self.unit == "probability" else _against_others(logits), self.classes)

    def at(self, sample: int) -> Spoken:
        """Return the same of one sample, for any number of others in its place."""
        if self.classes is None:
            return self
        return Spoken(self.inference, self.unit, self.classes[sample : sample + 1])

    def of_contributions(self, found: Contributions) -> tuple[Floats, Floats] | None:
        """Return contributions to the numbers, shape (n_samples, n_features), and where they start, shape (n_samples,).

        None where they add up to something else: corrected for class weights, probabilities are no sums.
        """
        scaler, weights = self.inference.target_scaler, self.inference.log_class_weights
        if self.classes is None:
            assert scaler is not None
            return found.values[..., 0] * scaler.std, scaler.inverse(found.base[:, 0])
        if found.unit == "probability":
            if weights is not None:
                return None
            return _chosen(found.values, self.classes), _chosen(found.base, self.classes)
        base = _against_others(_corrected(self.inference, found.base))
        return _chosen(_against_others(found.values), self.classes), _chosen(base, self.classes)


def _corrected(inference: Inference, raw: Floats) -> Floats:
    return raw if inference.log_class_weights is None else raw - inference.log_class_weights


def _against_others(logits: Floats) -> Floats:
    """Return each logit less the mean of the others, along the last axis."""
    count = logits.shape[-1]
    against: Floats = (logits - logits.mean(axis=-1, keepdims=True)) * (count / (count - 1))
    return against


def _chosen(values: Floats, classes: Int64s) -> Floats:
    """Return the entry of each sample's class along the last axis."""
    places = np.broadcast_to(classes, (len(values),)).reshape(-1, *[1] * (values.ndim - 1))
    chosen: Floats = np.take_along_axis(values, places, axis=-1)[..., 0]
    return chosen
