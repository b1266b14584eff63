from dataclasses import replace

import numpy as np
import pytest
from pool_samples import CLASSES, MINUTE, NUMBER, clock, labels_of, matrix_of, pool_of

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.training.pooling.hours import in_common_hours
from ktrdr.domain.training.pooling.pool import PoolBuilder, in_memory


def filled(target=CLASSES):
    builder = PoolBuilder(in_memory(100, 3))
    given = {}
    for seed, (symbol, n) in enumerate((("A", 30), ("B", 12), ("C", 40))):
        times = clock(n, start=seed)
        given[symbol] = matrix_of(times, 3, seed), labels_of(n, 4, target, seed), times
        usable = np.arange(n) >= 2
        builder.add(symbol, *given[symbol], usable)
    return builder.build(), given


@pytest.mark.parametrize("target", [CLASSES, NUMBER])
def test_one_symbol_comes_back_as_it_went_in(target) -> None:
    pool, given = filled(target)
    assert len(pool) == 82
    for symbol, (matrix, labels, times) in given.items():
        found = pool.matrix_of(symbol)
        np.testing.assert_array_equal(found.values, matrix.values)
        for name in ("base_rows", "stamps", "known_at"):
            np.testing.assert_array_equal(getattr(found, name), getattr(matrix, name))
        assert found.ids == matrix.ids
        rows = pool.rows_of(symbol)
        usable = labels.defined & (np.arange(len(times)) >= 2)
        np.testing.assert_array_equal(pool.label_end[rows] != NO_LABEL, usable)
        np.testing.assert_array_equal(pool.labels_of(rows)[usable], labels.values[usable])
        np.testing.assert_array_equal(pool.label_end[rows][usable], times[labels.end_rows[usable]])
        np.testing.assert_array_equal(pool.label_end_rows[rows][usable], labels.end_rows[usable])


def test_rows_know_their_symbol() -> None:
    pool, _ = filled()
    assert pool.symbol_of_row.tolist() == [0] * 30 + [1] * 12 + [2] * 40
    outcomes = pool.outcomes(np.array([0, 31, 80]))
    assert outcomes.labels.dtype == np.int64
    assert outcomes.matrix.values.shape == (3, 0)


def test_symbols_must_have_the_same_columns_and_labels_and_room() -> None:
    builder = PoolBuilder(in_memory(20, 2))
    times = clock(10)
    builder.add("A", matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    with pytest.raises(InvalidInput, match="B has other columns or other labels than A"):
        builder.add("B", matrix_of(times), labels_of(10, 1, NUMBER), times, np.ones(10, dtype=bool))
    more = clock(11)
    with pytest.raises(InvalidInput, match="B has more rows than its data were said to have"):
        builder.add("B", matrix_of(more), labels_of(11, 1), more, np.ones(11, dtype=bool))


def test_symbols_come_sorted_and_once() -> None:
    builder = PoolBuilder(in_memory(20, 2))
    times = clock(10)
    for symbol in ("B", "A"):
        builder.add(symbol, matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    with pytest.raises(InvalidInput, match="sorted and unique"):
        builder.build()
    with pytest.raises(InvalidInput, match="no symbols"):
        PoolBuilder(in_memory(1, 1)).build()


def test_the_pool_is_written_where_it_was_given_room() -> None:
    room = in_memory(50, 2)
    builder = PoolBuilder(room)
    times = clock(10)
    builder.add("A", matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    assert np.shares_memory(builder.build().values, room)
    assert len(pool_of({"A": times})) == 10


def test_common_hours_keep_the_moments_at_which_everybody_trades() -> None:
    # A trades each minute, B each third one from minute 30 to 60: before and after, A is alone.
    pool = pool_of({"A": clock(100), "B": clock(11, start=29, step=3)}, spans=1)
    kept = in_common_hours(pool)
    rows = np.flatnonzero(kept.label_end != NO_LABEL)
    minutes = (pool.known_at[rows] // MINUTE).tolist()
    together = list(range(30, 61, 3))
    assert minutes == [*range(1, 30), *together, *range(61, 100), *together[:-1]]
    np.testing.assert_array_equal(kept.label_end[rows], pool.label_end[rows])
    assert kept.values is pool.values


def test_symbols_held_out_do_not_decide_which_hours_are_common() -> None:
    times = {"A": clock(100), "B": clock(11, start=29, step=3)}
    pool = pool_of(times, spans=1)
    np.testing.assert_array_equal(in_common_hours(pool, ("B",)).label_end, pool.label_end)


def test_no_common_hour_is_an_error() -> None:
    pool = pool_of({"A": clock(50, step=2), "B": clock(50, start=1, step=2)}, spans=1)
    label_end = pool.label_end.copy()
    label_end[[0, 99]] = NO_LABEL  # the very first and the very last moment, of one symbol each
    with pytest.raises(InvalidInput, match="A, B never trade at one moment"):
        in_common_hours(replace(pool, label_end=label_end))
