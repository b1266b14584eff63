"""Linear models against scikit-learn and by their own laws."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.fits import CLASSES, VALUE, task
from sklearn.linear_model import LogisticRegression, Ridge

from ktrdr.adapters.models.linear.fitting import logistic, ridge
from ktrdr.adapters.models.linear.solving import GRADIENT, Standardised, solve
from ktrdr.adapters.models.linear.trainer import LinearModel, LinearTrainer
from ktrdr.domain.errors import TrainingFailed
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import ModelSpec

TYPES = {"logistic": CLASSES, "ridge": VALUE}
UNITS = np.array([1, 1000, 0.001, 5], dtype=np.float32)


def given_task(name: str, l2: float = 0.1, n: int = 300) -> FitTask:
    """Inputs of odd units, and samples of odd weights."""
    made = task(n, target=TYPES[name], model=ModelSpec(name, {}), own={"l2": l2})
    weights = np.random.default_rng(3).uniform(0.2, 3, n).astype(np.float32)
    return replace(made, train=replace(made.train, inputs=made.train.inputs * UNITS + 7, weights=weights))


def standardised(made: FitTask, weights: Any) -> tuple[Any, Any]:
    shares = weights / weights.sum()
    inputs = made.train.inputs.astype(np.float64)
    centred = inputs - shares @ inputs
    return centred / np.sqrt(shares @ centred**2), shares


@pytest.mark.parametrize("l2", [1e-4, 0.1, 10.0])
def test_logistic_equals_scikit_learn(l2: float) -> None:
    made = replace(given_task("logistic", l2), class_weights=np.array([1.0, 2.5, 0.5]))
    inputs, shares = standardised(made, made.train.weights * made.class_weights[made.train.targets])
    oracle = LogisticRegression(C=1 / l2, tol=1e-12, max_iter=10_000)
    oracle.fit(inputs, made.train.targets, sample_weight=shares)
    found = softmax(LinearTrainer().fit(made).predict(made.train.inputs))
    np.testing.assert_allclose(found, oracle.predict_proba(inputs), atol=1e-6)


@pytest.mark.parametrize("l2", [1e-4, 0.1, 10.0])
def test_ridge_equals_scikit_learn(l2: float) -> None:
    made = given_task("ridge", l2)
    inputs, shares = standardised(made, made.train.weights.astype(np.float64))
    oracle = Ridge(alpha=l2).fit(inputs, made.train.targets, sample_weight=shares)
    found = LinearTrainer().fit(made).predict(made.train.inputs)
    np.testing.assert_allclose(found, oracle.predict(inputs), atol=1e-9)


@pytest.mark.parametrize("name", TYPES)
def test_equal_shares_of_groups_are_weights(name: str) -> None:
    made = given_task(name)
    groups = np.repeat([0, 1], [60, 240]).astype(np.int32)
    by_group = replace(made, train=replace(made.train, groups=groups))
    times = np.where(groups == 0, 2.5, 0.625).astype(np.float32)
    by_weight = replace(made, train=replace(made.train, weights=made.train.weights * times))
    first, second = (LinearTrainer().fit(item).predict(made.train.inputs) for item in (by_group, by_weight))
    np.testing.assert_allclose(first, second, atol=1e-6)


@pytest.mark.parametrize("name", TYPES)
def test_units_of_inputs_change_nothing(name: str) -> None:
    made = given_task(name)
    other = replace(made, train=replace(made.train, inputs=made.train.inputs * 64))
    first = LinearTrainer().fit(made).predict(made.train.inputs)
    np.testing.assert_allclose(LinearTrainer().fit(other).predict(other.train.inputs), first, atol=1e-7)


def test_the_gradient_is_nought_where_inputs_hang_together() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(400, 1))
    inputs = (one + 0.001 * rng.normal(size=(400, 6))).astype(np.float32)
    targets = rng.integers(0, 3, 400)
    shares = np.full(400, 1 / 400)
    scaled = Standardised.of(inputs, shares)
    weights, intercept = logistic(scaled, targets, shares, 3, 1e-4)
    residual = (softmax(scaled.values @ weights.T + intercept) - np.eye(3)[targets]) * shares[:, None]
    assert np.abs(residual.T @ scaled.values + 1e-4 * weights).max() <= 2 * GRADIENT
    assert np.abs(residual.sum(axis=0)).max() <= 2 * GRADIENT


def test_a_class_without_samples_has_the_share_of_one() -> None:
    made = given_task("logistic")
    two = replace(made, train=replace(made.train, targets=made.train.targets % 2))
    shares = softmax(LinearTrainer().fit(two).predict(made.train.inputs))
    assert 0 < shares[:, 2].min() <= shares[:, 2].max() < 0.01
    alone = replace(made, train=replace(made.train, targets=made.train.targets * 0 + 1))
    assert (softmax(LinearTrainer().fit(alone).predict(made.train.inputs))[:, 1] > 0.99).all()


@pytest.mark.parametrize("name", TYPES)
def test_contributions_are_the_terms_of_the_output(name: str) -> None:
    made = given_task(name)
    model = LinearTrainer().fit(made)
    found = model.contributions(made.train.inputs, np.arange(9))
    outputs = model.predict(made.train.inputs, np.arange(9)).reshape(9, -1)
    assert (found.method, found.values.shape) == ("linear", (9, 4, outputs.shape[1]))
    np.testing.assert_allclose(found.outputs, outputs, atol=1e-12)
    weights = made.train.weights.astype(np.float64)
    centre = np.average(made.train.inputs.astype(np.float64), axis=0, weights=weights)
    middle = model.predict(centre[None].astype(np.float32))
    np.testing.assert_allclose(middle.reshape(-1), found.base[0], atol=1e-4)


@pytest.mark.parametrize("name", TYPES)
def test_input_that_is_no_number_is_named(name: str) -> None:
    made = given_task(name)
    inputs = made.train.inputs.copy()
    inputs[4, 2], inputs[5, 1] = np.nan, np.inf
    with pytest.raises(TrainingFailed, match="2 of 1200 train inputs are no finite numbers"):
        LinearTrainer().fit(replace(made, train=replace(made.train, inputs=inputs)))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 5), st.integers(1, 300), st.integers(0, 2**32 - 1))
def test_a_row_alone_has_the_bits_that_it_has_among_others(n_features: int, k: int, n_rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ids = tuple(map(str, range(n_features)))
    weights = rng.normal(size=(k, n_features))
    model = LinearModel(ids, weights, rng.normal(size=n_features), rng.normal(size=k), is_classification=True)
    inputs = rng.normal(size=(n_rows, n_features)).astype(np.float32)
    whole = model.predict(inputs)
    for row in {0, n_rows // 2, n_rows - 1}:
        assert model.predict(inputs[row : row + 1]).tobytes() == whole[row : row + 1].tobytes()
    assert model.predict(inputs[::-1]).tobytes() == whole[::-1].tobytes()
    assert model.predict(np.asfortranarray(inputs)).tobytes() == whole.tobytes()


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_solutions_are_solutions(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(n, n))
    matrix, right = root @ root.T + np.eye(n), rng.normal(size=(n, 2))
    np.testing.assert_allclose(matrix @ solve(matrix, right), right, atol=1e-9)


FIT = """
import hashlib
from samples.fits import CLASSES, VALUE, task
from ktrdr.adapters.models.linear.trainer import LinearTrainer
from ktrdr.domain.training.settings import ModelSpec
for name, target in (("logistic", CLASSES), ("ridge", VALUE)):
    made = task(20_000, target=target, model=ModelSpec(name, {}), n_inputs=40)
    print(hashlib.sha256(LinearTrainer().fit(made).state()["model.safetensors"]).hexdigest())
"""


def test_the_number_of_threads_changes_no_byte() -> None:
    said = set()
    for count in ("1", "8"):
        own = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), count)
        done = subprocess.run(
            [sys.executable, "-c", FIT],
            env=os.environ | own | {"PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
    assert len(said) == 1


def test_ridge_of_a_constant_input_leaves_it_alone() -> None:
    inputs = np.array([[1, 5], [2, 5], [3, 5]], dtype=np.float32)
    shares = np.full(3, 1 / 3)
    weights, intercept = ridge(Standardised.of(inputs, shares), np.array([1.0, 2.0, 3.0]), shares, 1e-8)
    np.testing.assert_allclose(weights, [[np.sqrt(2 / 3), 0]], atol=1e-7)
    np.testing.assert_allclose(intercept, [2])
