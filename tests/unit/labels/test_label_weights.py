"""Sample weights: what a label's overlap with others makes of it."""

import itertools

import numpy as np
import pytest
from twins.labels import next_draw_twin

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training import weights
from ktrdr.domain.training.weights import sample_weights, sequential_bootstrap, uniqueness_weights


def test_uniqueness_by_hand():
    # Bars 1-2 belong to the first alone, bar 3 to two, bars 4-5 to the second, bars 6-9 to the third alone.
    rows, ends = np.array([0, 2, 5]), np.array([3, 5, 9])
    raw = np.array([(1 + 1 + 1 / 2) / 3, (1 / 2 + 1 + 1) / 3, 1.0])
    np.testing.assert_allclose(uniqueness_weights(rows, ends), raw / raw.mean())


def test_labels_that_share_nothing_count_the_same():
    rows = np.arange(0, 100, 5)
    np.testing.assert_allclose(uniqueness_weights(rows, rows + 5), 1.0)
    assert uniqueness_weights(rows[:0], rows[:0]).tolist() == []


def test_a_sequential_bootstrap_draws_as_often_as_the_chain_of_single_draws_says():
    """The expected counts over every possible sequence of draws, against the mean of many bootstraps."""
    rows, ends = np.array([0, 1, 1, 4]), np.array([3, 3, 5, 6])
    expected = np.zeros(4)
    for sequence in itertools.product(range(4), repeat=4):
        chance = 1.0
        for place, row in enumerate(sequence):
            chance *= next_draw_twin(rows.tolist(), ends.tolist(), sequence[:place])[row]
        expected += chance * np.bincount(sequence, minlength=4)
    rng = np.random.default_rng(0)
    found = np.mean([sequential_bootstrap(rows, ends, rng) for _ in range(8000)], axis=0)
    # Counts have a standard deviation below 1: six standard errors of 8,000 means are 0.067.
    np.testing.assert_allclose(found, expected, atol=0.06)
    assert np.ptp(expected) > 0.2


def test_overlap_is_drawn_less_than_by_chance():
    rng = np.random.default_rng(1)
    alone, crowd = np.arange(50) * 5, np.full(50, 1000)
    rows = np.concatenate((alone, crowd))
    drawn = np.mean([sequential_bootstrap(rows, rows + 5, rng)[:50].sum() for _ in range(20)])
    # By chance 50 of 100 draws, with a standard error of 1.1 over 20 bootstraps.
    assert drawn > 75


def test_one_entry_for_all_weightings():
    rows, ends = np.arange(50), np.arange(50) + np.arange(50) % 7 + 1
    rng = np.random.default_rng(3)
    assert sample_weights("none", rows, ends, rng) is None
    for weighting in ("uniqueness", "sequential_bootstrap"):
        found = sample_weights(weighting, rows, ends, rng)
        assert found.dtype == np.float32
        assert found.mean() == pytest.approx(1)
        assert np.ptp(found) > 0


def test_too_many_rows_for_a_sequential_bootstrap_are_refused_at_once(monkeypatch):
    monkeypatch.setattr(weights, "MOST_DRAWS", 99)
    rows = np.arange(100)
    with pytest.raises(InvalidInput, match=r"compute_weights.*100 train rows are too many, at most 99 .* uniqueness"):
        sample_weights("sequential_bootstrap", rows, rows + 1, np.random.default_rng(0))
