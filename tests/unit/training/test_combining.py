from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from samples.pools import NUMBER, clock, pool_of
from sklearn.preprocessing import StandardScaler

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.pool.combining import balanced_weights, combine
from ktrdr.domain.training.request import COMBINATIONS
from ktrdr.domain.training.scaling import Scaler, fit_scaler, fit_target_scaler
from ktrdr.domain.training.weights import uniqueness_weights

SIZES = {"A": 300, "B": 50, "C": 100}


def sized(target=None):
    times = {symbol: clock(n) for symbol, n in SIZES.items()}
    return pool_of(times, spans=2) if target is None else pool_of(times, 2, target)


def everything(pool):
    return np.flatnonzero(pool.label_end >= 0)


def of_symbol(pool, rows, symbol):
    block = pool.rows_of(symbol)
    return (rows >= block.start) & (rows < block.stop)


def test_balanced_weights_by_the_formula() -> None:
    # N = 450, S = 3: 450 / (3 x 300), 450 / (3 x 50), 450 / (3 x 100)
    assert balanced_weights(np.array([300, 50, 100])).tolist() == [0.5, 3.0, 1.5]
    assert balanced_weights(np.array([300, 0, 100])).tolist() == [400 / 600, 0.0, 2.0]
    assert balanced_weights(np.array([10_000, 10])).tolist() == [10_010 / 20_000, 10.0]


def test_balanced_gives_every_symbol_the_same_sum() -> None:
    pool = sized()
    rows = everything(pool)
    combined = combine("balanced", pool, rows, seed=0)
    assert combined.rows.tolist() == rows.tolist()
    sums = [combined.weights[of_symbol(pool, rows, symbol)].sum() for symbol in SIZES]
    np.testing.assert_allclose(sums, len(rows) / 3, rtol=1e-5)
    assert combined.weights.mean() == pytest.approx(1, rel=1e-6)
    assert combined.groups is None


def test_equal_symbols_need_no_weights() -> None:
    pool = pool_of({"A": clock(60), "B": clock(60)}, spans=2)
    combined = combine("balanced", pool, everything(pool), seed=0)
    assert combined.weights is None
    assert combined.shares is None


def test_downsample_draws_the_same_number_of_each_by_seed() -> None:
    pool = sized()
    rows = everything(pool)
    drawn = combine("downsample", pool, rows, seed=1)
    assert [int(of_symbol(pool, drawn.rows, symbol).sum()) for symbol in SIZES] == [48] * 3
    assert (np.diff(drawn.rows) > 0).all()
    assert np.isin(drawn.rows, rows).all()
    assert drawn.weights is None
    assert drawn.rows.tolist() == combine("downsample", pool, rows, seed=1).rows.tolist()
    assert drawn.rows.tolist() != combine("downsample", pool, rows, seed=2).rows.tolist()


def drawn_by_hand(owned: Mapping[str, Sequence[int]], seed: int) -> list[int]:
    """Draw from each symbol's own train rows, by name, as many as the fewest that any symbol has."""
    rng = np.random.default_rng(seed)
    least = min(len(rows) for rows in owned.values())
    return [row for rows in owned.values() for row in sorted(rng.choice(rows, least, replace=False).tolist())]


@pytest.mark.parametrize("seed", range(20))
def test_downsample_draws_every_row_from_its_own_symbol(seed) -> None:
    # rows 0 to 7 are of A, 8 to 10 of B, 11 to 15 of C, 16 to 19 of D; no train row is of C
    pool = pool_of({"A": clock(8), "B": clock(3), "C": clock(5), "D": clock(4)}, spans=1)
    owned = {"A": [0, 2, 3, 5, 6], "B": [8, 9], "D": [16, 17, 18]}
    train = np.array([row for rows in owned.values() for row in rows])
    drawn = combine("downsample", pool, train, seed).rows.tolist()
    assert drawn == drawn_by_hand(owned, seed)
    assert drawn[2:4] == [8, 9], "the symbol with the fewest rows gives all of them"


def test_a_symbol_without_train_rows_takes_no_part() -> None:
    pool = pool_of({"A": clock(60), "B": clock(60), "C": clock(60)}, spans=2)
    train = everything(pool)
    train = train[~of_symbol(pool, train, "B")]
    balanced, interleaved = (combine(name, pool, train, seed=0) for name in ("balanced", "interleaved"))
    assert balanced.weights is balanced.shares is None, "the two that are left are equal"
    assert interleaved.shares.tolist() == [1.0] * len(train)
    assert set(interleaved.groups.tolist()) == {0, 2}


def test_in_turn_small_symbols_count_without_a_limit_and_labels_weigh_alone() -> None:
    pool = replace(pool_of({"A": clock(302), "B": clock(7)}, spans=2), weighting="uniqueness")
    train = everything(pool)
    combined = combine("interleaved", pool, train, seed=0)
    assert combined.shares.tolist() == [305 / 600] * 300 + [305 / 10] * 5
    # between the ends two labels lie on each bar; the first and last of a symbol have a bar to themselves
    own = np.concatenate([[0.75] + [0.5] * (rows - 2) + [0.75] for rows in (300, 5)])
    means = np.repeat([own[:300].mean(), own[300:].mean()], [300, 5])
    np.testing.assert_allclose(combined.weights, own / means, rtol=1e-6)
    assert combined.weights.dtype == np.float32


