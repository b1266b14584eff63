"""A fitted ensemble: its members over the inputs of the whole, and how their forecasts become one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.arrays import WEIGHTS, to_bytes
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import HISTORY
from ktrdr.domain.artifacts.plain_json import pretty_json
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.ensemble.combining import Combination, log_of
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.scaling import TargetScaler
from ktrdr.domain.training.settings import ModelSpec

NO_EPOCHS = TrainingHistory((), 0, "no_epochs")
PRIOR, LOG_WEIGHTS, TARGET_SCALES = "prior", "log_class_weights", "target_scales"


class PriorModel(FittedModel):
    """Says the same of every row: the class shares, or the mean, of the train rows."""

    history = NO_EPOCHS

    def __init__(self, feature_ids: tuple[str, ...], values: Floats, *, is_classification: bool) -> None:
        self.feature_ids = feature_ids
        self.values = values
        self._raw: Floats = log_of(values) if is_classification else values[0]

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return the log-shares, or the mean."""
        n_samples = len(inputs) if ends is None else len(ends)
        return np.broadcast_to(self._raw, (n_samples, *np.shape(self._raw))).copy()

    def state(self) -> Mapping[str, bytes]:
        """Return nothing: the ensemble has the numbers."""
        return {}

    def provenance(self) -> Mapping[str, str]:
        """Return nothing: the numbers depend on the task alone."""
        return {}


class MemberModel(FittedModel):
    """A member over the inputs of the whole: it reads its own columns, and its probabilities are calibrated.

    Parameters
    ----------
    inner : FittedModel
        As its own trainer gives it.
    feature_ids : tuple of str
        Of the whole.
    log_class_weights : ndarray of float64, shape (n_classes,), or None
        Subtracted from its logits, see `Inference`.
    scale : TargetScaler or None
        What its values are brought back by, where its targets are standardised and those of the whole are not.
    """

    def __init__(
        self,
        inner: FittedModel,
        feature_ids: tuple[str, ...],
        log_class_weights: Floats | None,
        scale: TargetScaler | None = None,
    ) -> None:
        self.inner, self.feature_ids = inner, feature_ids
        self.log_class_weights, self.scale = log_class_weights, scale
        self.history, self.window, self.notes = inner.history, inner.window, inner.notes
        place = {name: number for number, name in enumerate(feature_ids)}
        self._columns = [place[name] for name in inner.feature_ids]

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return logits, or standardised values."""
        whole = self._columns == list(range(inputs.shape[1]))
        raw = self.inner.predict(inputs if whole else inputs.take(self._columns, axis=1), ends)
        raw = raw if self.scale is None else self.scale.inverse(raw)
        return raw if self.log_class_weights is None else raw - self.log_class_weights

    def state(self) -> Mapping[str, bytes]:
        """Return its blobs, its history among them."""
        return {**self.inner.state(), HISTORY: pretty_json(self.history.as_dict())}

    def provenance(self) -> Mapping[str, str]:
        """Return what its bytes depend on."""
        return self.inner.provenance()


class EnsembleModel(FittedModel):
    """Several fitted models as one.

    Parameters
    ----------
    members : mapping of name to FittedModel
        In the order of their forecasts; the prior, if there is one, is the last.
    combination : Combination
    feature_ids : tuple of str
    spec : ModelSpec
    n_classes : int
        0 for a regression.
    """

    history = NO_EPOCHS

    def __init__(
        self,
        members: Mapping[str, FittedModel],
        combination: Combination,
        feature_ids: tuple[str, ...],
        spec: ModelSpec,
        n_classes: int,
    ) -> None:
        self.feature_ids, self.window = feature_ids, spec.window
        self.members = MappingProxyType(dict(members))
        self.combination = combination
        self.notes = tuple(f"member {name}: {note}" for name, member in members.items() for note in member.notes)
        self._n_classes = n_classes
        if combination.shares is not None:
            self.shares = MappingProxyType(dict(zip(members, combination.shares.tolist(), strict=True)))

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return the logarithms of the combined probabilities, shape (n_samples, n_classes), or combined values."""
        combined = self.combination(self.outputs(inputs, ends))
        return log_of(combined) if self._n_classes else combined[:, 0]

    def outputs(self, inputs: Float32s, ends: Int64s | None = None) -> Floats:
        """Return what each member says, shape (n_members, n_samples, n_outputs): probabilities, or values."""
        if inputs.ndim != 2 or inputs.shape[1] != len(self.feature_ids):
            raise InvalidInput(f"model: takes {len(self.feature_ids)} features per row, found shape {inputs.shape}")
        first, last = self.window - 1, len(inputs) - 1
        at = np.arange(first, last + 1, dtype=np.int64) if ends is None else ends
        if len(at) and not first <= at.min() <= at.max() <= last:
            raise InvalidInput(f"model: ends must be rows {first} to {last}, found {at.min()} to {at.max()}")
        whole = ends is None and all(member.window == 1 for member in self.members.values())
        said = [np.ascontiguousarray(item.predict(inputs, None if whole else at)) for item in self.members.values()]
        return np.stack([softmax(raw) if self._n_classes else raw[:, None] for raw in said])

    def state(self) -> Mapping[str, bytes]:
        """Return the blobs of the members under their names, and how they are combined as ``model.safetensors``."""
        arrays = dict(self.combination.arrays())
        blobs: dict[str, bytes] = {}
        weights, scales = [], []
        for name, member in self.members.items():
            blobs |= {f"{name}.{blob}": content for blob, content in member.state().items()}
            if isinstance(member, PriorModel):
                arrays[PRIOR] = member.values
            elif isinstance(member, MemberModel):
                own, scale = member.log_class_weights, member.scale
                weights.append(np.zeros(self._n_classes) if own is None else own)
                scales.append((0.0, 1.0) if scale is None else (scale.mean, scale.std))
        name, values = (LOG_WEIGHTS, weights) if self._n_classes else (TARGET_SCALES, scales)
        arrays[name] = np.array(values, dtype=np.float64)
        return {WEIGHTS: to_bytes(arrays), **blobs}

    def provenance(self) -> Mapping[str, str]:
        """Return what the bytes of any member depend on."""
        return {name: text for member in self.members.values() for name, text in member.provenance().items()}
