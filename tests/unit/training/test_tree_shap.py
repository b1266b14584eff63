"""Contributions of trees against Shapley values by all subsets, and against those that the growers compute."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost
from samples.fits import CLASSES, VALUE, rows, task
from samples.grown import random_trees

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.training.settings import ModelSpec
from ktrdr.domain.training.tree_outputs import TreeOutputs
from ktrdr.domain.training.tree_shap import tree_shap
from ktrdr.domain.training.trees import Trees

KINDS: dict[str, dict[str, Any]] = {
    "sums": {},
    "all outputs in a leaf, averaged": {"says_all": True, "averaged": True},
    "categories": {"n_sets": 4},
}


def expected(trees: Trees, root: int, row: Any, known: frozenset[int]) -> Any:
    """What one tree says where only some features are known: both ways by cover where one is not."""
    if trees.feature[root] < 0:
        return trees.value[root]
    sides, feature = (int(trees.left[root]), int(trees.right[root])), int(trees.feature[root])
    if feature in known:
        value = float(row[feature])
        if np.isnan(value):
            left = bool(trees.missing_left[root])
        elif trees.category[root] >= 0:
            allowed = trees.categories[trees.category[root]]
            left = -1 < value < len(allowed) and bool(allowed[int(value)])
        else:
            left = value <= trees.threshold[root]
        return expected(trees, sides[not left], row, known)
    shares = trees.cover[list(sides)] / trees.cover[root]
    return sum(share * expected(trees, side, row, known) for share, side in zip(shares, sides, strict=True))


def game(trees: Trees, row: Any, known: frozenset[int]) -> Any:
    total = np.zeros(len(trees.base))
    for root, output in zip(trees.root, trees.output, strict=True):
        said = expected(trees, int(root), row, known)
        if trees.value.shape[1] > 1:
            total += said
        else:
            total[output] += said[0]
    return (trees.base + total) / (len(trees.root) if trees.averaged else 1)


def by_subsets(trees: Trees, row: Any) -> Any:
    players, found = range(trees.n_features), np.zeros((trees.n_features, len(trees.base)))
    for player in players:
        others = [one for one in players if one != player]
        for size in range(len(others) + 1):
            weight = 1 / (trees.n_features * comb(trees.n_features - 1, size))
            for chosen in map(frozenset, combinations(others, size)):
                found[player] += weight * (game(trees, row, chosen | {player}) - game(trees, row, chosen))
    return found


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("seed", [0, 1])
def test_contributions_are_shapley_values_of_the_trees(kind: dict[str, Any], seed: int) -> None:
    trees = random_trees(seed, n_features=4, **kind)
    rng = np.random.default_rng(seed)
    inputs = rng.normal(1, 2, size=(5, 4)).astype(np.float32)
    inputs[rng.random(inputs.shape) < 0.2] = np.nan
    found = tree_shap(trees, inputs)
    for place, row in enumerate(inputs):
        assert found.values[place] == pytest.approx(by_subsets(trees, row), abs=1e-12)
        assert found.base[place] == pytest.approx(game(trees, row, frozenset()), abs=1e-12)
    assert found.outputs == pytest.approx(TreeOutputs(trees)(inputs), abs=1e-12)
    assert found.unit == ("probability" if trees.averaged else "raw")


@pytest.mark.parametrize("target", [CLASSES, VALUE], ids=["classes", "value"])
@pytest.mark.parametrize("name", ["lightgbm", "xgboost"])
def test_contributions_are_those_of_the_grower(name: str, target: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = task(
        400, target=target, learning_rate=0.3, model=ModelSpec(name, {"lightgbm": LEAVES, "xgboost": DEPTH}[name])
    )
    inputs = rows(30, seed=9).inputs
    grown: list[Any] = []
    library = lightgbm if name == "lightgbm" else xgboost

    class Seen(library.Booster):
        def __init__(self, *args: Any, **named: Any) -> None:
            super().__init__(*args, **named)
            grown.append(self)

    monkeypatch.setattr(library, "Booster", Seen)
    model = TableTrainer("cpu").fit(given)
    found, booster = model.contributions(inputs), grown[0]
    assert found is not None
    rounds = model.history.best_epoch or None
    if name == "lightgbm":
        native = booster.predict(inputs, pred_contrib=True, num_iteration=rounds)
    else:
        span = (0, rounds or 0)
        native = booster.predict(xgboost.DMatrix(inputs), pred_contribs=True, iteration_range=span)
    native = np.asarray(native, dtype=np.float64).reshape(len(inputs), -1, 5)
    assert found.values == pytest.approx(native[:, :, :4].transpose(0, 2, 1), abs=1e-6)
    assert found.base == pytest.approx(native[:, :, 4], abs=1e-6)
    assert np.abs(found.values).max() > 0.01


LEAVES = {"leaves": 7, "min_rows_in_leaf": 5, "bins": 31}
DEPTH = {"max_depth": 3, "min_child_weight": 1.0, "bins": 31}
