import numpy as np
import pytest
from sklearn import metrics as sk

from ktrdr.domain.evaluation.regression import directional_accuracy, regression_metrics


def test_equal_to_scikit_learn():
    rng = np.random.default_rng(0)
    targets = rng.normal(0.001, 0.02, 300)
    predictions = 0.3 * targets + rng.normal(0, 0.01, 300)

    ours = regression_metrics(targets, predictions)

    assert ours["mse"] == pytest.approx(sk.mean_squared_error(targets, predictions), rel=1e-12)
    assert ours["rmse"] == pytest.approx(sk.root_mean_squared_error(targets, predictions), rel=1e-12)
    assert ours["mae"] == pytest.approx(sk.mean_absolute_error(targets, predictions), rel=1e-12)
    assert ours["r2"] == pytest.approx(sk.r2_score(targets, predictions), rel=1e-12)
    assert ours["directional_accuracy"] == np.mean([a * b > 0 for a, b in zip(targets, predictions, strict=True)])


def test_rows_that_did_not_move_have_no_direction():
    targets, predictions = np.array([0.0, 1.0, -1.0, 2.0]), np.array([1.0, 1.0, 1.0, 0.0])

    assert directional_accuracy(targets, predictions) == pytest.approx(1 / 3)


def test_undefined_values_are_none():
    assert regression_metrics(np.array([2.0, 2.0]), np.array([1.0, 3.0]))["r2"] is None
    assert directional_accuracy(np.array([0.0]), np.array([1.0])) is None
    assert directional_accuracy(np.array([1.0, -1.0]), np.array([0.0, 0.0])) is None
