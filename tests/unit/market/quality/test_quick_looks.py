"""What rules look at in a few places only, against a look at every single value."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality.evidence import usual
from ktrdr.domain.market.quality.grid import _decimals
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.zone_shift import _have_room
from tests.effort import examples

PRICES = st.builds(lambda units, decimals: units / 10.0**decimals, st.integers(1, 10**6), st.integers(-3, 8))


def decimals_of(price: float) -> int:
    """Return the fewest decimals, from -3 to 6, that a price needs; 7 where it needs more."""
    for decimals in range(-3, 7):
        room = min(1e-7 * max(abs(price), 1e-3), 0.02 * 10.0**-decimals)
        if abs(price - float(np.round(price, decimals))) <= room:
            return decimals
    return 7


@settings(max_examples=examples(100))
@given(st.lists(st.lists(PRICES, min_size=3, max_size=3), min_size=1, max_size=12))
def test_a_block_needs_the_decimals_of_the_price_that_needs_most(blocks: list[list[float]]) -> None:
    expected = [max(decimals_of(price) for price in block) for block in blocks]
    assert _decimals(np.array(blocks)).tolist() == expected


@settings(max_examples=examples(100))
@given(st.lists(st.integers(0, 9), min_size=4, max_size=60), st.integers(2, 7))
def test_usual_is_the_largest_median_of_three_blocks(values: list[int], size: int) -> None:
    array, n_blocks = np.array(values, dtype=float), max(len(values) // size, 1)
    edges = [int(edge) for edge in np.linspace(0, len(values), n_blocks + 1)]
    width = min(end - begin for begin, end in pairwise(edges))
    medians = [float(np.median(values[begin : begin + width])) for begin in edges[:-1]]
    moving = [value for value in values if value > 0]
    least = float(np.median(moving)) / 2 if moving else 0.0
    expected = []
    for row in range(len(values)):
        block = max(place for place in range(n_blocks) if edges[place] <= row)
        expected.append(max(least, *medians[max(block - 1, 0) : block + 2]))
    assert usual(array, size, np.arange(len(values))).tolist() == expected
    some = np.arange(0, len(values), 3)
    assert usual(array, size, some).tolist() == [expected[row] for row in some]


HOUR, DAY = 3600 * 10**9, 86_400 * 10**9


@settings(max_examples=examples(60))
@given(st.integers(1, 24), st.integers(1, 23), st.integers(1, 8), st.integers(-12, 12))
def test_sessions_in_which_all_bars_lie_on_some_clock_have_room_for_them(
    a_day: int, length: int, days: int, ahead: int
) -> None:
    dates = 19_000 * DAY + np.arange(days) * DAY
    sessions = Sessions(dates, dates + HOUR // 2, dates + HOUR // 2 + length * HOUR)
    stamps = (dates[:, None] + np.arange(min(a_day, length)) * HOUR + HOUR // 2).ravel() + ahead * HOUR
    prices = dict.fromkeys(("open", "high", "low", "close"), np.ones(len(stamps)))
    assert _have_room(sessions, Bars.of("X", Timeframe("1h"), stamps, prices))
