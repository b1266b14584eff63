"""Ensembles behind the ModelTrainer port."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ktrdr.adapters.models.ensemble.combinations import blended, voting
from ktrdr.adapters.models.ensemble.model import EnsembleModel, MemberModel, PriorModel
from ktrdr.adapters.models.ensemble.restoring import restored
from ktrdr.adapters.models.ensemble.stacking import folds_of, stacked
from ktrdr.adapters.models.ensemble.tasks import MemberTasks, taken
from ktrdr.adapters.models.ensemble.watching import OneByOne
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import InvalidInput, TrainingFailed, TrainingInterrupted
from ktrdr.domain.training.ensemble.combining import Combination
from ktrdr.domain.training.ensemble.prior import prior_name, prior_of
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.scaling import Scaler, TargetScaler
from ktrdr.domain.training.settings import Member
from ktrdr.domain.training.watch import UNWATCHED, Watch


class EnsembleTrainer(ModelTrainer):
    """Fits each member by its own trainer, and then how they are combined.

    Parameters
    ----------
    device : str, optional
        Where to fit, for members that can choose.
    """

    def __init__(self, device: str | None = None) -> None:
        self._trainer = TableTrainer(device)

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> EnsembleModel:
        """Return the ensemble; its fits are watched as one, and begin anew after a stop."""
        _check(task)
        return _Fitting(task, self._trainer, OneByOne(watch, task.model)).run()

    def restore(self, artifact: Artifact) -> EnsembleModel:
        """Return the stored ensemble."""
        return restored(artifact, self._trainer)


class _Fitting:
    """One fit of one ensemble."""

    def __init__(self, task: FitTask, trainer: ModelTrainer, watch: OneByOne) -> None:
        self.task, self.trainer, self.watch = task, trainer, watch
        self.tasks = MemberTasks(task)
        self.n_classes = len(task.target.classes)

    def run(self) -> EnsembleModel:
        """Fit the members, and combine them."""
        methods: dict[str, Callable[[], EnsembleModel]] = {
            "voting": self._voting,
            "blending": self._blending,
            "stacking": self._stacking,
        }
        return methods[self.task.model.architecture["method"]]()

    def _voting(self) -> EnsembleModel:
        return self._combined(self._members(), voting(self.task.model, prior=self.task.model.has_prior))

    def _blending(self) -> EnsembleModel:
        members, validation = self._members(), self.task.validation
        return self._combined(members, blended(self._said(members.values(), validation), validation.targets))

    def _stacking(self) -> EnsembleModel:
        """Fit members to walk-forward folds, the regression to what they say there, and the members to all rows."""
        chosen, train = self.task.model, self.task.train
        outputs, rows = [], []
        for fit, forecast in folds_of(train, chosen.architecture["folds"]):
            some = [self.fitted(member, fit) for member in chosen.members]
            outputs.append(self._said(some, taken(train, forecast)))
            rows.append(forecast)
        unseen = taken(train, np.concatenate(rows))
        found = stacked(np.concatenate(outputs, axis=1), unseen.targets, unseen.weights, chosen.architecture["l2"])
        return self._combined(self._members(), found)

    def _members(self) -> dict[str, FittedModel]:
        """Return the fitted members by name, the prior behind them."""
        task = self.task
        members: dict[str, FittedModel] = {member.name: self.fitted(member) for member in task.model.members}
        if self.task.model.has_prior:
            shares = prior_of(task.train, task.target)
            prior = PriorModel(task.feature_ids, shares, is_classification=self.n_classes > 0)
            members[prior_name(task.target)] = prior
        return members

    def fitted(self, member: Member, train: Int64s | None = None) -> MemberModel:
        """Return a member fitted to all train rows, or to some."""
        try:
            own, scale = self.tasks.of(member, train)
            model = self.trainer.fit(own, self.watch)
        except TrainingInterrupted:
            raise
        except (InvalidInput, TrainingFailed) as error:
            part = "" if train is None else f", on the first {len(train):,} train rows, for stacking"
            raise type(error)(f"member {member.name}{part}: {error}") from error
        self.watch.over()
        weights = None if own.class_weights is None else np.log(own.class_weights)
        return MemberModel(model, self.task.feature_ids, weights, scale)

    def _combined(self, members: dict[str, FittedModel], combination: Combination) -> EnsembleModel:
        return EnsembleModel(members, combination, self.task.feature_ids, self.task.model, self.n_classes)

    def _said(self, members: Iterable[FittedModel], rows: Rows) -> Floats:
        """Return what members say of some samples, shape (n_members, n_samples, n_outputs)."""
        task = self.task
        left = Scaler(np.zeros(len(task.feature_ids)), np.ones(len(task.feature_ids)))
        inference = Inference(task.scaler or left, None if self.n_classes else TargetScaler(0.0, 1.0))
        outputs = [inference.outputs(member, rows.inputs, rows.ends) for member in members]
        return np.stack([found.reshape(len(rows.targets), -1) for found in outputs])


def _check(task: FitTask) -> None:
    for member in task.model.members:
        strange = sorted(set(member.inputs) - set(task.feature_ids))
        if strange:
            raise InvalidInput(f"member {member.name}: {', '.join(strange)} are none of the features")
    if not task.feature_ids or not len(task.train.targets) or not len(task.validation.targets):
        raise InvalidInput("fit: needs at least 1 feature, and 1 train and 1 validation row")
    if task.model.architecture["vote"] == "hard" and not task.target.is_classification:
        raise InvalidInput("fit: vote: hard needs classes; a regression has vote: soft")
