"""Forests run from arrays of their own, against scikit-learn's own predictions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from samples.fits import CLASSES, SPECS, VALUE, task
from sklearn import ensemble

from ktrdr.adapters.models.trees.bins import Bins
from ktrdr.adapters.models.trees.forest import ExtraTreesTrainer, ForestModel, ForestTrainer, RandomForestTrainer
from ktrdr.adapters.models.trees.trainer import seed_of
from ktrdr.domain.errors import TrainingFailed
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask

TRAINERS: dict[str, type[ForestTrainer]] = {"random_forest": RandomForestTrainer, "extra_trees": ExtraTreesTrainer}
NATIVE = {
    ("random_forest", "classification"): ensemble.RandomForestClassifier,
    ("random_forest", "regression"): ensemble.RandomForestRegressor,
    ("extra_trees", "classification"): ensemble.ExtraTreesClassifier,
    ("extra_trees", "regression"): ensemble.ExtraTreesRegressor,
}
BY_TYPE = pytest.mark.parametrize("name", TRAINERS)


def given_task(name: str, target: Any = CLASSES, *, missing: bool = False, n: int = 500) -> FitTask:
    made = task(n, target=target, model=SPECS[name])
    rng = np.random.default_rng(5)
    inputs = np.round(made.train.inputs, 1) if name == "random_forest" else made.train.inputs.copy()
    if missing:
        inputs[rng.random(inputs.shape) < 0.1] = np.nan
    weights = rng.uniform(0.2, 3, n).astype(np.float32)
    return replace(made, train=replace(made.train, inputs=inputs, weights=weights))


def native(made: FitTask) -> Any:
    """The same forest, grown by hand on the same bins."""
    shape, own = made.model.architecture, made.settings.own
    drawn = {"bootstrap": True, "max_samples": own["rows"]} if "rows" in own else {}
    weights = made.train.weights.astype(np.float64)
    forest = NATIVE[made.model.type, made.target.kind](
        n_estimators=own["trees"],
        max_features=own["columns"],
        max_depth=shape["max_depth"] or None,
        min_samples_leaf=shape["min_rows_in_leaf"],
        random_state=seed_of(made.settings.seed),
        n_jobs=1,
        **drawn,
    )
    bins = Bins.of(made.train.inputs, shape["bins"])
    return forest.fit(bins.cut(made.train.inputs), made.train.targets, sample_weight=weights / weights.mean()), bins


@BY_TYPE
@pytest.mark.parametrize("target", [CLASSES, VALUE], ids=["classes", "value"])
@pytest.mark.parametrize("missing", [False, True])
def test_the_arrays_say_what_scikit_learn_says_to_the_bit(name: str, target: Any, missing: bool) -> None:
    made = given_task(name, target, missing=missing)
    forest, bins = native(made)
    model = TRAINERS[name]().fit(made)
    assert isinstance(model, ForestModel)
    fresh = made.validation.inputs.copy()
    fresh[::3, 1], fresh[1::3, 2] = 1e30, -1e30
    if missing:
        fresh[::4, 0] = np.nan
    for inputs in (made.train.inputs, fresh):
        said = (forest.predict_proba if target is CLASSES else forest.predict)(bins.cut(inputs))
        assert np.array_equal(model.mean_shares(inputs), said.reshape(len(inputs), -1))


@BY_TYPE
def test_logits_are_those_shares_but_for_a_floor(name: str) -> None:
    made = given_task(name)
    model = TRAINERS[name]().fit(made)
    shares = model.mean_shares(made.train.inputs)
    found = softmax(model.predict(made.train.inputs))
    whole = shares.min(axis=1) > 0.01
    assert whole.sum() > 0
    np.testing.assert_allclose(found[whole], shares[whole], rtol=1e-12)
    none = shares == 0
    if none.any():
        assert 0 < found[none].max() <= 1 / len(made.train.targets) * 2


def test_a_class_that_never_occurs_keeps_a_finite_loss() -> None:
    made = given_task("random_forest")
    one = replace(made, train=replace(made.train, targets=made.train.targets * 0 + 1))
    logits = RandomForestTrainer().fit(one).predict(made.validation.inputs)
    assert np.isfinite(logits).all()
    assert (logits.argmax(axis=1) == 1).all()


@BY_TYPE
def test_threads_change_no_byte(name: str) -> None:
    made = given_task(name)
    assert TRAINERS[name](None, 1).fit(made).state() == TRAINERS[name](None, 8).fit(made).state()


@BY_TYPE
def test_infinite_inputs_and_too_few_rows_are_named(name: str) -> None:
    made = given_task(name)
    inputs = made.train.inputs.copy()
    inputs[3, 3] = np.inf
    with pytest.raises(TrainingFailed, match="inputs are infinite"):
        TRAINERS[name]().fit(replace(made, train=replace(made.train, inputs=inputs)))
    shape = dict(made.model.architecture) | {"min_rows_in_leaf": 400}
    with pytest.raises(TrainingFailed, match="min_rows_in_leaf 400 leaves no room"):
        TRAINERS[name]().fit(replace(made, model=replace(made.model, architecture=shape)))


NUMBERS = st.floats(-(2.0**99), 2.0**99, width=32, allow_subnormal=False) | st.just(float("nan"))
COLUMNS = arrays(np.float32, st.integers(1, 60), elements=NUMBERS)


@settings(max_examples=200, deadline=None)
@given(COLUMNS, st.integers(2, 9), COLUMNS)
def test_a_threshold_parts_values_as_it_parts_their_bins(column: Any, most: int, fresh: Any) -> None:
    bins = Bins.of(column[:, None], most)
    edges = bins.edges[0]
    assert len(edges) < most
    assert (np.diff(edges) > 0).all()
    cut = bins.cut(fresh[:, None])[:, 0]
    assert np.array_equal(np.isnan(cut), np.isnan(fresh))
    for place in range(len(edges)):
        for at_most in (place, place + 0.75):
            (threshold,) = bins.thresholds(np.zeros(1, dtype=np.int64), np.array([at_most]))
            assert np.array_equal(fresh <= threshold, cut <= at_most)


@settings(max_examples=50, deadline=None)
@given(st.integers(70, 400), st.integers(0, 2**32 - 1))
def test_bins_hold_equally_many_rows(n: int, seed: int) -> None:
    column = np.random.default_rng(seed).normal(size=(n, 1)).astype(np.float32)
    counts = np.bincount(Bins.of(column, 7).cut(column)[:, 0].astype(int))
    assert len(counts) == 7
    assert counts.max() - counts.min() <= 2
