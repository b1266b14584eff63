"""The model that all growers of trees give."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.trees.stored import WEIGHTS, to_bytes
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.tree_outputs import TreeOutputs
from ktrdr.domain.training.tree_shap import tree_shap
from ktrdr.domain.training.trees import Trees


class TreesModel(FittedModel):
    """Trees that were grown, whoever has grown them.

    Parameters
    ----------
    trees : Trees
        An output is what `predict` gives: a logit a class, or one value.
    feature_ids : tuple of str
    history : TrainingHistory
    is_classification : bool
    versions : mapping of str to str, optional
        For `provenance`.
    """

    def __init__(
        self,
        trees: Trees,
        feature_ids: tuple[str, ...],
        history: TrainingHistory,
        *,
        is_classification: bool,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self.feature_ids = feature_ids
        self.history = history
        self.trees = trees
        self._is_classification = is_classification
        self._versions = dict(versions or {})
        self._outputs = TreeOutputs(trees)

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return logits, shape (n_samples, n_classes), or standardised values, shape (n_samples,)."""
        outputs = self.outputs(inputs if ends is None else chosen(inputs, ends))
        return outputs if self._is_classification else outputs[:, 0]

    def contributions(
        self, inputs: Float32s, ends: Int64s | None = None, baseline: Float32s | None = None
    ) -> Contributions | None:
        """Return what each input adds, exactly; the trees know what is usual, so no baseline is used."""
        del baseline
        return tree_shap(self.trees, inputs if ends is None else chosen(inputs, ends))

    def outputs(self, inputs: Float32s) -> Floats:
        """Return the raw outputs of every row, shape (n_rows, n_outputs)."""
        return self._outputs(inputs)

    def state(self) -> Mapping[str, bytes]:
        """Return the trees as ``model.safetensors``."""
        return {WEIGHTS: to_bytes(self.trees)}

    def provenance(self) -> Mapping[str, str]:
        """Return the versions of who has grown the trees; nothing for a model that was restored."""
        return self._versions


def chosen(inputs: Float32s, ends: Int64s) -> Float32s:
    """Return some rows.

    Raises
    ------
    InvalidInput
        If there are none of these numbers.
    """
    if len(ends) and not 0 <= ends.min() <= ends.max() < len(inputs):
        raise InvalidInput(f"model: ends must be rows 0 to {len(inputs) - 1}, found {ends.min()} to {ends.max()}")
    return inputs[ends]
