"""LightGBM as a grower of trees (Ke et al. 2017): leaf by leaf, the most promising first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.trees.rounds import Grower, Seen
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.adapters.models.trees.trainer import (
    BoostingTrainer,
    n_drawn,
    of_both,
    of_both_classes,
    refuse_unsplittable,
    seed_of,
)
from ktrdr.domain.arrays import Floats
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.trees import Trees

_OF_SPLITS = ("split_feature", "threshold", "decision_type", "left_child", "right_child", "internal_count")
_OF_LEAVES = ("leaf_value", "leaf_count")


class LightGBMTrainer(BoostingTrainer):
    """Grows trees with LightGBM."""

    def grower(self, train: Samples, seen: Seen, task: FitTask) -> Grower:
        """Return a grower that has no trees yet."""
        least = task.model.architecture["min_rows_in_leaf"]
        refuse_unsplittable("min_rows_in_leaf", least, n_drawn(train, task.settings.own["rows"]), train)
        return LightGBMGrower(train, seen, task, self._n_threads)

    def versions(self) -> Mapping[str, str]:
        """Return LightGBM's version."""
        import lightgbm

        return {"lightgbm": lightgbm.__version__}


class LightGBMGrower(Grower):
    """One booster."""

    def __init__(self, train: Samples, seen: Seen, task: FitTask, n_threads: int) -> None:
        from lightgbm import Booster, Dataset

        self._n_outputs, self._n_features = len(task.target.classes) or 1, len(task.feature_ids)
        parameters = _parameters(task, n_threads)
        data = Dataset(train.inputs, train.targets, weight=train.weights, params=parameters)
        rows = seen.inputs
        looked_at = data.create_valid(rows, np.zeros(len(rows)), params=parameters)
        self._booster = Booster(parameters, data)
        self._booster.add_valid(looked_at, "seen")
        self._scores: Floats = np.zeros(0)
        self._counts = [0]

    def grow(self) -> None:
        """Add the trees of one round; none where nothing can be split any more."""
        self._booster.update()
        self._counts.append(self._booster.num_trees())

    def said(self) -> Floats:
        """Return probabilities or values of the rows that are looked at."""
        self._booster.eval_valid(self._keep)
        return of_both(self._scores) if self._n_outputs == 2 else self._scores.reshape(len(self._scores), -1)

    def _keep(self, scores: Floats, _: Any) -> tuple[str, float, bool]:
        self._scores = scores
        return "seen", 0.0, False

    def trees(self, n_rounds: int) -> Trees:
        """Return the trees of the first rounds."""
        text = self._booster.model_to_string(num_iteration=-1)
        return read_trees(text, self._counts[n_rounds], self._n_features, self._n_outputs)


def _parameters(task: FitTask, n_threads: int) -> dict[str, Any]:
    settings, shape, own = task.settings, task.model.architecture, task.settings.own
    return {
        **_objective(task),
        "num_leaves": shape["leaves"],
        "min_data_in_leaf": shape["min_rows_in_leaf"],
        "max_bin": shape["bins"],
        "learning_rate": settings.learning_rate,
        "feature_fraction": own["columns"],
        "bagging_fraction": own["rows"],
        "bagging_freq": int(own["rows"] < 1),
        "lambda_l2": own["l2"],
        "seed": seed_of(settings.seed),
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": n_threads,
        "metric": "None",
        "verbosity": -1,
    }


def _objective(task: FitTask) -> dict[str, Any]:
    n_classes = len(task.target.classes)
    if n_classes == 2:
        return {"objective": "binary"}
    if n_classes:
        return {"objective": "multiclass", "num_class": n_classes}
    if task.settings.loss == "huber":
        return {"objective": "huber", "alpha": task.settings.huber_delta}
    return {"objective": "regression"}


def read_trees(text: str, n_trees: int, n_features: int, n_outputs: int) -> Trees:
    """Return the first trees of what LightGBM has just written of its own model.

    Notes
    -----
    The nodes of a tree are its splits and then its leaves. A child that is a leaf is written as the complement of its
    number. Where no train row lacked a value, NaN counts as 0.
    """
    written = list(_written(text))[:n_trees]
    n_leaves = np.array([int(tree["num_leaves"]) for tree in written])
    counts = 2 * n_leaves - 1
    root = np.cumsum(counts) - counts
    n_splits = n_leaves - 1
    of_split, of_leaf = np.repeat(np.arange(len(written)), n_splits), np.repeat(np.arange(len(written)), n_leaves)
    split = np.arange(len(of_split)) - (np.cumsum(n_splits) - n_splits)[of_split] + root[of_split]
    leaf = np.arange(len(of_leaf)) - (np.cumsum(n_leaves) - n_leaves)[of_leaf] + (root + n_splits)[of_leaf]
    splits = {name: _numbers(written, name, n_splits) for name in _OF_SPLITS}
    leaves = {name: _numbers(written, name, n_leaves) for name in _OF_LEAVES}
    decision = splits["decision_type"].astype(np.int64)
    is_learned = decision >> 2 & 3 == 2
    limit = np.finfo(np.float64).max
    threshold = np.clip(splits["threshold"], -limit, limit)

    def of_nodes(at_splits: NDArray[Any], at_leaves: Any, kind: type[np.generic]) -> NDArray[Any]:
        made = np.empty(int(counts.sum()), dtype=kind)
        made[split], made[leaf] = at_splits, at_leaves
        return made

    def children(name: str) -> NDArray[np.int32]:
        child = splits[name].astype(np.int64)
        place = np.where(child >= 0, child, n_splits[of_split] + ~child)
        return of_nodes(root[of_split] + place, -1, np.int32)

    value = of_nodes(np.zeros(len(split)), leaves["leaf_value"], np.float64)
    return Trees(
        feature=of_nodes(splits["split_feature"], -1, np.int32),
        threshold=of_nodes(threshold, 0, np.float64),
        left=children("left_child"),
        right=children("right_child"),
        missing_left=of_nodes(np.where(is_learned, decision & 2 > 0, threshold >= 0), False, np.bool_),
        category=np.full(len(value), -1, dtype=np.int32),
        categories=np.zeros((0, 0), dtype=np.bool_),
        value=of_both_classes(value) if n_outputs == 2 else value[:, None],
        cover=of_nodes(splits["internal_count"], leaves["leaf_count"], np.float64),
        root=root.astype(np.int32),
        output=np.arange(len(written), dtype=np.int32) % (1 if n_outputs == 2 else n_outputs),
        base=np.zeros(n_outputs),
        n_features=n_features,
    )


def _written(text: str) -> Iterator[dict[str, str]]:
    for part in text.split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in part.partition("\n\n")[0].splitlines()[1:])


def _numbers(written: list[dict[str, str]], name: str, counts: NDArray[np.int64]) -> Floats:
    """Return the numbers of all trees that have any, one after the other."""
    lines = [tree[name] for tree, count in zip(written, counts, strict=True) if count]
    return np.fromstring(" ".join(lines), sep=" ")
