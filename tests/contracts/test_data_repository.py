"""Every sentence of the DataRepository port, over every adapter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.catalogue import adding_to_catalogue
from ktrdr.adapters.data.chain import ChainRepository
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.cached_data import CachedData
from ktrdr.domain.errors import DataNotFound, InvalidBars, InvalidInput, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso, iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.timeframe import Timeframe

FIVE, HOUR, DAY = Timeframe("5m"), Timeframe("1h"), Timeframe("1d")


def made_bars(symbol: str, timeframe: Timeframe, start: str, count: int, calendar: str) -> Bars:
    stamps = from_iso(start) + timeframe.ns * np.arange(count, dtype=np.int64)
    close = 100 + np.cumsum(np.random.default_rng(count).normal(size=count)).round(2)
    columns = (close + 0.25, close + 1, close - 1, close, np.arange(1.0, count + 1))
    sessions = sessions_for(calendar, int(stamps[0]), int(stamps[-1]))
    return Bars(symbol, timeframe, stamps, *columns, sessions=sessions)


BARS = (
    made_bars("^GSPC", DAY, "2024-07-01T00:00:00Z", 4, "XNYS"),
    made_bars("BTCUSD", HOUR, "2024-03-08T00:00:00Z", 100, "24/7"),
    made_bars("AAPL", FIVE, "2024-07-02T13:30:00Z", 78, "XNYS"),
    made_bars("AAPL", DAY, "2024-07-01T00:00:00Z", 3, "XNYS"),
)


def in_memory(_: Path, bars: Iterable[Bars] = BARS) -> DataRepository:
    return MemoryRepository(bars)


def as_parquet(folder: Path, bars: Iterable[Bars] = BARS) -> DataRepository:
    folder.mkdir(exist_ok=True)
    for one in bars:
        ParquetStore(folder).save(one)
    return repository_of("folder", folder)


def as_csv(folder: Path, bars: Iterable[Bars] = BARS) -> DataRepository:
    folder.mkdir(exist_ok=True)
    for one in bars:
        name = f"{one.symbol.removeprefix('^')}_{one.timeframe}.csv"
        one.to_frame().to_csv(folder / name, index=False)
    return repository_of("folder", folder)


def as_chain(folder: Path, bars: Iterable[Bars] = BARS) -> DataRepository:
    bars = tuple(bars)
    return ChainRepository([as_parquet(folder, bars[::2]), as_csv(folder, bars[1::2])])


FILLED: dict[str, Callable[..., DataRepository]] = {
    "memory": in_memory,
    "parquet": as_parquet,
    "csv": as_csv,
    "chain": as_chain,
    "remembered": lambda folder, bars=BARS: CachedData(as_parquet(folder, bars)),
}
ALL: dict[str, Callable[..., DataRepository]] = {
    **FILLED,
    "sample": lambda _: repository_of("sample"),
    "simulated": lambda _: repository_of(
        "simulated", ["SIM_STOCK", "SIM_CRYPTO"], timeframe=Timeframe("15m"), bars=500
    ),
    "sample and simulated": lambda _: ChainRepository([repository_of("sample"), repository_of("simulated", bars=2000)]),
}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> DataRepository:
    return request.param(tmp_path)


@pytest.fixture(params=FILLED.values(), ids=FILLED.keys())
def fill(request: pytest.FixtureRequest) -> Callable[..., DataRepository]:
    return request.param


def test_series_are_sorted_by_symbol_then_from_fine_to_coarse(repository: DataRepository) -> None:
    found = [(info.symbol, info.timeframe) for info in repository.series()]
    assert found
    assert found == sorted(found)
    assert len(set(found)) == len(found)


def test_series_of_one_symbol_are_found_under_either_spelling(repository: DataRepository) -> None:
    series = repository.series()
    symbol = series[0].symbol
    first = repository.load(symbol, series[0].timeframe)
    assert repository.series(symbol) == tuple(info for info in series if info.symbol == symbol)
    plain = symbol.removeprefix("^")
    for spelling in (plain, f"^{plain}"):
        assert repository.series(spelling) == repository.series(symbol)
        assert repository.load(spelling, series[0].timeframe).symbol == spelling
        assert np.array_equal(repository.load(spelling, series[0].timeframe).close, first.close)
        assert repository.characteristics(spelling).symbol == spelling
    assert repository.series("NO_SUCH_SYMBOL") == ()


def test_an_index_is_found_with_and_without_its_caret(fill: Callable[..., DataRepository], tmp_path: Path) -> None:
    repository = fill(tmp_path)
    for symbol in ("GSPC", "^GSPC"):
        assert [info.timeframe for info in repository.series(symbol)] == [DAY]
        assert repository.load(symbol, DAY).symbol == symbol
        assert repository.characteristics(symbol).symbol == symbol
        assert repository.characteristics(symbol).asset_class == "index"


def test_there_may_be_nothing(fill: Callable[..., DataRepository], tmp_path: Path) -> None:
    repository = fill(tmp_path, ())
    assert repository.series() == ()
    with pytest.raises(DataNotFound, match="no bars of AAPL"):
        repository.load("AAPL", DAY)


def test_series_say_what_load_gives(repository: DataRepository) -> None:
    for info in repository.series():
        bars = repository.load(info.symbol, info.timeframe)
        assert (bars.symbol, bars.timeframe) == (info.symbol, info.timeframe)
        assert (len(bars), bars.stamps[0], bars.stamps[-1]) == (info.rows, info.first, info.last)


def test_bars_come_as_they_are(fill: Callable[..., DataRepository], tmp_path: Path) -> None:
    repository = fill(tmp_path)
    for given in BARS:
        loaded = repository.load(given.symbol, given.timeframe)
        for name in ("stamps", "known_at", *BAR_COLUMNS):
            assert np.array_equal(getattr(loaded, name), getattr(given, name)), (given.symbol, name)


def test_a_span_takes_its_start_and_leaves_its_end(repository: DataRepository) -> None:
    info = repository.series()[0]
    whole = repository.load(info.symbol, info.timeframe)
    start, end = int(whole.stamps[1]), int(whole.stamps[-1])
    assert np.array_equal(repository.load(info.symbol, info.timeframe, start, end).stamps, whole.stamps[1:-1])
    assert np.array_equal(repository.load(info.symbol, info.timeframe, start + 1).stamps, whole.stamps[2:])
    assert np.array_equal(repository.load(info.symbol, info.timeframe, end=end + 1).stamps, whole.stamps)
    assert np.array_equal(repository.load(info.symbol, info.timeframe, None, None).stamps, whole.stamps)


def test_bars_carry_the_sessions_over_their_span(repository: DataRepository) -> None:
    for info in repository.series():
        bars = repository.load(info.symbol, info.timeframe)
        assert bars.sessions is not None
        assert bars.sessions.opens[0] <= bars.stamps[0]
        assert bars.sessions.closes[-1] >= bars.known_at[-1]
        calendar = repository.characteristics(info.symbol).calendar
        expected = sessions_for(calendar, info.first, info.last)
        inside = np.isin(expected.dates, bars.sessions.dates)
        assert inside[(expected.dates >= info.first) & (expected.dates <= info.last)].all()


def test_loading_twice_gives_equal_bars(repository: DataRepository) -> None:
    info = repository.series()[-1]
    once, again = (repository.load(info.symbol, info.timeframe) for _ in range(2))
    assert once.fingerprint() == again.fingerprint()
    assert np.array_equal(once.known_at, again.known_at)


def test_a_symbol_that_is_not_there_names_the_nearest_and_what_there_is(repository: DataRepository) -> None:
    known = repository.series()[0].symbol
    with pytest.raises(DataNotFound) as caught:
        repository.load(f"{known}X", Timeframe("1h"))
    message = str(caught.value)
    assert f"no bars of {known}X; did you mean {known!r}?" in message
    for info in repository.series():
        assert info.symbol in message


def test_a_timeframe_that_is_not_there_names_those_that_are(repository: DataRepository) -> None:
    info = repository.series()[0]
    with pytest.raises(DataNotFound, match=rf"no 3m bars of .*{info.timeframe} \({info.rows} bars, "):
        repository.load(info.symbol, Timeframe("3m"))


def test_a_span_without_bars_names_the_span_that_there_is(repository: DataRepository) -> None:
    info = repository.series()[0]
    with pytest.raises(DataNotFound, match=rf"from 2040-01-01 before 2040-02-01; there is .*{info.rows} bars"):
        repository.load(info.symbol, info.timeframe, from_iso("2040-01-01T00:00:00Z"), from_iso("2040-02-01T00:00:00Z"))


def test_characteristics_say_what_was_inferred(fill: Callable[..., DataRepository], tmp_path: Path) -> None:
    facts = fill(tmp_path).characteristics("BTCUSD")
    assert (facts.asset_class, facts.calendar, facts.time_zone) == ("crypto", "24/7", "UTC")
    assert any("its name is the price of a coin" in sentence for sentence in facts.inferred)
    assert fill(tmp_path).characteristics("AAPL").calendar == "XNYS"


def plain_bars(symbol: str, timeframe: Timeframe, *texts: str) -> Bars:
    close = np.full(len(texts), 100.0)
    stamps = np.array([from_iso(text) for text in texts], dtype=np.int64)
    return Bars(symbol, timeframe, stamps, close, close, close, close, close)


def test_what_is_admitted_is_what_is_loaded_once_it_is_kept(tmp_path: Path) -> None:
    repository = repository_of("folder", tmp_path)
    open_ = ("2024-03-07T14:30:00Z", "2024-03-08T14:30:00Z", "2024-03-11T13:30:00Z", "2024-03-12T13:41:07Z")
    with pytest.raises(InvalidBars, match="row 3 at 2024-03-12T13:41:07Z: unfinished"):
        repository.admitted(plain_bars("AAPL", DAY, *open_))
    given = repository.admitted(plain_bars("AAPL", DAY, *open_), drop_unfinished=True)
    assert given.facts.calendar == "XNYS"
    assert [iso(stamp)[:10] for stamp in given.kept.stamps] == ["2024-03-07", "2024-03-08", "2024-03-11"]
    assert given.kept.reading is not None
    assert "row 3 at 2024-03-12T13:41:07Z left out" in given.kept.reading.remarks[0]
    ParquetStore(tmp_path).save(given.kept)
    loaded = repository.load("AAPL", DAY)
    assert loaded.stamps.tolist() == given.bars.stamps.tolist()
    assert loaded.known_at.tolist() == given.bars.known_at.tolist()
    assert iso(loaded.known_at[2]) == "2024-03-11T20:00:00Z"


def test_clock_times_of_which_nobody_says_the_zone_are_those_of_the_stamp_zone(tmp_path: Path) -> None:
    clocks = [f"2024-03-07T{hour:02}:30:00" for hour in range(9, 16)]
    pd.DataFrame({"time": clocks, **dict.fromkeys(("open", "high", "low", "close"), 100.0)}).to_csv(
        tmp_path / "AAPL_1h.csv", index=False
    )
    repository = repository_of("folder", tmp_path)

    def given() -> Bars:
        (bars,) = FileReader(tmp_path).read(tmp_path / "AAPL_1h.csv")
        return repository.admitted(bars).bars

    for read in (given, lambda: repository.load("AAPL", HOUR)):
        with pytest.raises(InvalidBars, match=r"stamp_zone: America/New_York in symbols\.yaml"):
            read()
    facts = SymbolCharacteristics("AAPL", "stock", "XNAS", "XNAS", "America/New_York", stamp_zone="America/New_York")
    with adding_to_catalogue(tmp_path, {"AAPL": facts}):
        pass
    assert repository.characteristics("AAPL").stamp_zone == "America/New_York"
    for bars in (given(), repository.load("AAPL", HOUR)):
        assert (iso(bars.stamps[0]), iso(bars.known_at[-1])) == ("2024-03-07T14:30:00Z", "2024-03-07T21:00:00Z")


def test_a_guess_that_the_dates_contradict_is_refused_until_somebody_states_the_calendar(tmp_path: Path) -> None:
    sessions = sessions_for("XTKS", from_iso("2023-01-01T00:00:00Z"), from_iso("2023-12-31T00:00:00Z"))
    days = plain_bars("7203", DAY, *map(iso, sessions.dates))
    ParquetStore(tmp_path).save(days)
    with pytest.raises(InvalidInput, match=r"7203 is taken to trade by the calendar XNYS, but .*XTKS fits better"):
        repository_of("folder", tmp_path).load("7203", DAY)
    facts = SymbolCharacteristics("7203", "stock", "XNYS", "XNYS", "America/New_York")
    with adding_to_catalogue(tmp_path, {"7203": facts}):
        pass
    assert len(repository_of("folder", tmp_path).load("7203", DAY)) == len(days)


def test_characteristics_say_when_it_trades_and_how_far_its_bars_go(repository: DataRepository) -> None:
    symbol = repository.series()[0].symbol
    facts, series = repository.characteristics(symbol), repository.series(symbol)
    longest = max(info.timeframe.ns for info in series)  # a day's bar is stamped before the day's first minute
    assert 0 <= from_iso(facts.first) - min(info.first for info in series) < longest
    assert 0 <= from_iso(facts.last) - max(info.last for info in series) < longest
    assert re.fullmatch(r"(Mon.*, \d\d:\d\d( of the day before)? to \d\d:\d\d)?", facts.trading_hours)


def test_known_characteristics_infer_nothing() -> None:
    sample = repository_of("sample")
    for symbol in {info.symbol for info in sample.series()}:
        assert sample.characteristics(symbol).inferred == ()
    simulated = repository_of("simulated", bars=100).characteristics("SIM_FOREX")
    assert (simulated.simulated, simulated.calendar, simulated.inferred) == (True, "24/5", ())
    assert not sample.characteristics("AAPL").simulated
    assert sample.characteristics("AAPL").trading_hours == "Mon-Fri, 09:30 to 16:00"
    assert (sample.characteristics("AAPL").tick_size, sample.characteristics("EURUSD").tick_size) == (0.01, 0.00001)


def test_characteristics_of_a_symbol_without_bars_are_not_found(repository: DataRepository) -> None:
    with pytest.raises(DataNotFound, match="no bars of NO_SUCH_SYMBOL"):
        repository.characteristics("NO_SUCH_SYMBOL")


BROKEN = {
    "high must not be below low": ("high", 1, 0.5),
    "time stamps must ascend and be unique": ("timestamp", 2, 0),
    "close must be a finite number": ("close", 1, np.nan),
    "volume must be a finite number": ("volume", 1, np.inf),
    "volume must not be negative; where there is none, it is 0": ("volume", 1, -1.0),
}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(("rule", "damage"), BROKEN.items(), ids=BROKEN.keys())
def test_broken_bars_name_file_row_time_and_rule(
    kind: str, rule: str, damage: tuple[str, int, float], tmp_path: Path
) -> None:
    column, row, value = damage
    frame = made_bars("AAPL", HOUR, "2024-07-02T13:00:00Z", 5, "XNYS").to_frame()
    frame.loc[row, column] = frame.loc[value, column] if column == "timestamp" else value
    path = tmp_path / f"AAPL_1h.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False, na_rep="nan")
    else:
        frame.to_parquet(path)
    repository = repository_of("folder", tmp_path)
    with pytest.raises(InvalidBars) as caught:
        repository.load("AAPL", HOUR)
    stamp = frame["timestamp"][row].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert str(caught.value).startswith(f"{path.name}: row {row} at {stamp}: {rule}; found open ")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_source_that_cannot_be_read_is_unavailable(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = as_parquet(tmp_path) if kind == "parquet" else as_csv(tmp_path)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    repository.characteristics("AAPL")
    monkeypatch.setattr("pyarrow.parquet.ParquetFile" if kind == "parquet" else "pyarrow.csv.read_csv", refuse)
    with pytest.raises(Unavailable, match=rf"AAPL_1d.{kind}: cannot be read \(Permission denied\)"):
        repository.load("AAPL", DAY)


def test_the_first_of_a_chain_that_has_the_bars_gives_them(tmp_path: Path) -> None:
    one = made_bars("AAPL", DAY, "2024-07-01T00:00:00Z", 3, "XNYS")
    other = made_bars("AAPL", DAY, "2023-07-03T00:00:00Z", 5, "XNYS")
    chain = ChainRepository([MemoryRepository([one]), MemoryRepository([other])])
    assert len(chain.load("AAPL", DAY)) == 3
    assert [info.rows for info in chain.series()] == [3]


RATES = ContextSource("rates", "fred", "DGS10")
PUBLISHED = pd.DataFrame(
    {
        "known_at": pd.to_datetime(["2024-01-03T21:15:00Z", "2024-01-04T21:15:00Z", "2024-01-08T21:15:00Z"]),
        "value": [3.91, 3.99, 4.05],
    }
)


def with_context(kind: str, folder: Path) -> DataRepository:
    """The same publications behind every adapter that can have some."""
    path = folder / "context" / "fred" / "DGS10"
    if kind == "memory":
        return MemoryRepository([], context=[ContextSeries.from_frame(PUBLISHED, "fred", "DGS10")])
    path.parent.mkdir(parents=True)
    if kind == "parquet":
        PUBLISHED.to_parquet(path.with_suffix(".parquet"))
    else:
        PUBLISHED.to_csv(path.with_suffix(".csv"), index=False)
    own = repository_of("folder", folder)
    return ChainRepository([repository_of("sample"), own]) if kind == "chain" else own


@pytest.mark.parametrize("kind", ["memory", "parquet", "csv", "chain"])
def test_a_context_series_comes_with_every_publication(kind: str, tmp_path: Path) -> None:
    series, again = (with_context(kind, tmp_path / name).context(RATES) for name in "ab")
    assert (series.provider, series.name, series.key) == ("fred", "DGS10", "fred/DGS10")
    assert pd.to_datetime(series.known_at, utc=True).tolist() == PUBLISHED["known_at"].tolist()
    assert series.columns["close"].tolist() == PUBLISHED["value"].tolist()
    assert series.fingerprint() == again.fingerprint()


def test_a_context_series_that_is_not_there_names_provider_and_series(repository: DataRepository) -> None:
    with pytest.raises(
        DataNotFound, match=r"no context series 'DGS10' of provider 'fred'; .*context/fred/DGS10\.parquet"
    ):
        repository.context(RATES)
