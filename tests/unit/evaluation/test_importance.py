import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance as scikit_importance

from ktrdr.domain.evaluation.importance import draw_permutations, permutation_importance
from ktrdr.domain.evaluation.losses import log_losses


class Model(ClassifierMixin, BaseEstimator):
    """A fixed softmax regression, for both sides."""

    def __init__(self, weights=None):
        self.weights = weights

    def fit(self, inputs, targets):
        self.classes_ = np.arange(self.weights.shape[1])
        return self

    def predict_proba(self, inputs):
        odds = np.exp(inputs.astype(np.float64) @ self.weights)
        return odds / odds.sum(axis=1, keepdims=True)


def mean_log_loss(labels, outputs):
    return float(log_losses(labels, outputs).mean())


def scikit_permutations(rows, repeats, seed):
    """The orders scikit-learn gives every column: one seed, indices shuffled on, each applied upon the last."""
    state = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    indices, order, orders = np.arange(rows), np.arange(rows), []
    for _ in range(repeats):
        state.shuffle(indices)
        order = order[indices]
        orders.append(order)
    return np.array(orders)


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((400, 5)).astype(np.float32)
    model = Model(rng.standard_normal((5, 3)) * np.array([2.0, 1.0, 0.5, 0.1, 0.0])[:, None])
    labels = np.array([rng.choice(3, p=p) for p in model.predict_proba(inputs)])
    return model.fit(inputs, labels), inputs, labels


@pytest.mark.parametrize("order", ["C", "F"])
def test_equal_to_scikit_learn_for_equal_permutations(problem, order):
    model, inputs, labels = problem
    theirs = scikit_importance(model, inputs, labels, scoring="neg_log_loss", n_repeats=6, random_state=4)

    ours = permutation_importance(
        model.predict_proba,
        np.asarray(inputs, order=order),
        labels,
        mean_log_loss,
        scikit_permutations(len(inputs), 6, 4),
    )

    np.testing.assert_allclose(ours.mean, theirs.importances_mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.std, theirs.importances_std, rtol=1e-9, atol=1e-12)
    assert ours.mean[0] > 0.1
    assert ours.mean[4] == ours.std[4] == 0.0


def test_inputs_are_left_as_they_are(problem):
    model, inputs, labels = problem
    before = inputs.copy()
    inputs.flags.writeable = False

    permutation_importance(
        model.predict_proba, inputs, labels, mean_log_loss, draw_permutations(400, 2, np.random.default_rng(0))
    )

    np.testing.assert_array_equal(inputs, before)


def test_fewer_rows_are_evenly_spaced_and_said(problem):
    model, inputs, labels = problem
    permutations = draw_permutations(100, 3, np.random.default_rng(0))

    capped = permutation_importance(model.predict_proba, inputs, labels, mean_log_loss, permutations)

    used = [round(i * 399 / 99) for i in range(100)]
    alone = permutation_importance(model.predict_proba, inputs[used], labels[used], mean_log_loss, permutations)
    np.testing.assert_array_equal(capped.mean, alone.mean)
    assert (capped.rows, capped.of_rows, capped.repeats) == (100, 400, 3)


def test_permutations_are_orders_and_differ():
    permutations = draw_permutations(50, 4, np.random.default_rng(0))

    assert (np.sort(permutations, axis=1) == np.arange(50)).all()
    assert len({tuple(row) for row in permutations}) == 4


def test_as_dict_names_features_in_order(problem):
    model, inputs, labels = problem
    result = permutation_importance(
        model.predict_proba, inputs, labels, mean_log_loss, draw_permutations(400, 2, np.random.default_rng(0))
    )

    values = result.as_dict(list("abcde"), "log_loss")

    assert [feature["id"] for feature in values["features"]] == list("abcde")
    assert values["features"][1] == {"id": "b", "mean": float(result.mean[1]), "std": float(result.std[1])}
    assert {key: values[key] for key in ("metric", "repeats", "rows", "of_rows")} == {
        "metric": "log_loss",
        "repeats": 2,
        "rows": 400,
        "of_rows": 400,
    }
