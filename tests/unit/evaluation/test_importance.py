import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance as scikit_importance

from ktrdr.domain.evaluation.importance import draw_permutations, evenly_spaced, permutation_importance
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


def importance_of(model, inputs, labels, permutations):
    ends = np.arange(len(inputs))
    return permutation_importance(
        lambda values, ends: model.predict_proba(values[ends]),
        inputs,
        ends,
        lambda outputs: mean_log_loss(labels, outputs),
        permutations,
        len(inputs),
    )


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

    ours = importance_of(model, np.asarray(inputs, order=order), labels, scikit_permutations(len(inputs), 6, 4))

    np.testing.assert_allclose(ours.mean, theirs.importances_mean, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.std, theirs.importances_std, rtol=1e-9, atol=1e-12)
    assert ours.mean[0] > 0.1
    assert ours.mean[4] == ours.std[4] == 0.0


def test_inputs_are_left_as_they_are(problem):
    model, inputs, labels = problem
    before = inputs.copy()
    inputs.flags.writeable = False

    importance_of(model, inputs, labels, draw_permutations(400, 2, np.random.default_rng(0)))

    np.testing.assert_array_equal(inputs, before)


def test_fewer_rows_are_evenly_spaced():
    assert evenly_spaced(400, 100).tolist() == [round(i * 399 / 99) for i in range(100)]
    assert evenly_spaced(5, 5).tolist() == [0, 1, 2, 3, 4]


def test_a_feature_of_a_window_is_shuffled_over_all_rows_that_are_read(problem):
    model, inputs, labels = problem
    windows = 200  # of two rows each, which the model adds up
    ends = np.arange(windows) * 2 + 1

    def predict(values, ends):
        return model.predict_proba(values[ends] + values[ends - 1])

    permutations = draw_permutations(400, 3, np.random.default_rng(0))
    found = permutation_importance(
        predict, inputs, ends, lambda outputs: mean_log_loss(labels[:windows], outputs), permutations, 777
    )
    for feature in range(5):
        rises = []
        for permutation in permutations:
            shuffled = inputs.copy()
            shuffled[:, feature] = inputs[permutation, feature]
            rises.append(mean_log_loss(labels[:windows], predict(shuffled, ends)) - found.loss)
        assert found.mean[feature] == pytest.approx(np.mean(rises), abs=1e-12)
    assert (found.rows, found.of_rows, found.repeats) == (200, 777, 3)


def test_permutations_are_orders_and_differ():
    permutations = draw_permutations(50, 4, np.random.default_rng(0))

    assert (np.sort(permutations, axis=1) == np.arange(50)).all()
    assert len({tuple(row) for row in permutations}) == 4


def test_as_dict_names_features_in_order(problem):
    model, inputs, labels = problem
    result = importance_of(model, inputs, labels, draw_permutations(400, 2, np.random.default_rng(0)))

    values = result.as_dict(list("abcde"), "log_loss")

    assert [feature["id"] for feature in values["features"]] == list("abcde")
    assert values["features"][1] == {"id": "b", "mean": float(result.mean[1]), "std": float(result.std[1])}
    assert {key: values[key] for key in ("metric", "repeats", "rows", "of_rows")} == {
        "metric": "log_loss",
        "repeats": 2,
        "rows": 400,
        "of_rows": 400,
    }
