"""What a file brings to a series that is kept: by worked examples, and against a plain dictionary of bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.errors import Conflict
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.dating import in_sessions
from ktrdr.domain.market.growing import grown, growth_of, with_gap
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

DAY = Timeframe("1d")


def series(values: dict[int, float], reading: Reading | None = None) -> Bars:
    """Return daily bars, from a number of days since 1970 to a close."""
    days = sorted(values)
    close = np.array([values[day] for day in days], dtype=float)
    stamps = np.array(days, dtype=np.int64) * NS_PER_DAY
    return replace(Bars("A", DAY, stamps, close, close, close, close, np.ones(len(days))), reading=reading)


def test_new_bars_at_both_ends_and_an_equal_overlap() -> None:
    kept, file = series({10: 1, 11: 2, 12: 3}), series({8: 9, 11: 2, 12: 3, 13: 4, 14: 5})
    growth = growth_of(series({11: 2, 12: 3}), file)
    assert (growth.kept, growth.before, growth.after, growth.overlap, growth.revised) == (2, 1, 2, 2, 0)
    assert grown(kept, series({12: 3, 13: 4})).close.tolist() == [1, 2, 3, 4]
    assert not growth.nothing_new
    assert growth_of(kept, series({11: 2, 12: 3})).nothing_new


def test_other_values_are_named_with_first_date_number_and_largest_size() -> None:
    growth = growth_of(series({10: 10, 11: 20, 12: 30, 13: 40}), series({11: 20.1, 12: 33, 13: 40}))
    assert (growth.overlap, growth.revised, growth.first_revised) == (1, 2, "1970-01-12T00:00:00Z")
    assert growth.revisions == (
        "2 bars have other values, first 1970-01-12T00:00:00Z; the largest difference is in open at "
        "1970-01-13T00:00:00Z: 30 is kept, 33 given (3, 10.000%)"
    )


def test_a_volume_alone_is_a_revision_too() -> None:
    kept = series({10: 10, 11: 20})
    growth = growth_of(kept, replace(kept, volume=np.array([1.0, 4.0])))
    assert growth.revised == 1
    assert "in volume at 1970-01-12T00:00:00Z: 1 is kept, 4 given (3, 300.000%)" in growth.revisions


def test_one_factor_over_all_prices_is_said() -> None:
    kept = series({day: 100.0 + day for day in range(10, 20)})
    split = replace(kept, **{name: getattr(kept, name) / 2 for name in ("open", "high", "low", "close")})
    assert growth_of(kept, split).revisions.endswith("all prices differ by the factor 0.5: adjusted anew?")


def test_bars_that_only_one_side_has_are_revisions() -> None:
    growth = growth_of(series({10: 1, 12: 3, 14: 5}), series({10: 1, 11: 2, 14: 5}))
    assert (growth.revised, growth.first_revised) == (2, "1970-01-12T00:00:00Z")
    assert growth.revisions == (
        "1 bar is new within the history, first 1970-01-12T00:00:00Z; "
        "1 bar is kept and not in the file, first 1970-01-13T00:00:00Z"
    )


def test_sessions_between_the_two_are_counted() -> None:
    days = np.arange(0, 30, dtype=np.int64) * NS_PER_DAY
    sessions = Sessions(days, days + NS_PER_DAY // 2, days + NS_PER_DAY * 3 // 4, "UTC")
    kept, file = series({10: 1, 11: 2}), series({14: 3})
    whole = in_sessions(grown(kept, file), sessions)
    assert with_gap(growth_of(kept, file), kept, file, whole).missing_sessions == 2
    assert with_gap(growth_of(file, kept), file, kept, whole).missing_sessions == 2
    near = series({11: 2, 12: 4})
    whole = in_sessions(grown(kept, near), sessions)
    assert with_gap(growth_of(kept, near), kept, near, whole).missing_sessions == 0


def test_prices_that_were_adjusted_otherwise_do_not_go_together() -> None:
    as_is, adjusted = Reading(), Reading(adjustment="splits and dividends")
    with pytest.raises(Conflict, match="prices are adjusted for splits and dividends, those that are kept taken as"):
        growth_of(series({1: 1}, as_is), series({2: 1}, adjusted))
    with pytest.raises(Conflict, match="prices are taken as they are, those that are kept adjusted for splits and"):
        growth_of(series({1: 1}, adjusted), series({2: 1}))


def test_what_was_said_of_both_files_stays() -> None:
    one, other = Reading(layout="yahoo", remarks=("a", "b")), Reading(layout="stooq", remarks=("b", "c"))
    joined = grown(series({1: 1}, one), series({2: 1}, other)).reading
    assert joined is not None
    assert (joined.layout, joined.remarks) == ("yahoo", ("a", "b", "c"))


DAYS = st.dictionaries(st.integers(0, 12), st.integers(1, 3).map(float), min_size=1)


@given(DAYS, DAYS)
@settings(max_examples=examples(200))
def test_against_a_dictionary(kept: dict[int, float], file: dict[int, float]) -> None:
    first, last = min(file), max(file)
    expected = {day: value for day, value in kept.items() if not first <= day <= last} | file
    growth, whole = growth_of(series(kept), series(file)), grown(series(kept), series(file))
    assert dict(zip((whole.stamps // NS_PER_DAY).tolist(), whole.close.tolist(), strict=True)) == expected
    both = {day for day in range(13) if min(kept) <= day <= max(kept) and first <= day <= last}
    told = sorted(day for day in both if kept.get(day) != file.get(day))
    assert growth.revised == len(told)
    assert growth.first_revised == (iso(told[0] * NS_PER_DAY) if told else "")
    assert growth.overlap == sum(kept.get(day) == value for day, value in file.items())
    assert (growth.before, growth.after) == (sum(d < min(kept) for d in file), sum(d > max(kept) for d in file))
    assert growth.nothing_new == (expected == kept)
