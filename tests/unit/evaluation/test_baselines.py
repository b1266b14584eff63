import numpy as np
import pytest
from samples.evaluations import NUMBERS, dataset, judged, probabilities

from ktrdr.domain.evaluation.baselines import baselines, last_known_rows
from ktrdr.domain.evaluation.losses import ROW_LOSSES
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import NS_PER_DAY


def test_the_label_of_the_bar_before_is_not_known_yet():
    ends = np.arange(6) + 3

    assert last_known_rows(ends, np.arange(6)).tolist() == [-1, -1, -1, 0, 1, 2]


def test_of_spans_that_ended_the_latest_row_counts_even_if_an_earlier_span_ended_later():
    assert last_known_rows(np.array([5, 2, 9, 4]), np.array([1, 2, 4, 5, 8, 9])).tolist() == [-1, 1, 3, 3, 3, 3]


def test_class_baselines_by_hand():
    labels = [0, 0, 1, 0, 2, 1, 0, 1]
    rows = dataset(labels, np.arange(8) + 1)
    train, test = np.arange(5), np.array([6, 7])

    shares, majority, last, again = baselines(rows, train, test)

    np.testing.assert_allclose(shares.outputs, [[4 / 8, 2 / 8, 2 / 8]] * 2)
    assert majority.outputs is None
    assert majority.choices.tolist() == [0, 0]
    assert again.choices.tolist() == [labels[5], labels[6]]
    assert again.outputs is None
    # Train rows 1..4 follow labels 0, 0, 1, 0 and are 0, 1, 0, 2: after 0 came 0, 1 and 2 once each, after 1 came 0.
    np.testing.assert_allclose(last.outputs, [[2 / 4, 1 / 4, 1 / 4], [1 / 3, 1 / 3, 1 / 3]])
    assert last.choices.tolist() == [0, 0]


def test_the_accuracy_of_probabilities_is_that_of_the_most_probable_class():
    """Labels that take turns: what follows the last known one is foreseen, that one again is always wrong."""
    rows = dataset([0, 1] * 250, np.arange(500) + 1)
    test = np.arange(300, 500)

    found = judged(rows, np.arange(300), test, np.full((200, 3), 1 / 3), np.random.default_rng(0), "accuracy")

    assert found.baselines["last_known_label"]["accuracy"] == 1.0
    assert found.baselines["last_known_label_again"] == {"log_loss": None, "accuracy": 0.0, "brier": None}
    for baseline in baselines(rows, np.arange(300), test):
        if baseline.outputs is not None:
            assert baseline.choices.tolist() == baseline.outputs.argmax(axis=1).tolist()
    assert found.verdict.baseline == "last_known_label"


def test_before_the_first_known_label_shares_and_majority_stand_in():
    rows = dataset([1, 1, 0, 2], [9, 9, 9, 9])

    shares, majority, last, again = baselines(rows, np.array([0, 1, 2]), np.array([3]))

    assert last.choices.tolist() == again.choices.tolist() == majority.choices.tolist() == [1]
    np.testing.assert_array_equal(last.outputs, shares.outputs)


def test_number_baselines_by_hand():
    rows = dataset([0.1, -0.2, 0.4, 0.3, -0.1], np.arange(5) + 2, NUMBERS)

    zero, mean, last = baselines(rows, np.array([0, 1]), np.array([1, 3, 4]))

    assert zero.outputs.tolist() == [0.0, 0.0, 0.0]
    assert mean.outputs == pytest.approx([-0.05] * 3)
    assert last.outputs == pytest.approx([-0.05, -0.2, 0.4])


def test_class_shares_are_finite_under_log_loss_for_a_class_that_train_never_saw():
    rows = dataset([0, 0, 0, 2], np.arange(4) + 1)

    shares, majority, last, _ = baselines(rows, np.arange(3), np.array([3]))

    assert shares.losses(ROW_LOSSES["log_loss"], np.array([2])) == pytest.approx([np.log(6)])
    assert np.isfinite(last.losses(ROW_LOSSES["log_loss"], np.array([2]))).all()
    assert majority.losses(ROW_LOSSES["log_loss"], np.array([2])) is None
    assert majority.losses(ROW_LOSSES["accuracy"], np.array([2])).tolist() == [1.0]


REGIMES = Target("classification", ("up", "down", "ranging", "volatile"), ("buy", "sell", "hold", "none"))
FIVE = Target("classification", ("++", "+", "0", "-", "--"), ("buy", "buy", "hold", "sell", "sell"))
SIZES = Target("regression", actions=("none",), unit="log return per bar")


@pytest.mark.parametrize("target", [REGIMES, FIVE], ids=["none among the actions", "five classes"])
def test_baselines_and_evaluation_of_event_rows_with_more_classes(target):
    """Rows of events: bars far apart, spans that end in any order, a class that train never saw."""
    rng = np.random.default_rng(0)
    count = len(target.classes)
    bars = np.sort(rng.choice(4000, 120, replace=False))
    ends = bars + rng.integers(1, 300, 120)
    labels = np.append(rng.integers(0, count - 1, 90), rng.integers(0, count, 30))
    events = dataset_of(bars, labels, ends, target)
    train, test = np.flatnonzero(ends < bars[90]), np.arange(90, 120)

    shares, majority, _, again = baselines(events, train, test)

    counts = np.bincount(labels[train], minlength=count) + 1
    np.testing.assert_allclose(shares.outputs, [counts / counts.sum()] * 30)
    assert set(majority.choices.tolist()) == {counts.argmax()}
    for place, row in enumerate(test):
        known = [other for other in range(120) if ends[other] <= bars[row]]
        assert again.choices[place] == labels[max(known)]
    found = judged(events, train, test, probabilities(rng, 30, count), rng)
    assert list(found.metrics["per_class"]) == list(target.classes)
    assert np.isfinite(found.verdict.difference)


def dataset_of(bars, labels, ends, target, step=NS_PER_DAY):
    return Outcomes(labels, bars * step, ends * step, target)


def test_the_sign_of_a_size_is_no_forecast():
    sizes = np.abs(np.random.default_rng(0).normal(size=60))
    rows = dataset(sizes, np.arange(60) + 1, SIZES)
    found = judged(rows, np.arange(30), np.arange(30, 60), sizes[30:] + 0.1, np.random.default_rng(0))
    assert found.metrics["directional_accuracy"] is None
    assert all(values["directional_accuracy"] is None for values in found.baselines.values())
    returns = judged(dataset(sizes, np.arange(60) + 1, NUMBERS), np.arange(30), np.arange(30, 60), sizes[30:],
                       np.random.default_rng(0))  # fmt: skip
    assert returns.metrics["directional_accuracy"] == 1.0
