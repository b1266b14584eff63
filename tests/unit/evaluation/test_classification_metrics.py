import warnings

import numpy as np
import pytest
from samples.evaluations import probabilities
from sklearn import metrics as sk

from ktrdr.domain.evaluation.classification import calibration_error, classification_metrics, reliability
from ktrdr.domain.labels.labelset import class_shares

NAMES = ("buy", "hold", "sell")


@pytest.mark.parametrize("present", [(0, 1, 2), (0, 2), (1,)])
def test_equal_to_scikit_learn_also_where_classes_are_missing(present):
    rng = np.random.default_rng(len(present))
    labels, outputs = rng.choice(present, 500), probabilities(rng, 500)
    choices = outputs.argmax(axis=1)

    ours = classification_metrics(labels, outputs, NAMES)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        balanced = sk.balanced_accuracy_score(labels, choices)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, choices, labels=[0, 1, 2], zero_division=np.nan
    )
    assert ours["accuracy"] == pytest.approx(sk.accuracy_score(labels, choices), rel=1e-12)
    assert ours["balanced_accuracy"] == pytest.approx(balanced, rel=1e-12)
    assert ours["macro_f1"] == pytest.approx(sk.f1_score(labels, choices, average="macro"), rel=1e-12)
    assert ours["log_loss"] == pytest.approx(sk.log_loss(labels, outputs, labels=[0, 1, 2]), rel=1e-12)
    assert ours["confusion_matrix"] == sk.confusion_matrix(labels, choices, labels=[0, 1, 2]).tolist()
    for index, name in enumerate(NAMES):
        scores = ours["per_class"][name]
        assert scores["support"] == support[index]
        for key, theirs in (("precision", precision), ("recall", recall), ("f1", f1)):
            expected = None if np.isnan(theirs[index]) else pytest.approx(theirs[index], rel=1e-12)
            assert scores[key] == expected


def test_a_class_that_neither_happened_nor_was_forecast_has_no_scores():
    outputs = np.array([[0.6, 0.4, 0.0], [0.3, 0.7, 0.0]])

    ours = classification_metrics(np.array([0, 0]), outputs, NAMES)

    assert ours["per_class"]["sell"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert ours["per_class"]["hold"] == {"precision": 0.0, "recall": None, "f1": 0.0, "support": 0}
    assert ours["balanced_accuracy"] == 0.5


def test_log_loss_of_certainty_that_was_wrong_is_finite():
    ours = classification_metrics(np.array([2]), np.array([[1.0, 0.0, 0.0]]), NAMES)

    assert ours["log_loss"] == pytest.approx(-np.log(np.finfo(np.float64).eps))
    assert ours["brier"] == 2.0


def test_brier_is_the_summed_squared_distance():
    rng = np.random.default_rng(0)
    labels, outputs = rng.integers(0, 3, 200), probabilities(rng, 200)

    brier = classification_metrics(labels, outputs, NAMES)["brier"]

    assert brier == pytest.approx(((outputs - np.eye(3)[labels]) ** 2).sum(axis=1).mean(), rel=1e-12)


def test_reliability_equals_a_loop_over_bins():
    rng = np.random.default_rng(1)
    labels, outputs = rng.integers(0, 3, 400), probabilities(rng, 400)
    confidence, hits = outputs.max(axis=1), outputs.argmax(axis=1) == labels

    table = reliability(labels, outputs)

    expected, error = [], 0.0
    for number in range(10):
        low, high = number / 10, (number + 1) / 10
        inside = (confidence >= low) & ((confidence < high) | (number == 9))
        if inside.any():
            expected.append((low, high, inside.sum(), confidence[inside].mean(), hits[inside].mean()))
            error += inside.mean() * abs(confidence[inside].mean() - hits[inside].mean())
    assert len(expected) > 3
    np.testing.assert_allclose([tuple(row.values()) for row in table], expected, rtol=1e-12)
    assert calibration_error(table) == pytest.approx(error, rel=1e-12)


def test_certain_forecasts_fall_into_the_last_bin():
    table = reliability(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))

    assert table == [{"low": 0.9, "high": 1.0, "rows": 2, "confidence": 1.0, "accuracy": 0.5}]
    assert calibration_error(table) == 0.5


def test_class_shares():
    assert class_shares(np.array([0, 0, 2, 0]), NAMES) == {"buy": 0.75, "hold": 0.0, "sell": 0.25}
    assert class_shares(np.array([], dtype=np.int64), NAMES) == {"buy": 0.0, "hold": 0.0, "sell": 0.0}
