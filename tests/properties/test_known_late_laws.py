"""Law 9: nothing is known early; no neighbour row, zone, unit or guess moves what a file states."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.defects import DATED, Allowed
from samples.door import imported, judge, ns, refused
from samples.drawn_files import Drawn, plain_file
from samples.exports import DATES, MOMENTS, own_midnight
from samples.markets import VENUES, Venue, times, walk
from samples.sheets import LAYOUTS, Marks, sheet

from ktrdr.domain.errors import InvalidInput, KtrdrError


@settings(max_examples=examples(20))
@given(st.sampled_from(("1d", "1h", "5m")), st.integers(1, 23), st.floats(0, 0.99))
def test_a_shift_of_all_stamps_shifts_all_that_is_known(
    folders: Callable[[], Path], timeframe: str, hours: int, place: float
) -> None:
    coin = next(venue for venue in VENUES if venue.symbol == "COIN")
    bars = walk(times(coin, timeframe, place, 20), 1, 58, 2, True)
    later = [replace(bar, stamp=bar.stamp + timedelta(hours=hours)) for bar in bars]
    files = (plain_file(f"COIN_{timeframe}.csv", made, MOMENTS["Z"], coin, timeframe) for made in (bars, later))
    known, shifted = (imported(file, folders())[0].known_at for file in files)
    assert (shifted - known).tolist() == [hours * 3600 * 10**9] * 20


ANY_SYMBOL = [
    "SPY",
    "ABC",
    "7203.T",
    "VOD.L",
    "MC.PA",
    "0700.HK",
    "RELIANCE.NS",
    "SAP.DE",
    "EURUSD",
    "GC=F",
    "N225",
    "X",
]
ANY_ZONE = ["America/New_York", "Asia/Tokyo", "Asia/Hong_Kong", "Europe/London", "Europe/Paris", "Asia/Kolkata", "UTC"]


@settings(max_examples=examples(40))
@given(
    st.sampled_from([venue for venue in VENUES if not venue.continuous]),
    st.sampled_from(("Z", "s", "naive")),
    st.integers(-14, 14),
    st.floats(0, 0.99),
)
def test_days_that_begin_by_a_clock_far_away_are_not_known_early(
    folders: Callable[[], Path], venue: Venue, spelled: str, ahead: int, place: float
) -> None:
    """Midnights of a zone that the file does not name, such as a Singapore broker writes for stocks of New York."""
    bars = walk(times(venue, "1d", place, 30), 1, 58, 2, True)
    begun = [replace(bar, stamp=bar.stamp - timedelta(hours=ahead)) for bar in bars]
    made = plain_file(f"{venue.symbol}_1d.csv", begun, MOMENTS[spelled], venue, "1d")
    with suppress(InvalidInput):
        found, _ = imported(made, folders())
        assert len(found) == 30
        assert (found.known_at >= [ns(bar.known) for bar in bars]).all()


@settings(max_examples=examples(40))
@given(
    st.sampled_from(ANY_SYMBOL),
    st.sampled_from(ANY_ZONE),
    st.sampled_from(VENUES[:8]),
    st.booleans(),
    st.floats(0, 0.99),
)
def test_no_guess_moves_a_date(
    folders: Callable[[], Path], symbol: str, zone: str, trades: Venue, offset: bool, place: float
) -> None:
    bars = walk(times(trades, "1d", place, 25), 1, 58, 2, True)
    spelling = own_midnight("%Y-%m-%d %H:%M:%S%:z", zone) if offset else DATES["iso"]
    venue = Venue(symbol, trades.calendar, zone)
    try:
        found, _ = imported(plain_file(f"{symbol}_1d.csv", bars, spelling, venue, "1d"), folders())
    except KtrdrError:
        assert symbol != trades.symbol or zone != trades.zone
    else:
        assert found.stamps.tolist() == [ns(bar.stamp) for bar in bars]


@settings(max_examples=examples(30))
@given(st.sampled_from(VENUES), st.sampled_from(("iso", "dots", "name")), st.integers(0, 19), st.floats(0, 0.99))
def test_a_bar_that_is_not_over_is_left_out_and_nothing_else_moves(
    folders: Callable[[], Path], venue: Venue, spelled: str, row: int, place: float
) -> None:
    bars = walk(times(venue, "1d", place, 20), 1, 58, 2, True)
    made = sheet(bars, LAYOUTS["plain"], DATES[spelled], venue.symbol, Marks(), ",")
    DATED["stray clock"](made, row)
    name, others = f"{venue.symbol}_1d.csv", bars[:row] + bars[row + 1 :]
    drawn = Drawn(name, made.written().encode(), venue, "1d", others, text=made.written(), drop_unfinished=True)
    found, said = imported(drawn, folders())
    judge(drawn, found)
    assert re.search(r"row|left out|unfinished", said)


@settings(max_examples=examples(20))
@given(
    st.sampled_from(VENUES), st.sampled_from((("5m", "15m"), ("5m", "1h"), ("15m", "4h"), ("1h", "1d"), ("1d", "1w")))
)
def test_bars_closer_together_than_their_timeframe_are_refused(
    folders: Callable[[], Path], venue: Venue, lengths: tuple[str, str]
) -> None:
    finer, stated = lengths
    bars = walk(times(venue, finer, 0.3, 40), 1, 58, 2, True)
    with pytest.raises(KtrdrError) as refusal:
        imported(plain_file(f"{venue.symbol}_{stated}.csv", bars, MOMENTS["Z"], venue, stated), folders())
    assert refusal.value.family == "invalid_input"


@settings(max_examples=examples(40))
@given(
    st.sampled_from(VENUES),
    st.sampled_from(("5m", "15m", "1h", "4h")),
    st.integers(0, 19),
    st.integers(1, 9),
    st.floats(0, 0.99),
)
def test_a_bar_that_begins_within_another_is_refused_or_left_out(
    folders: Callable[[], Path], venue: Venue, timeframe: str, row: int, tenths: int, place: float
) -> None:
    bars = walk(times(venue, timeframe, place, 20), 1, 58, 2, True)
    begins = bars[row].stamp + (bars[row].known - bars[row].stamp) * tenths / 10
    within = replace(bars[row], stamp=begins.replace(microsecond=0))
    made = plain_file(
        f"{venue.symbol}_{timeframe}.csv", [*bars[: row + 1], within, *bars[row + 1 :]], MOMENTS["Z"], venue, timeframe
    )
    try:
        found, said = imported(made, folders())
    except KtrdrError as error:
        refused(replace(made, allowed=Allowed(row=True), rows_named=(row, row + 3)), error)
    else:
        judge(replace(made, bars=bars), found)
        assert re.search(r"row|left out|unfinished", said)
