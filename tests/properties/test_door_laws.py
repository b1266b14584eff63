"""Nothing is known early, whatever the rows beside it, the zone of the file, or the guess of the venue."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.catalogue import adding_to_catalogue
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.bar_source import MemorySource
from ktrdr.application.preparing.sessioned import SessionedRepository
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.dating import in_sessions, settled
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe

DAY = 86_400 * 10**9
HOUR = DAY // 24
ONE_DAY = Timeframe("1d")
VENUES = ("XNYS", "XLON", "XTKS", "XHKG", "BVMF", "24/5", "24/7")
EXCHANGES = VENUES[:-2]
ZONES = ("America/New_York", "America/Chicago", "Europe/London", "Europe/Paris", "Asia/Tokyo", "Asia/Kolkata")
FIRST = np.datetime64("2019-01-01", "ns").astype(np.int64)
STARTS = st.integers(0, 1800).map(lambda day: int(FIRST) + day * DAY)


def bars_of(stamps: np.ndarray, timeframe: str = "1d", written: np.ndarray | None = None, symbol: str = "X") -> Bars:
    close = 100 + np.arange(len(stamps)) / 8
    flat = close, close, close, close, np.ones(len(stamps))
    return Bars(symbol, Timeframe(timeframe), np.asarray(stamps, dtype=np.int64), *flat, written=written)


def around(calendar: str, start: int, days: int = 60) -> Sessions:
    return sessions_for(calendar, start, start + days * DAY)


def midnights(dates: np.ndarray, zone: str) -> np.ndarray:
    """Return the moments of midnights by pandas; at a midnight that the clock jumps over, when it does."""
    local = pd.DatetimeIndex(dates).tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    return local.tz_convert("UTC").as_unit("ns").asi8


def dated(calendar: str, start: int, days: int) -> np.ndarray:
    sessions = around(calendar, start)
    first = int(np.searchsorted(sessions.dates, start))
    return sessions.dates[first : first + days]


def read_or_refused(bars: Bars, sessions: Sessions) -> tuple[Bars | None, str]:
    try:
        return in_sessions(bars, sessions), ""
    except InvalidBars as error:
        return None, str(error)


def close_of(date: int, sessions: Sessions) -> int:
    """Return when a date's session closes; where it hardly does, or there is none, the end of the UTC day."""
    for day, close in zip(sessions.dates.tolist(), sessions.closes.tolist(), strict=True):
        if day == date and not sessions.continuous:
            return int(close)
    return date + DAY


@settings(max_examples=examples(80), deadline=None)
@given(st.sampled_from(VENUES[:-1]), st.sampled_from(ZONES), STARTS, st.integers(3, 30))
def test_no_venue_moves_a_date_that_the_file_states(calendar: str, zone: str, start: int, days: int) -> None:
    dates = dated("XNYS", start, days)
    moments = midnights(dates, zone)
    sessions = around(calendar, start)
    found = in_sessions(bars_of(moments, written=dates), sessions)
    assert found.stamps.tolist() == dates.tolist()
    for row, date in enumerate(dates.tolist()):
        late = int(moments[row]) + DAY if calendar == "24/5" else 0
        assert found.known_at[row] >= max(close_of(date, sessions), late)


