"""What a trainer is given, and what it gives back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.learnable import Fuzzified, TunedSets
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.scaling import Scaler
from ktrdr.domain.training.settings import ModelSpec, TrainingSettings
from ktrdr.domain.training.work import Work


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Model inputs and targets of one part.

    Attributes
    ----------
    inputs : ndarray of float32, shape (n_rows, n_features)
        Rows that parts, and fits, may share: nobody writes to them. `FitTask.scaler` makes inputs of them.
    targets : ndarray, shape (n_samples,) or (n_samples, n_steps)
        int64 class numbers, or float32 standardised targets; of a task with steps one of each.
    ends : ndarray of int64, shape (n_samples,), or None
        The row of `inputs` that each sample is about: the last one of its window. None: sample i is about row i.
    weights : ndarray of float32, shape of `targets`, or None
        How much each sample counts in the loss, 1 on average; None: all the same. Of a task with steps they are there,
        and 0 where a sample is no row of a step, whatever stands among the targets.
    groups : ndarray of int32, shape (n_samples,), or None
        Ascending. Batches take a sample of each group in turn, so that all groups have equal shares: an epoch takes
        n_samples / n_groups of each, those of a small group repeatedly. None: all samples are shuffled together.
    known_at, label_end : ndarray of int64, shape (n_samples,), or None
        Moments from which each sample, and its target, are known (UTC nanoseconds); for what learns from the order of
        time. None: nobody said.
    symbols : ndarray of int32, shape (n_samples,), or None
        Number of the symbol that each sample belongs to; rows of one symbol stand together. None: all are of one.
    """

    inputs: Float32s
    targets: NDArray[np.int64] | NDArray[np.float32]
    ends: Int64s | None = None
    weights: Float32s | None = None
    groups: NDArray[np.int32] | None = None
    known_at: Int64s | None = None
    label_end: Int64s | None = None
    symbols: NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FitTask:
    """One model to fit: rows, names, model and settings. `settings.seed` decides every random draw.

    Attributes
    ----------
    class_weights : ndarray of float64, shape (n_classes,) or (n_steps, n_classes), or None
        Loss weight of each class, computed on train rows; 1 for a class that has none there.
    fuzzify : tuple of Fuzzified
        How the resolved features are made from the input columns where fuzzy sets are learnable; empty: the input
        columns are the features.
    initial : mapping of file name to bytes, or None
        Blobs of a fitted model, see `FittedModel.state`, to begin with; None: weights begin at random. What has no
        weights to move begins anew.
    work : Work
        Who this fit is; it decides nothing.
    scaler : Scaler or None
        Applied to whatever is read of the rows, so that fits over one matrix need no copy of it; None: they are scaled.
    horizon : int or None
        How many bars ahead the targets look; None where that is open.
    symbols : tuple of str
        Names of the symbols that `Rows.symbols` numbers, for notes; empty: nobody said.
    steps : tuple of int
        The numbers of bars ahead that are forecast at once, ascending, a head each; the loss is the mean over them of
        the mean over the rows of each. Empty: there is one.
    step : int
        Which of them `FittedModel.predict` forecasts; 0 where there is one.
    """

    train: Rows
    validation: Rows
    feature_ids: tuple[str, ...]
    target: Target
    model: ModelSpec
    settings: TrainingSettings
    class_weights: NDArray[np.float64] | None = None
    fuzzify: tuple[Fuzzified, ...] = ()
    initial: Mapping[str, bytes] | None = None
    work: Work = field(default_factory=Work)
    scaler: Scaler | None = None
    horizon: int | None = None
    symbols: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    step: int = 0


class FittedModel(Protocol):
    """A model that can predict, and be stored as plain bytes.

    Attributes
    ----------
    feature_ids : tuple of str
        Its input columns, in order.
    history : TrainingHistory
    window : int
        Rows read per sample: the row itself and those before it.
    tuned : mapping of (fuzzy set, membership) to Membership
        The learnable memberships as they were fitted; empty where none was learned.
    members : mapping of name to FittedModel
        Of a model that is made of several: each of them over the inputs of the whole; empty for others.
    shares : mapping of name to float
        What each member counts, summing to 1; empty where members have no shares.
    notes : tuple of str
        What should be said aloud of how it was fitted; a restored model has none.
    """

    feature_ids: tuple[str, ...]
    history: TrainingHistory
    window: int = 1
    tuned: TunedSets = MappingProxyType({})
    members: Mapping[str, FittedModel] = MappingProxyType({})
    shares: Mapping[str, float] = MappingProxyType({})
    steps: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    @abstractmethod
    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return the raw outputs of scaled inputs.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n_rows, n_features)
            Columns in the order of `feature_ids`.
        ends : ndarray of int64, shape (n_samples,), or None
            Rows to predict; a model that reads windows looks back from each. None: every row that has a full window.

        Returns
        -------
        ndarray of float64
            Classification: logits, shape (n_samples, n_classes). Regression: standardised targets, shape (n_samples,).
            A sample's result depends on its own rows alone, to the last bit.

        Raises
        ------
        InvalidInput
            If the number of columns is not the model's, or a row has too few before it.
        """

    def at_step(self, step: int) -> FittedModel:
        """Return the same model as one that predicts this one of its `steps`.

        Raises
        ------
        InvalidInput
            If it is none of them.
        """
        raise InvalidInput(f"model: forecasts no step {step}; steps: {', '.join(map(str, self.steps)) or 'none'}")

    def contributions(
        self, inputs: Float32s, ends: Int64s | None = None, baseline: Float32s | None = None
    ) -> Contributions | None:
        """Return what each input adds to each output, as exactly as the type can; None where it has no own way.

        Parameters
        ----------
        inputs, ends
            See `predict`.
        baseline : ndarray of float32, shape (n_features,), or None
            Scaled inputs that say nothing in particular, such as the mean of the train rows, for a way that starts
            from one; None: all 0.
        """
        del inputs, ends, baseline
        return None

    @abstractmethod
    def state(self) -> Mapping[str, bytes]:
        """Return the named blobs from which `ModelTrainer.restore` makes an equal model; equal models, equal bytes."""

    @abstractmethod
    def provenance(self) -> Mapping[str, str]:
        """Return what the bytes depend on besides the task: library versions, device, instruction set."""
