"""Combining forecasts, by value against what is written out by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.models.ensemble.combinations import blended
from ktrdr.adapters.models.ensemble.stacking import stacked
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.ensemble.blending import mixture_shares, onto_simplex, squared_error_shares
from ktrdr.domain.training.ensemble.combining import checked_shares
from ktrdr.domain.training.ensemble.folds import walk_forward
from ktrdr.domain.training.ensemble.prior import prior_of
from ktrdr.domain.training.ensemble.voting import SPREAD, MajorityVote, WeightedMean, shares_of
from ktrdr.domain.training.model import Rows

OUTPUTS = np.array([[[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], [[0.4, 0.5, 0.1], [0.3, 0.4, 0.3]], [[0.2, 0.6, 0.2]] * 2])


def test_soft_vote_is_the_weighted_mean() -> None:
    mean = WeightedMean(np.array([0.5, 0.25, 0.25]))(OUTPUTS)
    np.testing.assert_allclose(mean[0], [0.5, 0.375, 0.125])
    np.testing.assert_allclose(mean[1], [0.175, 0.3, 0.525])


def test_hard_vote_is_the_share_of_votes_and_the_prior_divides_its_own() -> None:
    vote = MajorityVote(np.array([0.5, 0.3, 0.2]), undecided=1)(OUTPUTS)
    by_hand = np.array([0.5 + 0.2 * 0.2, 0.3 + 0.2 * 0.6, 0.2 * 0.2]) * (1 - SPREAD) + SPREAD / 3
    np.testing.assert_allclose(vote[0], by_hand)
    np.testing.assert_allclose(vote.sum(axis=1), 1)
    assert MajorityVote(np.array([1.0, 0, 0]))(OUTPUTS).min() == pytest.approx(SPREAD / 3)


def test_the_prior_counts_as_members_do_on_average() -> None:
    np.testing.assert_allclose(shares_of([1, 3], prior=True), [1 / 6, 3 / 6, 2 / 6])
    np.testing.assert_allclose(shares_of([1, 3], prior=False), [0.25, 0.75])


@given(st.integers(1, 4), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_row_alone_is_combined_to_the_bits_of_the_batch(members: int, rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    outputs = rng.dirichlet(np.ones(3), (members, rows))
    shares = rng.dirichlet(np.ones(members))
    fitted = stacked(outputs, np.arange(rows) % 3, None, 0.1)
    for combination in (WeightedMean(shares), MajorityVote(shares), fitted):
        whole = combination(outputs)
        np.testing.assert_allclose(whole.sum(axis=1), 1)
        for row in range(rows):
            assert combination(outputs[:, row : row + 1]).tobytes() == whole[row : row + 1].tobytes()


def test_em_finds_what_a_grid_finds() -> None:
    rng = np.random.default_rng(1)
    densities = rng.uniform(0.05, 1, (3, 400))
    densities[1] *= 1.3
    found = mixture_shares(densities)
    steps = np.linspace(0, 1, 101)
    grid = np.array([(a, b, 1 - a - b) for a, b in product(steps, steps) if a + b <= 1 + 1e-12])
    values = np.log(grid @ densities).mean(axis=1)
    assert np.log(found @ densities).mean() >= values.max() - 1e-5
    np.testing.assert_allclose(found, grid[values.argmax()], atol=0.011)


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_shares_of_least_squares_meet_the_conditions_of_a_minimum_on_the_simplex(members: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    targets = rng.normal(size=200)
    predictions = targets * rng.uniform(0, 1, (members, 1)) + rng.normal(size=(members, 200))
    shares = squared_error_shares(predictions, targets)
    assert shares.min() >= 0
    assert shares.sum() == pytest.approx(1)
    slope = 2 * ((shares @ predictions - targets) * predictions).mean(axis=1)
    assert (slope >= slope[shares > 1e-6].max() - 1e-4).all()


def test_blending_leaves_out_a_member_that_knows_nothing() -> None:
    rng = np.random.default_rng(2)
    targets = rng.integers(0, 3, 900)
    good = np.full((900, 3), 0.2)
    good[np.arange(900), targets] = 0.6
    noise = rng.dirichlet(np.ones(3), 900)
    combination = blended(np.stack([noise, good]), targets)
    assert combination.shares is not None
    assert combination.shares[1] > 0.95


def test_projection_onto_the_simplex() -> None:
    np.testing.assert_allclose(onto_simplex(np.array([0.5, 0.5])), [0.5, 0.5])
    np.testing.assert_allclose(onto_simplex(np.array([2.0, 0.0, -1.0])), [1, 0, 0])
    np.testing.assert_allclose(onto_simplex(np.array([0.6, 0.6])), [0.5, 0.5])


@given(st.integers(1, 60), st.integers(2, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_no_fold_is_forecast_by_what_has_seen_an_overlapping_label(rows: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known_at = rng.integers(0, 50, rows)  # of several symbols, in any order, at equal moments
    label_end = known_at + rng.integers(0, 12, rows)
    try:
        folds = list(walk_forward(known_at, label_end, count))
    except InvalidInput:
        return
    assert len(folds) == count
    forecast = np.concatenate([out for _, out in folds])
    assert len(set(forecast.tolist())) == len(forecast)
    for fit, out in folds:
        for before in fit:
            for later in out:
                assert label_end[before] < known_at[later]
    first = min(known_at[out].min() for _, out in folds)
    assert set(np.flatnonzero(known_at >= first)) == set(forecast.tolist())


def test_stacking_is_the_regression_and_forgets_noise() -> None:
    rng = np.random.default_rng(3)
    targets = rng.normal(size=3000)
    predictions = np.stack([targets + rng.normal(size=3000), 2 * targets + rng.normal(size=3000)])[:, :, None]
    found = stacked(predictions, targets, None, 1e-9)
    design = np.column_stack([*predictions[:, :, 0], np.ones(3000)])
    by_hand = np.linalg.lstsq(design, targets, rcond=None)[0]
    np.testing.assert_allclose([*found.coefficients[0], *found.intercept], by_hand, atol=1e-5)
    strongly = stacked(predictions, targets, None, 1e6)
    np.testing.assert_allclose(strongly(predictions)[:, 0], targets.mean(), atol=1e-4)


def test_prior_is_the_shares_with_a_row_more_or_the_mean() -> None:
    target = Target("classification", ("a", "b"), ("buy", "sell"))
    given_rows = Rows(np.zeros((4, 1), np.float32), np.array([0, 0, 0, 0]))
    np.testing.assert_allclose(prior_of(given_rows, target), [5 / 6, 1 / 6])
    weights = np.array([2, 2, 0, 0], np.float32)
    weighted = Rows(given_rows.inputs, np.array([0, 1, 1, 1]), weights=weights)
    np.testing.assert_allclose(prior_of(weighted, target), [0.5, 0.5])
    value = Rows(given_rows.inputs, np.array([1, 2, 3, 6], np.float32), weights=np.array([1, 1, 0, 2], np.float32))
    np.testing.assert_allclose(prior_of(value, Target("regression", unit="fraction")), [15 / 4])


@pytest.mark.parametrize("values", [None, np.ones(2), np.array([1.5, -0.5]), np.array([np.nan, 1]), np.array([1, 0])])
def test_shares_that_are_none_are_refused(values: np.ndarray | None) -> None:
    with pytest.raises(InvalidInput, match="shares must be"):
        checked_shares(values, 2)