@settings(max_examples=examples(80), deadline=None)
@given(
    st.sampled_from(VENUES),
    st.sampled_from(("dates", "midnights", "opens")),
    STARTS,
    st.integers(0, 28),
    st.integers(1, DAY // 10**9 - 1),
)
def test_a_row_that_is_not_over_is_named_and_moves_no_other(
    calendar: str, spelt: str, start: int, day: int, second: int
) -> None:
    sessions = around(calendar, start)
    dates = dated(calendar, start, 30)
    rows = np.isin(sessions.dates, dates)
    stamps = {"dates": dates, "midnights": midnights(dates, sessions.time_zone), "opens": sessions.opens[rows]}[spelt]
    odd = int(stamps[day]) + second * 10**9
    clock = (odd - stamps) % DAY
    assume(odd not in stamps and odd % DAY and not np.isin(clock, [0, HOUR, DAY - HOUR]).any())
    assume(not np.isin(odd, (sessions.opens, sessions.closes)) and (int(midnights(np.array([odd]), "UTC")[0]) == odd))
    wall = pd.Timestamp(odd, tz="UTC").tz_convert(sessions.time_zone)
    assume(wall != wall.normalize())
    written = dates if spelt == "midnights" else None
    place = int(np.searchsorted(stamps, odd))
    with_odd = None if written is None else np.insert(written, place, odd)
    plain, spoilt = bars_of(stamps, written=written), bars_of(np.insert(stamps, place, odd), written=with_odd)
    wanted = in_sessions(plain, sessions)
    with pytest.raises(InvalidBars, match=rf"row {place} at .*(unfinished|one session)") as refused:
        in_sessions(spoilt, sessions)
    assert "--drop-unfinished" in str(refused.value)
    kept = settled(spoilt, sessions, drop_unfinished=True)
    assert kept.reading is not None
    assert f"row {place} at {iso(odd)[:19]}" in kept.reading.remarks[-1]
    found = in_sessions(kept, sessions)
    assert found.stamps.tolist() == wanted.stamps.tolist()
    assert found.known_at.tolist() == wanted.known_at.tolist()


@settings(max_examples=examples(60), deadline=None)
@given(STARTS, st.integers(-48, 48), st.sampled_from(("5m", "1h", "4h", "1d")), st.lists(st.booleans(), min_size=30))
def test_a_shift_of_all_stamps_shifts_all_that_is_known(
    start: int, hours: int, timeframe: str, there: list[bool]
) -> None:
    length = Timeframe(timeframe).ns
    stamps = start + length * np.flatnonzero(there)
    assume(len(stamps) > 2)
    sessions = around("24/7", start - 5 * DAY, 90)
    plain = in_sessions(bars_of(stamps, timeframe), sessions)
    moved = in_sessions(bars_of(stamps + hours * HOUR, timeframe), sessions)
    assert (moved.known_at - plain.known_at == hours * HOUR).all()
    assert (moved.stamps - plain.stamps == hours * HOUR).all()
    assert plain.known_at.tolist() == (stamps + length).tolist()


@settings(max_examples=examples(150), deadline=None)
@given(
    st.sampled_from(VENUES),
    st.sampled_from(("5m", "30m", "1h", "4h")),
    STARTS,
    st.sets(st.integers(0, 14 * 288 - 1), min_size=2, max_size=60),
)
def test_intraday_bars_never_overlap_and_none_is_known_before_it_is_over(
    calendar: str, timeframe: str, start: int, slots: set[int]
) -> None:
    length, sessions = Timeframe(timeframe).ns, around(calendar, start)
    stamps = start + np.array(sorted(slots)) * (DAY // 288)
    if timeframe != "5m":
        stamps = np.unique(stamps // (length // 2) * (length // 2))
    assume(len(stamps) > 1)
    short = [(int(one), int(other)) for one, other in pairwise(stamps) if other - one < length]
    found, why = read_or_refused(bars_of(stamps, timeframe), sessions)
    if found is None:
        assert short
        assert re.search(r"closer together|unfinished", why)
        return
    starts = set(sessions.opens.tolist()) | set([] if sessions.breaks is None else sessions.breaks[:, 1].tolist())
    for one, other in short:
        assert calendar != "24/7"
        assert any(one < begin + length and begin < other + length for begin in starts)
    for stamp, known in zip(stamps.tolist(), found.known_at.tolist(), strict=True):
        closes = [
            close
            for begin, close in zip(sessions.opens.tolist(), sessions.closes.tolist(), strict=True)
            if begin < stamp + length and stamp < close
        ]
        assert known >= min([stamp + length, *closes])


@settings(max_examples=examples(100), deadline=None)
@given(
    st.sampled_from(VENUES),
    STARTS,
    st.integers(0, 23),
    st.sampled_from((*ZONES, "UTC")),
    st.sampled_from(("1d", "1w")),
)
def test_a_day_stamped_with_any_clock_time_is_known_at_its_close_or_when_it_is_full(
    calendar: str, start: int, hour: int, zone: str, timeframe: str
) -> None:
    sessions, length = around(calendar, start, 200), Timeframe(timeframe).ns
    days = dated("XNYS", start, 20) if timeframe == "1d" else start // (7 * DAY) * 7 * DAY + np.arange(20) * 7 * DAY
    stamps = midnights(days, zone) + hour * HOUR
    found, _ = read_or_refused(bars_of(stamps, timeframe), sessions)
    assume(found is not None)
    assert found is not None
    for row, stamp in enumerate(stamps.tolist()):
        local = pd.Timestamp(stamp, tz="UTC").tz_convert(sessions.time_zone)
        inside = bool(((sessions.opens <= stamp) & (stamp < sessions.closes)).any())
        full = stamp + length
        spanned = (sessions.dates >= found.stamps[row]) & (sessions.dates < found.stamps[row] + length)
        over = int(sessions.closes[spanned].max()) if spanned.any() else 0
        if sessions.continuous or not (inside or local == local.normalize() or stamp % DAY == 0):
            over = max(over, full) if calendar != "24/7" else full
        assert found.known_at[row] >= over


@settings(max_examples=examples(60), deadline=None)
@given(st.sampled_from(VENUES), st.sampled_from((*ZONES, "UTC")), STARTS, st.integers(0, 23))
def test_what_is_kept_is_loaded_as_if_it_came_from_the_file(calendar: str, zone: str, start: int, hour: int) -> None:
    sessions, days = around(calendar, start), dated("XNYS", start, 20)
    stamps = midnights(days, zone) + hour * HOUR
    bars = bars_of(stamps, written=days + hour * HOUR)
    try:
        kept, other = settled(bars, sessions), in_sessions(bars, sessions)
    except InvalidBars:
        assume(False)
    assert kept.written is None
    assert settled(kept, sessions).stamps.tolist() == kept.stamps.tolist()
    one = in_sessions(kept, sessions)
    assert one.stamps.tolist() == other.stamps.tolist()
    assert one.known_at.tolist() == other.known_at.tolist()


@settings(max_examples=examples(20), deadline=None)
@given(
    st.sampled_from((("AAPL", "XNYS"), ("7203.T", "XTKS"), ("VOD.L", "XLON"), ("EURUSD", "24/5"), ("BTCUSDT", "24/7"))),
    st.sampled_from(ZONES),
    STARTS,
    st.integers(0, 23),
)
def test_every_adapter_knows_a_day_at_the_same_moment(
    symbol: tuple[str, str], zone: str, start: int, hour: int
) -> None:
    name, calendar = symbol
    days = dated(calendar, start, 20)
    stamps, shown = midnights(days, zone) + hour * HOUR, days + hour * HOUR
    bars = bars_of(stamps, written=shown, symbol=name)
    try:
        wanted = in_sessions(bars, around(calendar, start))
    except InvalidBars:
        assume(False)
    facts = SymbolCharacteristics(name, "stock", "unknown", calendar, "UTC")
    with TemporaryDirectory() as folder:
        (Path(folder) / "csv").mkdir()
        for place in (Path(folder), Path(folder) / "csv"):
            with adding_to_catalogue(place, {name: facts}):
                pass
        store = ParquetStore(Path(folder))
        store.save(store.check(bars).to_keep)
        texts = pd.to_datetime(stamps, utc=True).tz_convert(zone).map(lambda moment: moment.isoformat(sep=" "))
        table = pd.DataFrame({"time": texts, **{key: getattr(bars, key) for key in ("open", "high", "low", "close")}})
        table.to_csv(Path(folder) / "csv" / f"{name}_1d.csv", index=False)
        for repository in (
            SessionedRepository(MemorySource([bars], [facts]), sessions_for),
            repository_of("folder", folder),
            repository_of("folder", Path(folder) / "csv"),
        ):
            found = repository.load(name, ONE_DAY)
            assert found.stamps.tolist() == wanted.stamps.tolist()
            assert found.known_at.tolist() == wanted.known_at.tolist()
