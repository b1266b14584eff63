"""XGBoost as a grower of trees (Chen and Guestrin 2016): level by level, by histograms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

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
from ktrdr.domain.training.trees import Precision, Trees

_OF_NODES = ("left_children", "right_children", "split_indices", "split_conditions", "default_left", "sum_hessian")


class XGBoostTrainer(BoostingTrainer):
    """Grows trees with XGBoost."""

    precision: ClassVar[Precision] = "float32"

    def grower(self, train: Samples, seen: Seen, task: FitTask) -> Grower:
        """Return a grower that has no trees yet."""
        n_classes = len(task.target.classes)
        of_row = 1.0 if not n_classes else 0.25 if n_classes == 2 else 0.5
        most = of_row * n_drawn(train, task.settings.own["rows"])
        refuse_unsplittable("min_child_weight", task.model.architecture["min_child_weight"], most, train)
        return XGBoostGrower(train, seen, task, self._n_threads)

    def versions(self) -> Mapping[str, str]:
        """Return XGBoost's version."""
        import xgboost

        return {"xgboost": xgboost.__version__}


class XGBoostGrower(Grower):
    """One booster."""

    def __init__(self, train: Samples, seen: Seen, task: FitTask, n_threads: int) -> None:
        from xgboost import Booster, DMatrix, QuantileDMatrix

        self._n_outputs, self._n_features = len(task.target.classes) or 1, len(task.feature_ids)
        bins = task.model.architecture["bins"]
        self._data = QuantileDMatrix(train.inputs, train.targets, weight=train.weights, max_bin=bins, nthread=n_threads)
        self._seen = DMatrix(seen.inputs, nthread=n_threads)
        self._booster = Booster(_parameters(task, n_threads), [self._data, self._seen])
        self._round = 0

    def grow(self) -> None:
        """Add the trees of one round."""
        self._booster.update(self._data, self._round)
        self._round += 1

    def said(self) -> Floats:
        """Return probabilities or values of the rows that are looked at."""
        said = self._booster.predict(self._seen, validate_features=False).astype(np.float64)
        if self._n_outputs != 2:
            return said.reshape(len(said), -1)
        with np.errstate(over="ignore"):
            return of_both(1 / (1 + np.exp(-said)))

    def trees(self, n_rounds: int) -> Trees:
        """Return the trees of the first rounds."""
        written = json.loads(self._booster.save_raw("json"))["learner"]
        return read_trees(written, n_rounds, self._n_features, self._n_outputs)


def _parameters(task: FitTask, n_threads: int) -> dict[str, Any]:
    settings, shape, own = task.settings, task.model.architecture, task.settings.own
    return {
        **_objective(len(task.target.classes)),
        "tree_method": "hist",
        "max_depth": shape["max_depth"],
        "min_child_weight": shape["min_child_weight"],
        "max_bin": shape["bins"],
        "learning_rate": settings.learning_rate,
        "colsample_bytree": own["columns"],
        "subsample": own["rows"],
        "reg_lambda": own["l2"],
        "seed": seed_of(settings.seed),
        "nthread": n_threads,
        "verbosity": 0,
    }


def _objective(n_classes: int) -> dict[str, Any]:
    if n_classes == 2:
        return {"objective": "binary:logitraw"}
    if n_classes:
        return {"objective": "multi:softprob", "num_class": n_classes}
    return {"objective": "reg:squarederror"}


def read_trees(written: Mapping[str, Any], n_rounds: int, n_features: int, n_outputs: int) -> Trees:
    """Return the trees of the first rounds out of what XGBoost has just written of its own model.

    Notes
    -----
    XGBoost asks for a value below the threshold, in float32: that is at most the float32 before it.
    """
    a_round = 1 if n_outputs == 2 else n_outputs
    trees = written["gradient_booster"]["model"]["trees"][: n_rounds * a_round]
    counts = np.array([len(tree["left_children"]) for tree in trees])
    root = np.cumsum(counts) - counts
    first = np.repeat(root, counts)
    nodes = {name: np.concatenate([np.array(tree[name]) for tree in trees]) for name in _OF_NODES}
    is_leaf = nodes["left_children"] < 0

    def of_splits(values: NDArray[Any], otherwise: Any, kind: type[np.generic]) -> NDArray[Any]:
        return np.where(is_leaf, otherwise, values).astype(kind)

    said = nodes["split_conditions"].astype(np.float32)
    value = np.where(is_leaf, said, 0).astype(np.float64)
    base = np.array(json.loads(written["learner_model_param"]["base_score"]), dtype=np.float32).astype(np.float64)
    return Trees(
        feature=of_splits(nodes["split_indices"], -1, np.int32),
        threshold=of_splits(np.nextafter(said, np.float32(-np.inf)), 0, np.float64),
        left=of_splits(nodes["left_children"] + first, -1, np.int32),
        right=of_splits(nodes["right_children"] + first, -1, np.int32),
        missing_left=of_splits(nodes["default_left"], 0, np.bool_),
        category=np.full(len(first), -1, dtype=np.int32),
        categories=np.zeros((0, 0), dtype=np.bool_),
        value=of_both_classes(value) if n_outputs == 2 else value[:, None],
        cover=nodes["sum_hessian"].astype(np.float32).astype(np.float64),
        root=root.astype(np.int32),
        output=np.arange(len(trees), dtype=np.int32) % a_round,
        base=of_both_classes(base)[0] if n_outputs == 2 else base,
        n_features=n_features,
        precision="float32",
    )
