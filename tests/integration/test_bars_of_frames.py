"""Bars of data frames: as those of the Parquet file that the frame makes, or refused with the same words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.use_cases.import_bars import ImportRequest
from ktrdr.domain.errors import InvalidBars, InvalidInput, KtrdrError
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.entrypoints.container import make_container

ROWS = 40
CLOSE = 100.0 + np.arange(ROWS) % 7
VALUES = {"Open": CLOSE, "High": CLOSE + 1, "Low": CLOSE - 1, "Close": CLOSE + 0.5, "Volume": 1000.0 + np.arange(ROWS)}
DAYS = pd.bdate_range("2024-01-16", periods=ROWS + 2).drop(["2024-02-19", "2024-03-12"])
NEW_YORK = "America/New_York"


def daily(index: Any = DAYS, **changes: Any) -> pd.DataFrame:
    return pd.DataFrame({**VALUES, **changes}, index=pd.Index(index, name="Date"))


def as_column(name: str, times: Any) -> pd.DataFrame:
    frame = pd.DataFrame({word.lower(): column for word, column in VALUES.items()})
    frame.insert(3, name, times)
    return frame


def with_levels(frame: pd.DataFrame, *symbols: str) -> pd.DataFrame:
    frames = {symbol: frame * (place + 1) for place, symbol in enumerate(symbols)}
    return pd.concat(frames, axis=1).swaplevel(axis=1).sort_index(axis=1)


def shouting(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=str.upper)


HOURS = pd.date_range("2024-01-16 09:30", periods=6, freq="60min")
STAMPS = pd.DatetimeIndex(np.concatenate([HOURS + pd.Timedelta(days=day) for day in range(4)]))[:20]
HOURLY = daily()[:20].set_axis(STAMPS)

GOOD: dict[str, tuple[Callable[[], pd.DataFrame], str, dict[str, Any]]] = {
    "dates in the index": (daily, "1d", {}),
    "an index without a name": (lambda: daily().rename_axis(None), "1d", {}),
    "own-zone midnights": (lambda: daily(DAYS.tz_localize(NEW_YORK)), "1d", {}),
    "capitals": (lambda: shouting(daily()), "1d", {}),
    "a column of UTC times": (lambda: as_column("timestamp", DAYS.tz_localize("UTC")), "1d", {}),
    "a column of texts": (lambda: as_column("date", DAYS.strftime("%Y-%m-%d")), "1d", {}),
    "a column of dates": (lambda: as_column("Date", [day.date() for day in DAYS]), "1d", {}),
    "microseconds": (lambda: daily(DAYS.as_unit("us")), "1d", {}),
    "newest first": (lambda: daily()[::-1], "1d", {}),
    "two levels": (lambda: with_levels(daily(), "SPY"), "1d", {}),
    "two symbols in levels": (lambda: with_levels(daily(), "AAA", "SPY"), "1d", {}),
    "a column of symbols": (lambda: pd.concat([daily().assign(Symbol=name) for name in ("AAA", "SPY")]), "1d", {}),
    "an adjusted close": (lambda: daily(**{"Adj Close": CLOSE / 2}), "1d", {"adjusted": True}),
    "columns by name": (lambda: daily().rename(columns={"Close": "Px"}), "1d", {"columns": {"close": "Px"}}),
    "prices below 0": (lambda: daily(Low=CLOSE - 101), "1d", {"allow_nonpositive": True}),
    "naive clock times": (lambda: HOURLY, "1h", {"time_zone": NEW_YORK}),
    "aware clock times": (lambda: HOURLY.tz_localize(NEW_YORK), "1h", {}),
    "integers and strings of numbers": (lambda: daily(Volume=np.arange(ROWS), Open=CLOSE.astype(str)), "1d", {}),
}
BAD: dict[str, tuple[Callable[[], pd.DataFrame], str, dict[str, Any], str]] = {
    "no close": (lambda: daily().drop(columns="Close"), "1d", {}, "no column for close"),
    "no time": (lambda: daily().reset_index(drop=True), "1d", {}, "no column for time"),
    "a word": (lambda: daily(Close=[*map(str, CLOSE[:-1]), "n/k"]), "1d", {}, "row 39: close 'n/k' is not a number"),
    "a high below the low": (lambda: daily(High=CLOSE - 5), "1d", {}, "row 0 at .*high must not be below low"),
    "a price at 0": (lambda: daily(Low=CLOSE - 100), "1d", {}, "row 0 at .*low 0 is not above 0"),
    "a day twice": (lambda: daily([*DAYS[:-1], DAYS[-2]]), "1d", {}, "2024-03-1"),
    "no rows": (lambda: daily()[:0], "1d", {}, "holds no bars"),
    "days for hours": (lambda: HOURLY.tz_localize(NEW_YORK), "1d", {}, "row 1 at .* belong to one session"),
    "naive clock times": (lambda: HOURLY, "1h", {}, "lie outside the sessions of SPY.*--time-zone America/New_York"),
    "no adjusted close": (daily, "1d", {"adjusted": True}, "has no adjusted close"),
}


def by_frame(frame: pd.DataFrame, timeframe: str, **said: Any) -> Bars:
    return make_container().bars_of(frame, symbol="SPY", timeframe=timeframe, **said)


def by_file(frame: pd.DataFrame, timeframe: str, folder: Path, **said: Any) -> Bars:
    frame.to_parquet(folder / "DataFrame")
    (folder / "DataFrame").rename(folder / "DataFrame.parquet")
    container = make_container(data_dir=folder / "kept")
    stated = Stated("SPY", Timeframe(timeframe), **said)
    container.import_bars().execute(ImportRequest(folder / "DataFrame.parquet", stated))
    return container.data_repository().load("SPY", Timeframe(timeframe))


@pytest.mark.parametrize(("make", "timeframe", "said"), GOOD.values(), ids=GOOD.keys())
def test_a_frame_is_read_as_its_file_is(
    make: Callable[[], pd.DataFrame], timeframe: str, said: dict[str, Any], tmp_path: Path
) -> None:
    frame = make()
    before = frame.copy(deep=True)
    found, wanted = by_frame(frame, timeframe, **said), by_file(frame, timeframe, tmp_path, **said)
    for name in ("stamps", *BAR_COLUMNS, "known_at"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    assert found.symbol == "SPY"
    assert found.sessions is not None
    assert found.sessions.time_zone == NEW_YORK
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(("make", "timeframe", "said", "words"), BAD.values(), ids=BAD.keys())
def test_a_frame_is_refused_as_its_file_is(
    make: Callable[[], pd.DataFrame], timeframe: str, said: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(KtrdrError, match=words) as one:
        by_frame(make(), timeframe, **said)
    with pytest.raises(KtrdrError) as other:
        by_file(make(), timeframe, tmp_path, **said)
    assert type(one.value) is type(other.value)
    assert str(one.value) == str(other.value).replace(f"{tmp_path}/", "").replace("DataFrame.parquet", "DataFrame")


def test_days_by_hand() -> None:
    bars = by_frame(daily(), "1d")
    assert (bars.stamps == DAYS.as_unit("ns").asi8).all()
    closes = (DAYS + pd.Timedelta(hours=16)).tz_localize(NEW_YORK).tz_convert("UTC")
    assert (bars.known_at == closes.as_unit("ns").asi8).all()
    np.testing.assert_array_equal(bars.close, CLOSE + 0.5)
    np.testing.assert_array_equal(bars.volume, 1000.0 + np.arange(ROWS))


def test_hours_by_hand() -> None:
    bars = by_frame(HOURLY, "1h", time_zone=NEW_YORK)
    assert (bars.stamps == STAMPS.tz_localize(NEW_YORK).as_unit("ns").asi8).all()
    assert bars.reading is not None
    assert (bars.reading.time_zone, bars.reading.zone_from) == (NEW_YORK, "stated")


def test_an_adjusted_close_scales_the_other_prices() -> None:
    bars = by_frame(daily(**{"Adj Close": (CLOSE + 0.5) / 2}), "1d", adjusted=True)
    np.testing.assert_allclose(bars.high, (CLOSE + 1) / 2)
    assert bars.reading is not None
    assert bars.reading.adjustment == "splits and dividends"


def test_the_calendar_is_the_one_that_is_given() -> None:
    tokyo = daily(pd.bdate_range("2024-01-15", periods=ROWS))
    bars = by_frame(tokyo, "1d", calendar="XTKS")
    assert bars.sessions is not None
    assert bars.sessions.time_zone == "Asia/Tokyo"
    with pytest.raises(InvalidInput, match="no calendar is named 'XTKSS'"):
        by_frame(tokyo, "1d", calendar="XTKSS")


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ([[1, 2]], "bars are made of a pandas DataFrame; found list"),
        (daily().set_axis(["Open", "High", "Low", "Close", "Close"], axis=1), "Duplicate column names"),
        (daily(Close=[1, "2", *CLOSE[2:]]), "its columns cannot be read: .*Close"),
    ],
    ids=["no frame", "two of a name", "numbers and texts in one column"],
)
def test_what_no_file_could_hold_is_refused(frame: Any, words: str) -> None:
    with pytest.raises((InvalidBars, InvalidInput), match=words):
        by_frame(frame, "1d")


def test_symbol_and_timeframe_are_checked() -> None:
    with pytest.raises(InvalidInput):
        make_container().bars_of(daily(), symbol="SPY", timeframe="1x")
    with pytest.raises(InvalidInput):
        make_container().bars_of(daily(), symbol="", timeframe="1d")


def test_a_repository_in_memory_gives_them_out() -> None:
    bars = by_frame(daily(), "1d")
    again = MemoryRepository([bars]).load("SPY", Timeframe("1d"))
    np.testing.assert_array_equal(again.known_at, bars.known_at)