def test_label_weights_alone_where_every_symbol_counts_the_same() -> None:
    pool = replace(pool_of({"A": clock(7)}, spans=2), weighting="uniqueness")
    combined = combine("concatenate", pool, everything(pool), seed=0)
    # label spans (1-2) (2-3) (3-4) (4-5) (5-6): uniqueness 3/4, 1/2, 1/2, 1/2, 3/4, with mean 3/5
    np.testing.assert_allclose(combined.weights, np.array([0.75, 0.5, 0.5, 0.5, 0.75]) / 0.6, rtol=1e-6)


def test_concatenate_leaves_everything_as_it_is() -> None:
    pool = sized()
    combined = combine("concatenate", pool, everything(pool), seed=0)
    assert combined.rows.tolist() == everything(pool).tolist()
    assert combined.weights is combined.groups is combined.shares is None


def test_interleaved_names_the_symbol_of_each_row() -> None:
    pool = sized()
    rows = everything(pool)
    combined = combine("interleaved", pool, rows, seed=0)
    assert combined.groups.tolist() == pool.symbol_of_row[rows].tolist()
    assert combined.weights is None
    sums = [combined.shares[of_symbol(pool, rows, symbol)].sum() for symbol in SIZES]
    np.testing.assert_allclose(sums, len(rows) / 3)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_only_train_rows_take_part(name) -> None:
    pool = sized()
    train = everything(pool)[::2]
    assert np.isin(combine(name, pool, train, seed=0).rows, train).all()


def test_label_weights_are_each_symbols_own_and_multiply() -> None:
    pool = replace(sized(), weighting="uniqueness")
    rows = everything(pool)
    combined = combine("balanced", pool, rows, seed=0)
    by_symbol = balanced_weights(np.array([298, 48, 98]))
    expected = np.concatenate(
        [
            weight * uniqueness_weights(pool.base_rows[own].astype(np.int64), pool.label_end_rows[own].astype(np.int64))
            for weight, symbol in zip(by_symbol, SIZES, strict=True)
            if (own := rows[of_symbol(pool, rows, symbol)]) is not None
        ]
    )
    np.testing.assert_allclose(combined.weights, expected / expected.mean(), rtol=1e-6)


def test_an_unknown_combination_names_the_known_ones() -> None:
    pool = sized()
    with pytest.raises(InvalidInput, match="did you mean 'balanced'"):
        combine("balancd", pool, everything(pool), seed=0)


def test_scaling_is_weighted_as_scikit_learn_weighs() -> None:
    pool = sized()
    rows = everything(pool)
    shares = combine("balanced", pool, rows, seed=0).shares
    found = fit_scaler(pool.values, rows, shares, ["zscore", "none"])
    peer = StandardScaler().fit(pool.values[rows].astype(np.float64), sample_weight=shares)
    assert found.centre[0] == pytest.approx(peer.mean_[0], rel=1e-9)
    assert found.scale[0] == pytest.approx(peer.scale_[0], rel=1e-9)
    assert (found.centre[1], found.scale[1]) == (0.0, 1.0)


def test_weighted_quartiles_are_those_of_repeated_rows() -> None:
    values = np.array([[1.0], [2.0], [5.0], [9.0]], dtype=np.float32)
    shares = np.array([1.0, 3.0, 2.0, 2.0])
    found = fit_scaler(values, np.arange(4), shares, ["robust"])
    repeated = np.repeat(values[:, 0], [1, 3, 2, 2])
    low, middle, high = np.quantile(repeated, [0.25, 0.5, 0.75], method="inverted_cdf")
    assert (found.centre[0], found.scale[0]) == (middle, high - low)


@pytest.mark.parametrize("name", ["minmax", "zscore", "robust"])
def test_without_weights_scaling_is_that_of_one_symbol(name) -> None:
    pool = sized()
    rows = everything(pool)
    found = fit_scaler(pool.values, rows, None, [name, name])
    plain = Scaler.fit(pool.values[rows], [name, name])
    np.testing.assert_array_equal(found.centre, plain.centre)
    np.testing.assert_array_equal(found.scale, plain.scale)


def test_a_constant_column_keeps_its_scale() -> None:
    values = np.full((5, 1), 3, dtype=np.float32)
    found = fit_scaler(values, np.arange(5), np.arange(5) + 1.0, ["zscore"])
    assert (found.centre[0], found.scale[0]) == (3.0, 1.0)


def test_targets_are_standardised_with_the_weights() -> None:
    pool = sized(NUMBER)
    rows = everything(pool)
    shares = combine("balanced", pool, rows, seed=0).shares
    targets = pool.labels_of(rows)
    found = fit_target_scaler(targets, shares)
    peer = StandardScaler().fit(targets[:, None], sample_weight=shares)
    assert found.mean == pytest.approx(peer.mean_[0])
    assert found.std == pytest.approx(peer.scale_[0])
    assert fit_target_scaler(np.ones(4), np.arange(4) + 1.0).std == 1.0
