import numpy as np
import pytest
from samples.pools import MINUTE, clock, pool_of, random_pool
from samples.splits import pooled_split, temporal_split

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.parted import PARTS, absent_notes

SHARES = (0.6, 0.2, 0.2)


def test_one_symbol_is_split_as_alone() -> None:
    pool = pool_of({"A": clock(103)})
    split = pooled_split(pool, SHARES)
    rows = np.flatnonzero(pool.label_end != NO_LABEL)
    alone = temporal_split(pool.known_at[rows], pool.label_end[rows], clock(103), SHARES)
    for name in PARTS:
        assert getattr(split, name).tolist() == rows[getattr(alone, name)].tolist()
    assert split.cuts == alone.cuts
    assert split.report()["purged"] == alone.report()["purged"]


def test_symbols_weigh_the_same_whatever_rows_they_have() -> None:
    # A has ten times the rows of B. At minute t the weight before is t / 2000 + (t - 500) / 2000 while both have rows:
    # half of it lies before minute 750, three quarters before minute 1000; half of the rows before minute 550.
    pool = pool_of({"A": clock(1000), "B": clock(100, start=500, step=10)}, spans=0)
    first, second = pooled_split(pool, (0.5, 0.25, 0.25)).cuts
    assert abs(first - 750 * MINUTE) <= 10 * MINUTE
    assert abs(second - 1000 * MINUTE) <= 10 * MINUTE


def test_the_purge_looks_at_the_time_not_at_the_row() -> None:
    # Both symbols look 5 bars ahead; those of B are 10 minutes long, so that its labels reach 50 minutes.
    pool = pool_of({"A": clock(200), "B": clock(20, step=10)}, spans=5)
    split = pooled_split(pool, SHARES)
    cut = split.cuts[0]
    for symbol, reach in (("A", 5), ("B", 50)):
        train = split.of(pool.rows_of(symbol), "train")
        assert pool.label_end[train].max() < cut
        dropped = np.setdiff1d(np.arange(pool.rows_of(symbol).start, train[0]), train)
        assert not len(dropped)
        assert pool.known_at[train].max() < cut - reach * MINUTE + (10 if symbol == "B" else 1) * MINUTE


def test_the_embargo_counts_the_rows_that_reach_furthest_back() -> None:
    pool = pool_of({"A": clock(200), "B": clock(20, step=10)}, spans=0)
    split = pooled_split(pool, SHARES, embargo_bars=3)
    known_b = pool.known_at[pool.rows_of("B")]
    place = int(np.searchsorted(known_b, split.cuts[0]))
    assert split.limits[0] == known_b[place - 3]
    assert pool.label_end[split.train].max() < split.limits[0]


def test_symbols_that_lie_in_some_parts_only_are_counted_and_said() -> None:
    times = {"A": clock(300), "LATE": clock(60, start=240), "OLD": clock(60)}
    pool = pool_of(times, spans=2)
    split = pooled_split(pool, SHARES)
    assert [pool.symbols[place] for place in split.seen] == ["A", "OLD"]
    counts = split.counts(pool.blocks)
    assert counts["LATE"]["train"] == counts["LATE"]["validation"] == 0
    assert counts["LATE"]["test"] == len(split.beside["test"]) > 0
    notes = absent_notes(counts)
    assert "LATE has no rows in train and validation; it counts as never seen" in notes
    assert "OLD has no rows in test" in " ".join(notes).replace("validation and ", "")


def test_symbols_held_out_move_no_cut_and_give_test_rows_only() -> None:
    times = {"A": clock(300), "B": clock(300), "X": clock(300)}
    pool = pool_of(times)
    split = pooled_split(pool, SHARES, held_out=("X",))
    without = pooled_split(pool_of({name: times[name] for name in "AB"}), SHARES)
    assert split.cuts == without.cuts
    assert [split.train.tolist(), split.validation.tolist(), split.test.tolist()] == [
        without.train.tolist(),
        without.validation.tolist(),
        without.test.tolist(),
    ]
    rows = pool.rows_of("X")
    assert split.beside["test"].min() >= rows.start
    assert pool.known_at[split.beside["test"]].min() >= split.cuts[1]
    assert absent_notes(split.counts(pool.blocks), ("X",)) == ()
    assert split.judged_until >= pool.label_end[split.beside["test"]].max()


def test_too_few_rows_say_how_many_are_left() -> None:
    with pytest.raises(
        InvalidInput,
        match="30 labelled rows of 2 symbols leave 18 in train, 6 in validation, 6 in test",
    ):
        pooled_split(pool_of({"A": clock(15), "B": clock(15)}, spans=0), SHARES)
    with pytest.raises(InvalidInput, match="sum to 1"):
        pooled_split(pool_of({"A": clock(300)}), (0.5, 0.2, 0.2))


def brute_force(pool, cuts, limits, embargo_bars, held_out=()):
    """Place every row by itself; return the rows of each part, and of the unseen."""
    parts = {name: [] for name in PARTS}
    for place, symbol in enumerate(pool.symbols):
        own = {name: [] for name in PARTS}
        for row in range(pool.starts[place], pool.starts[place + 1]):
            end, known = int(pool.label_end[row]), int(pool.known_at[row])
            if end == NO_LABEL:
                continue
            if known < cuts[0]:
                own["train"] += [row] if end < limits[0] else []
            elif known < cuts[1]:
                own["validation"] += [row] if end < limits[1] else []
            else:
                own["test"].append(row)
        if own["train"] and symbol not in held_out:
            for name in PARTS:
                parts[name] += own[name]
    return parts


def test_a_thousand_random_poolings_agree_with_brute_force() -> None:
    agreed = 0
    for seed in range(1000):
        pool = random_pool(seed)
        embargo = seed % 4
        try:
            split = pooled_split(pool, SHARES, embargo)
        except InvalidInput:
            continue
        agreed += 1
        parts = brute_force(pool, split.cuts, split.limits, embargo)
        assert {name: getattr(split, name).tolist() for name in PARTS} == parts
        for row in split.train:
            assert pool.label_end[row] < split.limits[0] <= split.cuts[0]
        for row in split.validation:
            assert split.cuts[0] <= pool.known_at[row]
            assert pool.label_end[row] < split.limits[1] <= split.cuts[1]
    assert agreed > 700
