"""Resampling equals its slow twin, and never changes its mind."""

from __future__ import annotations

import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from twins.resample import as_rows, slow_resample

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

DAY = 86_400 * 10**9
# Both changes of the clock, an early close (2024-11-29) and a holiday, weeks across years.
STARTS = ("2024-03-07", "2024-10-31", "2024-11-26", "2024-12-28", "2024-07-01")
TARGETS = {
    "5m": ("5m", "10m", "35m", "1h", "4h", "5h", "23h", "1d", "2d", "1w"),
    "30m": ("30m", "1h", "90m", "4h", "12h", "1d", "3d", "1w"),
    "1h": ("60m", "2h", "5h", "8h", "1d", "1w"),
}


@st.composite
def bars_and_target(draw: st.DrawFn) -> tuple[Bars, Timeframe, bool]:
    fine = Timeframe(draw(st.sampled_from(sorted(TARGETS))))
    calendar = draw(st.sampled_from(["XNYS", "24/5", "24/7", "XTKS", "CMES", None]))
    start = from_iso(draw(st.sampled_from(STARTS)) + "T00:00:00Z") + draw(st.sampled_from([0, 30])) * 60 * 10**9
    grid = start + fine.ns * np.arange(draw(st.integers(1, 9)) * DAY // fine.ns)
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    stamps = grid[generator.random(len(grid)) < draw(st.sampled_from([0.02, 0.3, 1.0]))]
    if not len(stamps):
        stamps = grid[:1]
    open_, close = generator.integers(10, 100, (2, len(stamps))).astype(float)
    high = np.maximum(open_, close) + generator.integers(0, 9, len(stamps))
    low = np.minimum(open_, close) - generator.integers(0, 9, len(stamps))
    volume = generator.integers(0, 9, len(stamps)).astype(float)
    sessions = sessions_for(calendar, int(stamps[0]), int(stamps[-1])) if calendar else None
    bars = Bars("X", fine, stamps, open_, high, low, close, volume, sessions=sessions)
    return bars, Timeframe(draw(st.sampled_from(TARGETS[fine.text]))), draw(st.booleans())


@settings(max_examples=examples(150))
@given(bars_and_target())
def test_it_equals_the_slow_twin(drawn: tuple[Bars, Timeframe, bool]) -> None:
    bars, target, extended = drawn
    assert as_rows(resample(bars, target, extended_hours=extended)) == slow_resample(bars, target, extended)


@settings(max_examples=examples(150))
@given(bars_and_target(), st.data())
def test_further_bars_change_no_bar_that_was_given(drawn: tuple[Bars, Timeframe, bool], data: st.DataObject) -> None:
    bars, target, extended = drawn
    cut = data.draw(st.integers(0, len(bars)))
    whole = resample(bars, target, extended_hours=extended)
    part = resample(bars.take(slice(0, cut)), target, extended_hours=extended)
    assert as_rows(part) == as_rows(whole)[: len(part)]
    if cut:
        assert len(part) >= int((whole.known_at <= bars.known_at[cut - 1]).sum())


@settings(max_examples=examples(100))
@given(bars_and_target())
def test_known_times_ascend_and_extended_hours_lose_nothing(drawn: tuple[Bars, Timeframe, bool]) -> None:
    bars, target, extended = drawn
    coarse = resample(bars, target, extended_hours=extended)
    assert (np.diff(coarse.known_at) >= 0).all()
    if extended and len(coarse):
        taken = int(np.searchsorted(bars.known_at, coarse.known_at[-1], side="right"))
        assert coarse.volume.sum() == bars.volume[:taken].sum()
