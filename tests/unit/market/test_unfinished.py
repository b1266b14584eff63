"""Which bars are over at a moment, and how that is said."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.unfinished import is_over, unfinished_warnings

HOUR = 3600 * 10**9
CLOSE = np.array([1.0, 2.0, 3.0])
BARS = Bars.of(
    "MINE",
    Timeframe("1h"),
    from_iso("2024-03-01T10:00Z") + HOUR * np.arange(3, dtype=np.int64),
    dict.fromkeys(("open", "high", "low", "close"), CLOSE),
)


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2024-03-01T13:00:00Z", [True, True, True]),
        ("2024-03-01T12:59:59.999999999Z", [True, True, False]),
        ("2024-03-01T12:00:00Z", [True, True, False]),
        ("2024-03-01T11:59:55Z", [True, False, False]),
    ],
)
def test_a_bar_is_over_from_the_moment_at_which_it_is_known(now: str, over: list[bool]) -> None:
    assert is_over(BARS.known_at, from_iso(now)).tolist() == over


def test_the_first_unfinished_bar_is_named() -> None:
    assert unfinished_warnings(BARS, from_iso("2024-03-01T13:00:00Z")) == ()
    (last,) = unfinished_warnings(BARS, from_iso("2024-03-01T12:30:00Z"))
    assert last.startswith(
        "MINE 1h: the bar of 2024-03-01T12:00:00Z is not over before 2024-03-01T13:00:00Z, and it is "
    )
    (two,) = unfinished_warnings(BARS, from_iso("2024-03-01T11:59:59Z"))
    assert "the bar of 2024-03-01T11:00:00Z (and 1 more) is not over before 2024-03-01T12:00:00Z" in two
