import numpy as np
import pytest
from samples.pools import CLASSES, MINUTE, NUMBER, clock, labels_of, matrix_of, pool_of

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.training.pool.hours import TradingMoments, in_common_hours, kept_note
from ktrdr.domain.training.pool.pool import PoolBuilder, in_memory


def filled(target=CLASSES):
    builder = PoolBuilder(lambda _: in_memory(100, 3))
    given = {}
    for seed, (symbol, n) in enumerate((("A", 30), ("B", 12), ("C", 40))):
        times = clock(n, start=seed)
        given[symbol] = matrix_of(times, 3, seed), labels_of(n, 4, target, seed), times
        builder.add(symbol, *given[symbol], given[symbol][1].defined & (np.arange(n) >= 2))
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
    assert pool.blocks == {"A": slice(0, 30), "B": slice(30, 42), "C": slice(42, 82)}
    assert pool.spans.owner.tolist() == pool.symbol_of_row.tolist()
    assert [len(bars) for bars in pool.bars] == [30, 12, 40]


def test_symbols_must_have_the_same_columns_and_labels_and_room() -> None:
    builder = PoolBuilder(lambda _: in_memory(20, 2))
    times = clock(10)
    builder.add("A", matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    with pytest.raises(InvalidInput, match="B has other columns or other labels than A"):
        builder.add("B", matrix_of(times), labels_of(10, 1, NUMBER), times, np.ones(10, dtype=bool))
    more = clock(11)
    with pytest.raises(InvalidInput, match="B has more rows than its data were said to have"):
        builder.add("B", matrix_of(more), labels_of(11, 1), more, np.ones(11, dtype=bool))


def test_symbols_come_sorted_and_once() -> None:
    builder = PoolBuilder(lambda _: in_memory(20, 2))
    times = clock(10)
    for symbol in ("B", "A"):
        builder.add(symbol, matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    with pytest.raises(InvalidInput, match="sorted and unique"):
        builder.build()
    with pytest.raises(InvalidInput, match="no symbols"):
        PoolBuilder(lambda _: in_memory(1, 1)).build()


def test_the_pool_is_written_where_it_was_given_room() -> None:
    room = in_memory(50, 2)
    builder = PoolBuilder(lambda _: room)
    times = clock(10)
    builder.add("A", matrix_of(times), labels_of(10, 1), times, np.ones(10, dtype=bool))
    assert np.shares_memory(builder.build().values, room)
    assert len(pool_of({"A": times})) == 10


def trading(pool, sessions=None, bars=None, timeframe="1m"):
    """Return when symbols trade: by `bars`, else by their rows, and by the sessions given."""
    own = {symbol: pool.known_at[pool.rows_of(symbol)] for symbol in pool.symbols} | (bars or {})
    calendars = sessions or {}
    return {name: TradingMoments(own[name], Timeframe(timeframe), calendars.get(name)) for name in pool.symbols}


def minutes(pool, symbol):
    rows = pool.rows_of(symbol)
    return (pool.known_at[rows][pool.label_end[rows] != NO_LABEL] // MINUTE).tolist()


def days(*opens, length=40):
    """Return sessions that open after these minutes."""
    begin = np.array(opens) * MINUTE
    return Sessions(begin // (100 * MINUTE) * 100 * MINUTE, begin, begin + length * MINUTE)


def test_common_hours_keep_the_moments_at_which_everybody_trades() -> None:
    # A trades each minute, B each third one from minute 30 to 60; nothing is known of B before and after.
    pool = pool_of({"A": clock(100), "B": clock(11, start=29, step=3)}, spans=1)
    kept = in_common_hours(pool, trading(pool))
    together = list(range(30, 61, 3))
    assert minutes(kept, "A") == together
    assert minutes(kept, "B") == together[:-1]
    rows = np.flatnonzero(kept.label_end != NO_LABEL)
    np.testing.assert_array_equal(kept.label_end[rows], pool.label_end[rows])
    assert kept.values is pool.values
    assert kept_note(pool, kept).endswith("could be learnt from: A 11 of 99, B 10 of 10")


def test_before_and_after_its_bars_a_symbols_calendar_says_when_it_trades() -> None:
    # A never closes; B opens at minutes 20, 120, 220 and 420, has a holiday on the fourth day, and bars of the third.
    pool = pool_of({"A": clock(500), "B": clock(40, start=220)}, spans=1)
    around = trading(pool, {"B": days(20, 120, 220, 420)})
    open_minutes = [minute for first in (20, 120, 220, 420) for minute in range(first + 1, first + 41)]
    assert minutes(in_common_hours(pool, around), "A") == open_minutes
    # Where its bars are longer, only the minutes at which one of them would be known, and the close.
    pool = pool_of({"A": clock(500), "B": clock(5, start=226, step=7)}, spans=1)
    around = trading(pool, {"B": days(20, 120, 220, 420)}, timeframe="7m")
    each = [first + past for first in (20, 120, 220, 420) for past in (7, 14, 21, 28, 35, 40)]
    assert minutes(in_common_hours(pool, around), "A") == each


def test_daily_bars_are_due_at_the_close_of_each_session() -> None:
    day = 24 * 60
    sessions = Sessions(*(np.arange(60) * day * MINUTE + hour * 60 * MINUTE for hour in (0, 14, 21)))
    closes = sessions.closes // MINUTE - 1
    pool = pool_of({"A": (closes + 1) * MINUTE, "B": ((closes + 1) * MINUTE)[40:]}, spans=1)
    kept = in_common_hours(pool, trading(pool, {"B": sessions.cut(np.arange(60) != 7)}, timeframe="1d"))
    assert len(minutes(kept, "A")) == 58
    assert int(closes[7]) + 1 not in minutes(kept, "A")


def test_the_bars_of_a_warm_up_say_when_a_symbol_trades() -> None:
    pool = pool_of({"A": clock(60), "B": clock(5, start=44, step=3)}, spans=1)
    bars = clock(10, start=29, step=3)
    kept = in_common_hours(pool, trading(pool, bars={"B": bars}))
    assert minutes(kept, "A") == list(range(30, 58, 3))


def test_symbols_held_out_do_not_decide_which_hours_are_common() -> None:
    times = {"A": clock(100), "B": clock(11, start=29, step=3)}
    pool = pool_of(times, spans=1)
    deciding = {"A": trading(pool)["A"]}
    np.testing.assert_array_equal(in_common_hours(pool, deciding).label_end, pool.label_end)


def test_no_common_hour_is_an_error() -> None:
    pool = pool_of({"A": clock(50, step=2), "B": clock(50, start=1, step=2)}, spans=1)
    with pytest.raises(InvalidInput, match="A, B never trade at one moment"):
        in_common_hours(pool, trading(pool))
