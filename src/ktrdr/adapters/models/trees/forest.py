"""Forests, grown by scikit-learn on binned features and run from arrays of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ktrdr.adapters.models.one_go import one_epoch, stopped
from ktrdr.adapters.models.trees.bins import Bins
from ktrdr.adapters.models.trees.model import TreesModel
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.adapters.models.trees.trainer import TreesTrainer, refuse_unsplittable, seed_of
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.errors import TrainingFailed
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.trees import Trees
from ktrdr.domain.training.watch import Watch


class ForestModel(TreesModel):
    """A forest; of classes its trees say shares, whose logarithms are the logits.

    A share of 0 would cost an infinite loss. None is taken as less than 1 / (n + classes), by Laplace's rule of
    succession the share of a class that none of the n train rows has.
    """

    def outputs(self, inputs: Float32s) -> Floats:
        """Return the raw outputs of every row, shape (n_rows, n_outputs)."""
        said = super().outputs(inputs)
        return np.log(np.maximum(said, self._least)) if self._is_classification else said

    def mean_shares(self, inputs: Float32s) -> Floats:
        """Return what the trees say on average, shape (n_rows, n_outputs): scikit-learn's predict_proba, to the bit."""
        return super().outputs(inputs)

    @property
    def _least(self) -> float:
        return float(1 / (self.trees.cover[self.trees.root].max() + len(self.trees.base)))


class ForestTrainer(TreesTrainer):
    """Grows forests in one go: there are no rounds, and nothing to stop early."""

    averaged = True
    model = ForestModel
    growers: ClassVar[tuple[str, str]]

    def grown(
        self, train: Samples, validation: Samples, task: FitTask, watch: Watch
    ) -> tuple[Trees, TrainingHistory, Mapping[str, str]]:
        """Return the trees of a forest."""
        import sklearn

        own, shape = task.settings.own, task.model.architecture
        least = shape["min_rows_in_leaf"]
        refuse_unsplittable("min_rows_in_leaf", least, len(train) * own.get("rows", 1.0), train)
        if np.isinf(train.inputs).any():
            raise TrainingFailed("training broke down: the loss is not a number, since train inputs are infinite")
        bins = Bins.of(train.inputs, shape["bins"])
        try:
            forest = self._forest(task).fit(bins.cut(train.inputs), train.targets, sample_weight=train.weights)
        except KeyboardInterrupt as error:
            raise stopped() from error
        is_classification = task.target.is_classification
        classes = forest.classes_ if is_classification else np.zeros(1, dtype=np.int64)
        trees = read_trees([item.tree_ for item in forest.estimators_], bins, classes, len(task.target.classes) or 1)
        model = self.model(trees, task.feature_ids, _NO_HISTORY, is_classification=is_classification)
        history = one_epoch(model.outputs, train, validation, task, watch)
        return trees, history, {"scikit-learn": sklearn.__version__}

    def _forest(self, task: FitTask) -> Any:
        from sklearn import ensemble

        own, shape = task.settings.own, task.model.architecture
        drawn = {"bootstrap": True, "max_samples": own["rows"]} if "rows" in own else {"bootstrap": False}
        kind = getattr(ensemble, self.growers[0 if task.target.is_classification else 1])
        return kind(
            n_estimators=own["trees"],
            max_features=own["columns"],
            max_depth=shape["max_depth"] or None,
            min_samples_leaf=shape["min_rows_in_leaf"],
            random_state=seed_of(task.settings.seed),
            n_jobs=self._n_threads,
            **drawn,
        )


class RandomForestTrainer(ForestTrainer):
    """Grows random forests."""

    growers = ("RandomForestClassifier", "RandomForestRegressor")


class ExtraTreesTrainer(ForestTrainer):
    """Grows extremely randomised trees."""

    growers = ("ExtraTreesClassifier", "ExtraTreesRegressor")


def read_trees(grown: Sequence[Any], bins: Bins, classes: Int64s, n_outputs: int) -> Trees:
    """Return the trees of a forest that was just grown on bins, over the features' own values.

    Parameters
    ----------
    grown : sequence of sklearn.tree._tree.Tree
    bins : Bins
        What the forest was grown on.
    classes : ndarray of int64
        The output that each of a leaf's numbers is about.
    n_outputs : int
    """
    counts = np.array([tree.node_count for tree in grown])
    root = np.cumsum(counts) - counts
    offset = np.repeat(root, counts)

    def of(name: str) -> Any:
        return np.concatenate([getattr(tree, name) for tree in grown])

    is_leaf = of("children_left") < 0
    feature = np.where(is_leaf, -1, of("feature"))
    threshold = np.zeros(len(feature))
    threshold[~is_leaf] = bins.thresholds(feature[~is_leaf], of("threshold")[~is_leaf])
    value = np.zeros((len(feature), n_outputs))
    value[:, classes] = np.where(is_leaf[:, None], of("value")[:, 0, :], 0.0)
    return Trees(
        feature=feature.astype(np.int32),
        threshold=threshold,
        left=np.where(is_leaf, -1, of("children_left") + offset).astype(np.int32),
        right=np.where(is_leaf, -1, of("children_right") + offset).astype(np.int32),
        missing_left=~is_leaf & of("missing_go_to_left").astype(np.bool_),
        category=np.full(len(feature), -1, dtype=np.int32),
        categories=np.zeros((0, 0), dtype=np.bool_),
        value=value,
        cover=of("weighted_n_node_samples"),
        root=root.astype(np.int32),
        output=np.zeros(len(grown), dtype=np.int32),
        base=np.zeros(n_outputs),
        n_features=len(bins.edges),
        averaged=True,
    )


_NO_HISTORY = TrainingHistory((), 0, "no_epochs")
