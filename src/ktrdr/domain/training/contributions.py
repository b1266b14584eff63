"""What each input adds to a model's raw outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """An explanation that adds up: for each sample and output, `base` and all `values` together are the output.

    Attributes
    ----------
    values : ndarray of float64, shape (n_samples, n_features, n_outputs)
        What each input adds; the rows of a window are added up. A regression has one output. A model that tunes fuzzy
        sets explains the features that it makes of its input columns, in their order.
    base : ndarray of float64, shape (n_samples, n_outputs)
        The output that the contributions start from: what the model says of nothing in particular.
    method : str
        ``tree_shap``, ``linear``, ``integrated_gradients``, ``shapley_sampling``.
    tolerance : float
        How far a sum may lie from the output, since the method is computed so exactly and no further.
    unit : str
        ``raw``: what `FittedModel.predict` gives. ``probability``: its softmax, of a model that adds up probabilities.
    """

    values: Floats
    base: Floats
    method: str
    tolerance: float = 1e-6
    unit: Literal["raw", "probability"] = "raw"

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.base.shape != (self.values.shape[0], self.values.shape[2]):
            raise InvalidInput(
                f"contributions: needs values (n_samples, n_features, n_outputs) and a base (n_samples, n_outputs), "
                f"found shapes {self.values.shape} and {self.base.shape}"
            )

    @property
    def outputs(self) -> Floats:
        """What they add up to, shape (n_samples, n_outputs)."""
        total: Floats = self.base + self.values.sum(axis=1)
        return total
