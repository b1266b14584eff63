"""Which bars a backtest may use."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.domain.backtest.span import Seen, Span, choose_span
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

ROWS = 20
FIRST = from_iso("2024-01-01T00:00:00Z")
ONES = np.ones(ROWS)
BARS = Bars("ANY", Timeframe("1d"), FIRST + np.arange(ROWS) * NS_PER_DAY, ONES, ONES, ONES, ONES, ONES)
SEEN = Seen("2024-01-09T00:00:00Z", "2024-01-15T00:00:00Z")
"""The bar of January 8 is known when that day is over: the last that chose the model; that of 14 is the last judged."""


def day(number: int) -> int:
    return FIRST + (number - 1) * NS_PER_DAY


def choose(start: int | None = None, *, in_sample: bool = False, usable: int = 2, bars: Bars = BARS) -> Span:
    return choose_span(bars, usable, SEEN, start, in_sample)


def test_by_default_it_begins_after_the_last_bar_that_chose_the_model() -> None:
    span = choose()
    assert BARS.stamps[span.first] == day(9)
    assert (span.in_sample_bars, span.judged_bars, span.marks) == (0, 6, ("already judged",))
    assert span.notes == (
        "begins with 2024-01-09T00:00:00Z: bars up to 2024-01-09T00:00:00Z chose the model",
        "already judged: the model's verdict rests on 6 of 12 bars, up to 2024-01-15T00:00:00Z",
    )


def test_a_start_among_those_is_refused_with_both_moments() -> None:
    with pytest.raises(InvalidInput, match=r"from 2024-01-08.* up to 2024-01-09.*--in-sample"):
        choose(day(8))
    assert BARS.stamps[choose(day(9)).first] == day(9)


def test_in_sample_it_may_and_is_marked() -> None:
    span = choose(day(5), in_sample=True)
    assert (span.first, span.in_sample_bars, span.judged_bars) == (4, 4, 6)
    assert span.marks == ("in sample", "already judged")
    assert choose(in_sample=True).first == 2


def test_after_the_verdict_there_is_nothing_to_say() -> None:
    span = choose(day(15))
    assert (span.first, span.marks, span.notes) == (14, (), ())


def test_what_can_not_be_predicted_is_left_out_and_said() -> None:
    span = choose(day(10), usable=11)
    assert (span.first, span.notes[0]) == (11, "begins with 2024-01-12T00:00:00Z, the first bar that can be predicted")


def test_fewer_than_two_bars_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"needs 2 bars, and 0 are left: the bars end at 2024-01-05.*--in-sample"):
        choose(bars=BARS.take(slice(0, 5)))
    with pytest.raises(InvalidInput, match=r"needs 2 bars, and 1 are left: the bars end at 2024-01-20"):
        choose(day(20))
