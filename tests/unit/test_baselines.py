import numpy as np
import pytest
from evaluation_samples import NUMBERS, dataset

from ktrdr.domain.evaluation.baselines import baselines, last_known_rows
from ktrdr.domain.evaluation.losses import ROW_LOSSES


def test_the_label_of_the_bar_before_is_not_known_yet():
    ends = np.arange(6) + 3

    assert last_known_rows(ends, np.arange(6)).tolist() == [-1, -1, -1, 0, 1, 2]


def test_of_spans_that_ended_the_latest_row_counts_even_if_an_earlier_span_ended_later():
    assert last_known_rows(np.array([5, 2, 9, 4]), np.array([1, 2, 4, 5, 8, 9])).tolist() == [-1, 1, 3, 3, 3, 3]


def test_class_baselines_by_hand():
    labels = [0, 0, 1, 0, 2, 1, 0, 1]
    rows = dataset(labels, np.arange(8) + 1)
    train, test = np.arange(5), np.array([6, 7])

    shares, majority, last = baselines(rows, train, test)

    np.testing.assert_allclose(shares.outputs, [[4 / 8, 2 / 8, 2 / 8]] * 2)
    assert majority.outputs is None
    assert majority.choices.tolist() == [0, 0]
    assert last.choices.tolist() == [labels[5], labels[6]]
    # Train rows 1..4 follow labels 0, 0, 1, 0 and are 0, 1, 0, 2: after 0 came 0, 1 and 2 once each, after 1 came 0.
    np.testing.assert_allclose(last.outputs, [[2 / 4, 1 / 4, 1 / 4], [1 / 3, 1 / 3, 1 / 3]])


def test_before_the_first_known_label_shares_and_majority_stand_in():
    rows = dataset([1, 1, 0, 2], [9, 9, 9, 9])

    shares, majority, last = baselines(rows, np.array([0, 1, 2]), np.array([3]))

    assert last.choices.tolist() == majority.choices.tolist() == [1]
    np.testing.assert_array_equal(last.outputs, shares.outputs)


def test_number_baselines_by_hand():
    rows = dataset([0.1, -0.2, 0.4, 0.3, -0.1], np.arange(5) + 2, NUMBERS)

    zero, mean, last = baselines(rows, np.array([0, 1]), np.array([1, 3, 4]))

    assert zero.outputs.tolist() == [0.0, 0.0, 0.0]
    assert mean.outputs == pytest.approx([-0.05] * 3)
    assert last.outputs == pytest.approx([-0.05, -0.2, 0.4])


def test_class_shares_are_finite_under_log_loss_for_a_class_that_train_never_saw():
    rows = dataset([0, 0, 0, 2], np.arange(4) + 1)

    shares, majority, last = baselines(rows, np.arange(3), np.array([3]))

    assert shares.losses(ROW_LOSSES["log_loss"], np.array([2])) == pytest.approx([np.log(6)])
    assert np.isfinite(last.losses(ROW_LOSSES["log_loss"], np.array([2]))).all()
    assert majority.losses(ROW_LOSSES["log_loss"], np.array([2])) is None
    assert majority.losses(ROW_LOSSES["accuracy"], np.array([2])).tolist() == [1.0]
