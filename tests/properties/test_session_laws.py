"""Sessions of ascending stamps, and what is counted by their edges, against a look at every single stamp."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.values import LARGEST, extreme, plain_or_zero
from tests.effort import examples

MINUTE, HOUR, DAY = 60 * 10**9, 3600 * 10**9, 86_400 * 10**9
FIRST = 19_000 * DAY
HOURS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20), st.integers(1, 24)), min_size=1, max_size=6)


def sessions_of(days: list[tuple[int, int, int]]) -> Sessions:
    """Return sessions some days apart, which open at an hour and last some; no two overlap."""
    dates = FIRST + np.cumsum([gap for gap, _, _ in days]) * DAY
    opens = dates + np.array([hour for _, hour, _ in days]) * HOUR
    closes = np.minimum(opens + np.array([length for _, _, length in days]) * HOUR, np.append(opens[1:], 2**62))
    return Sessions(dates, opens, closes)


def session_of(stamp: int, length: int, sessions: Sessions) -> int:
    """Return the first session that a bar overlaps, by looking at each; -1 where there is none."""
    pairs = zip(sessions.opens.tolist(), sessions.closes.tolist(), strict=True)
    return next((place for place, (o, c) in enumerate(pairs) if o < stamp + length and stamp < c), -1)


@settings(max_examples=examples(150))
@given(HOURS, st.lists(st.integers(-1, 20 * 48), min_size=1, max_size=60), st.sampled_from(["30m", "1h", "4h", "7h"]))
def test_each_bar_lies_in_the_first_session_that_it_overlaps(
    days: list[tuple[int, int, int]], halves: list[int], timeframe: str
) -> None:
    sessions, length = sessions_of(days), Timeframe(timeframe)
    stamps = FIRST + np.array(halves, dtype=np.int64) * 30 * MINUTE
    for some in (stamps, np.sort(stamps), np.unique(stamps)):
        expected = [session_of(stamp, length.ns, sessions) for stamp in some.tolist()]
        assert sessions.locate(some, length).tolist() == expected


@settings(max_examples=examples(150))
@given(
    st.integers(0, 6), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 1439)), min_size=1, max_size=80),
    st.sampled_from([[0, 1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 6], [0, 1, 2, 3, 4]]),
)  # fmt: skip
def test_a_venue_is_guessed_by_saturdays_and_sunday_evenings(
    shift: int, times: list[tuple[int, int]], weekdays: list[int]
) -> None:
    kept = [(day + shift, minute) for day, minute in times if (19_000 + day + shift + 3) % 7 in weekdays]
    stamps = np.array([FIRST + day * DAY + minute * MINUTE for day, minute in kept], dtype=np.int64)
    clocks = [((19_000 + day + 3) % 7, minute) for day, minute in kept]
    saturdays, evenings = sum(day == 5 for day, _ in clocks), sum(day == 6 and minute >= 1200 for day, minute in clocks)
    expected = "crypto" if saturdays > len(kept) / 20 else "forex" if evenings > len(kept) / 200 else "stock"
    assert infer_characteristics("XYZQ", stamps, Timeframe("1m")).asset_class == expected
    assert infer_characteristics("XYZQ", np.sort(stamps), Timeframe("1m")).asset_class == expected


SIZES = (0.0, -0.0, 5e-324, 0.5 / LARGEST, 1 / LARGEST, 1.0, LARGEST, 2 * LARGEST, -1.0, np.inf, -np.inf, np.nan)


@given(st.lists(st.sampled_from(SIZES), max_size=6))
def test_volumes_are_plain_or_zero_where_none_breaks_a_rule(values: list[float]) -> None:
    array = np.array(values)
    broken = ~np.isfinite(array) | extreme(array) | (array < 0)
    assert plain_or_zero(array) == (not broken.any())


@settings(max_examples=examples(100))
@given(HOURS, st.lists(st.integers(0, 20 * 48), min_size=1, max_size=60, unique=True), st.sampled_from(["30m", "4h"]))
def test_bars_put_into_sessions_are_those_that_are_made_with_them(
    days: list[tuple[int, int, int]], halves: list[int], timeframe: str
) -> None:
    sessions, stamps = sessions_of(days), FIRST + np.sort(np.array(halves)) * 30 * MINUTE
    prices = dict.fromkeys(("open", "high", "low", "close"), np.ones(len(stamps)))
    length = Timeframe(timeframe)
    made = Bars.of("X", length, stamps, prices, sessions=sessions)
    put = Bars.of("X", length, stamps, prices).with_sessions(sessions)
    assert put.sessions is sessions
    assert put.known_at.tolist() == made.known_at.tolist()
