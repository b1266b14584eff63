"""Pieces of charts: decimated lines keep their extremes, axes say times."""

from __future__ import annotations

import re

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.report.panels import Marks, price_chart
from ktrdr.adapters.report.svg import area, boxes, curve, decimate, linear, time_ticks
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe


def test_a_short_line_keeps_every_point() -> None:
    assert decimate(np.arange(5.0), np.array([1.0, 5.0, 2.0, 9.0, 3.0])).tolist() == [0, 1, 2, 3, 4]


def test_of_one_pixel_first_last_lowest_and_highest_stay() -> None:
    x = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0])
    y = np.array([3.0, 9.0, 4.0, -2.0, 5.0, 4.0, 0.0])
    assert decimate(x, y).tolist() == [0, 1, 3, 5, 6]


def test_marks_point_at_their_prices_and_leave_room_between_each_other() -> None:
    ones = np.ones(101)
    bars = Bars("X", Timeframe("1d"), np.arange(101) * NS_PER_DAY, ones, ones * 2, ones, ones, ones)
    places = np.array([0, 50, 51, 100])
    drawn = price_chart("Price", bars, marks=[Marks(places, np.array([1.0, 2.0, 1.5, 1.0]), "up", 3)])
    (path,) = re.findall(r'class="mark c3" d="([^"]+)"', drawn)
    tips = [tuple(map(float, tip)) for tip in re.findall(r"M([\d.]+) ([\d.]+)l3.0 6.0h-6.0Z", path)]
    assert [x for x, _ in tips] == [64.0, 505.0, 513.8, 946.0]
    assert tips[1][1] < tips[2][1] < tips[0][1] == tips[3][1]
    crowded = price_chart("Price", bars, marks=[Marks(np.arange(101), ones, "down", 0)])
    assert crowded.count("l3.0 -6.0") == 101
    crowd = Bars("X", Timeframe("1d"), np.arange(2000) * NS_PER_DAY, *(np.ones(2000) for _ in range(5)))
    crowded = price_chart("Price", crowd, marks=[Marks(np.arange(2000), np.ones(2000), "down", 0)])
    assert crowded.count("l3.0 -6.0") == pytest.approx((946 - 64) / 6, abs=2)


def test_missing_points_are_never_drawn() -> None:
    y = np.array([np.nan, 1.0, np.nan, np.nan, 2.0, 3.0])
    assert decimate(np.arange(6.0), y).tolist() == [1, 4, 5]
    assert re.findall(r"[ML][\d.]+ [\d.]+", curve("k", np.arange(6.0), y)) == ["M1.0 1.0", "M4.0 2.0", "L5.0 3.0"]
    assert curve("k", np.arange(3.0), np.full(3, np.nan)) == ""


@settings(max_examples=examples(60))
@given(st.integers(1, 400), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_every_pixel_keeps_its_range(count: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(0, width, count))
    y = np.where(rng.uniform(size=count) < 0.1, np.nan, rng.normal(size=count))
    kept = decimate(x, y)
    assert (np.diff(kept) > 0).all()
    assert len(kept) <= 4 * width
    for pixel in range(width):
        inside = y[(np.floor(x) == pixel) & np.isfinite(y)]
        drawn = y[kept][np.floor(x[kept]) == pixel]
        assert (min(inside, default=0), max(inside, default=0)) == (min(drawn, default=0), max(drawn, default=0))
        assert inside[:1].tolist() + inside[-1:].tolist() == drawn[:1].tolist() + drawn[-1:].tolist()


def test_a_million_points_make_a_small_path() -> None:
    x = linear(0, 999_999, 0, 900)(np.arange(1_000_000.0))
    y = np.random.default_rng(0).normal(size=1_000_000)
    assert len(curve("k", x, y)) < 60_000
    assert len(area("k", x, y, y + 1)) < 100_000


def stamps(first: str, step: str, count: int) -> np.ndarray:
    times = np.datetime64(first, "ns") + np.arange(count) * np.timedelta64(1, step)
    return times.astype(np.int64)


@pytest.mark.parametrize(
    ("step", "count", "texts"),
    [
        ("D", 2000, ["2001", "2002", "2003", "2004", "2005"]),
        ("D", 120, ["2000-02", "2000-03", "2000-04"]),
        ("h", 90, ["2000-01-02", "2000-01-03", "2000-01-04"]),
        ("m", 200, ["2000-01-01 01:00", "2000-01-01 02:00", "2000-01-01 03:00"]),
    ],
)
def test_times_begin_where_their_unit_begins(step: str, count: int, texts: list[str]) -> None:
    found = time_ticks(stamps("2000-01-01", step, count))
    assert [text for _, text in found] == texts
    times = stamps("2000-01-01", step, count).astype("datetime64[ns]")
    assert [times[place] for place, _ in found] == [np.datetime64(text.replace(" ", "T")) for text in texts]


def test_times_are_few_even_over_decades() -> None:
    assert 3 <= len(time_ticks(stamps("1970-01-01", "D", 18_000))) <= 7
    assert time_ticks(stamps("2000-01-01", "D", 1)) == []


def test_no_shape_without_boxes() -> None:
    assert boxes("k", []) == ""
    assert boxes("k", [(0, 1, 2, 3)]) == '<path class="k" d="M0.0 2.0H1.0V3.0H0.0Z"/>'
