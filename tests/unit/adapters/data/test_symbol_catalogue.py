"""The catalogue beside the bars, and what is inferred without one."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from ktrdr.adapters.data import catalogue
from ktrdr.adapters.data.catalogue import adding_to_catalogue, read_catalogue
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.files import queue
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.timeframe import Timeframe

HOUR = 3600 * 10**9
ENTRY = "{asset_class: stock, exchange: XNAS, calendar: XNAS, time_zone: America/New_York}"
MONDAY = from_iso("2024-01-08T00:00:00Z")


def write(folder: Path, text: str) -> Path:
    (folder / "symbols.yaml").write_text(text, encoding="utf-8")
    return folder


def simulated(symbol: str) -> SymbolCharacteristics:
    return SymbolCharacteristics(symbol, "crypto", "simulated", "24/7", "UTC", simulated=True)


def slowly(read: Callable[[Path], object]) -> Callable[[Path], object]:
    def wait(folder: Path) -> object:
        found = read(folder)
        time.sleep(0.02)
        return found

    return wait


def test_entries_are_read(tmp_path: Path) -> None:
    found = read_catalogue(write(tmp_path, f"AAPL: {ENTRY}\n^GSPC: {ENTRY}\n"))
    assert found["AAPL"] == SymbolCharacteristics("AAPL", "stock", "XNAS", "XNAS", "America/New_York")
    assert list(found) == ["AAPL", "^GSPC"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_catalogue_says_nothing(text: str, tmp_path: Path) -> None:
    assert read_catalogue(write(tmp_path, text)) == {}


def test_no_catalogue_says_nothing(tmp_path: Path) -> None:
    assert read_catalogue(tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- AAPL\n", "must map each symbol to its facts; found ['AAPL']"),
        ("AAPL: stock\n", "AAPL: must hold asset_class, exchange, calendar, time_zone; found 'stock'"),
        ("AAPL: {asset_class: stock}\n", "AAPL.exchange: is missing; an entry must hold asset_class, exchange,"),
        (f"AAPL: {ENTRY.replace('XNAS', '', 1)}\n", "AAPL.exchange: must be a text; found nothing"),
        (f"AAPL: {ENTRY.replace('XNAS', '5', 1)}\n", "AAPL.exchange: must be a text; found 5"),
        (f"AAPL: {ENTRY.replace('exchange', 'exchnage')}\n", "AAPL.exchnage: no such key; did you mean 'exchange'?"),
        (
            f"AAPL: {ENTRY.replace('stock', 'stocks')}\n",
            "AAPL.asset_class: 'stocks' is not known; did you mean 'stock'",
        ),
        (f"AAPL: {ENTRY.replace('New_York', 'NewYork')}\n", "AAPL.time_zone: no time zone is named 'America/NewYork'"),
        (f"AAPL: {ENTRY.replace('}', ', simulated: perhaps}')}\n", "AAPL.simulated: must be true or false"),
        (f"AAPL: {ENTRY.replace('}', ', tick_size: 0}')}\n", "AAPL.tick_size: must be a number above 0; found 0"),
        (f"AAPL: {ENTRY.replace('}', ', tick_size: small}')}\n", "AAPL.tick_size: must be a number above 0"),
        (f"AAPL: {ENTRY.replace('}', ', stamp_zone: NewYork}')}\n", "AAPL.stamp_zone: no time zone is named 'NewYork'"),
        (f"AAPL: {ENTRY.replace('}', ', stamp_zone: 5}')}\n", "AAPL.stamp_zone: no time zone is named 5"),
        (f"'A B': {ENTRY}\n", "symbol 'A B' is not valid"),
        ("AAPL: {\n", "not valid YAML"),
    ],
)
def test_mistakes_name_file_and_key(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_catalogue(write(tmp_path, text))
    assert message in str(caught.value)
    assert "symbols.yaml" in str(caught.value) or "symbol 'A B'" in str(caught.value)


def test_writing_adds_entries_and_keeps_the_others(tmp_path: Path) -> None:
    write(tmp_path, f"AAPL: {ENTRY}\n")
    with adding_to_catalogue(tmp_path, {"SIM": simulated("SIM")}):
        assert list(read_catalogue(tmp_path)) == ["AAPL"]
    assert read_catalogue(tmp_path)["SIM"] == simulated("SIM")
    assert read_catalogue(tmp_path)["AAPL"].exchange == "XNAS"
    assert [path.name for path in tmp_path.glob("[!.]*")] == ["symbols.yaml"]


def test_nothing_is_added_where_the_body_fails(tmp_path: Path) -> None:
    write(tmp_path, f"AAPL: {ENTRY}  # mine\n")
    before = (tmp_path / "symbols.yaml").read_bytes()
    with pytest.raises(KeyError), adding_to_catalogue(tmp_path, {"SIM": simulated("SIM")}):
        raise KeyError
    assert (tmp_path / "symbols.yaml").read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.part")] == []


def test_writers_at_the_same_time_lose_no_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "read_catalogue", slowly(read_catalogue))

    def add(symbol: str) -> None:
        with adding_to_catalogue(tmp_path, {symbol: simulated(symbol)}):
            pass

    symbols = [f"SIM{number}" for number in range(6)]
    with ThreadPoolExecutor(len(symbols)) as writers:
        list(writers.map(add, symbols))
    assert list(read_catalogue(tmp_path)) == symbols


def test_bars_are_not_kept_while_another_writer_holds_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(catalogue, "LOCK_SECONDS", 0.02)
    monkeypatch.setattr(queue, "_SILENT_SECONDS", 0.0)
    close = np.array([1.0, 2.0])
    bars = Bars("SIM", Timeframe("1d"), MONDAY + np.array([0, 24 * HOUR]), close, close, close, close, close)
    with FileLock(tmp_path / ".symbols.lock"), pytest.raises(Unavailable, match=r"SIM_1d.parquet: cannot be .*lock"):
        ParquetStore(tmp_path).save(bars, simulated("SIM"))
    assert caplog.messages == [
        f"{tmp_path / '.symbols.lock'}: another process holds this lock; waiting until it is free"
    ]
    assert list(tmp_path.glob("[!.]*")) == []
    ParquetStore(tmp_path).save(bars, simulated("SIM"))
    kept = repository_of("folder", tmp_path).characteristics("SIM")
    assert replace(kept, trading_hours="", first="", last="") == simulated("SIM")


def test_the_catalogue_decides_and_restores_the_caret(tmp_path: Path) -> None:
    close = np.array([1.0, 2.0])
    stamps = MONDAY + np.array([0, 24 * HOUR])
    ParquetStore(tmp_path).save(Bars("^HSI", Timeframe("1d"), stamps, close, close, close, close, close))
    repository = repository_of("folder", tmp_path)
    assert [info.symbol for info in repository.series()] == ["HSI"]
    write(tmp_path, "^HSI: {asset_class: index, exchange: XHKG, calendar: XHKG, time_zone: Asia/Hong_Kong}\n")
    assert [info.symbol for info in repository.series()] == ["^HSI"]
    for symbol in ("HSI", "^HSI"):
        assert repository.characteristics(symbol).calendar == "XHKG"
        assert repository.load(symbol, Timeframe("1d")).known_at[0] == from_iso("2024-01-08T08:00:00Z")


def test_an_unknown_calendar_names_file_and_key(tmp_path: Path) -> None:
    close = np.array([1.0, 2.0])
    bars = Bars("AAPL", Timeframe("1d"), MONDAY + np.array([0, 24 * HOUR]), close, close, close, close, close)
    ParquetStore(tmp_path).save(bars)
    write(tmp_path, f"AAPL: {ENTRY.replace('calendar: XNAS', 'calendar: XNYSE')}\n")
    with pytest.raises(InvalidInput, match=r"symbols.yaml: AAPL.calendar: no calendar is named 'XNYSE'; did you mean"):
        repository_of("folder", tmp_path).load("AAPL", Timeframe("1d"))


@pytest.mark.parametrize("key", ["calendar: XNAS", "time_zone: America/New_York", "asset_class: stock"])
def test_a_name_of_thousands_of_letters_is_cut(key: str, tmp_path: Path) -> None:
    close = np.array([1.0, 2.0])
    stamps = MONDAY + np.array([0, 24 * HOUR])
    ParquetStore(tmp_path).save(Bars("AAPL", Timeframe("1d"), stamps, close, close, close, close, close))
    write(tmp_path, f"AAPL: {ENTRY.replace(key, key[:-4] + 'x' * 5000)}\n")
    with pytest.raises(InvalidInput) as caught:
        repository_of("folder", tmp_path).load("AAPL", Timeframe("1d"))
    assert len(str(caught.value).replace(str(tmp_path), "")) < 300


@pytest.mark.parametrize(
    ("symbol", "stamps", "asset_class", "calendar", "reason"),
    [
        ("COIN", MONDAY + HOUR * np.arange(24 * 14), "crypto", "24/7", "it has bars on Saturdays"),
        ("COIN", MONDAY + 24 * HOUR * np.arange(14), "crypto", "24/7", "it has bars on Saturdays"),
        ("PAIR", MONDAY - 2 * HOUR + HOUR * np.arange(24 * 5), "forex", "24/5", "it has bars on Sunday evenings"),
        ("EURUSD", MONDAY + 24 * HOUR * np.arange(5), "forex", "24/5", "its name is a pair of currencies"),
        ("XAUUSD", MONDAY + 24 * HOUR * np.arange(5), "metal", "24/5", "its name is a metal's price in a currency"),
        ("^ANY", MONDAY + 24 * HOUR * np.arange(5), "index", "XNYS", "of its name"),
        ("GSPC", MONDAY + 24 * HOUR * np.arange(5), "index", "XNYS", "of its name"),
        ("AAPL", MONDAY + 24 * HOUR * np.arange(5), "stock", "XNYS", "nothing in its name or bars says otherwise"),
        ("AAPL", np.empty(0, dtype=np.int64), "stock", "XNYS", "nothing in its name or bars says otherwise"),
        ("GOLDEN", MONDAY + 24 * HOUR * np.arange(5), "stock", "XNYS", "nothing in its name or bars says otherwise"),
    ],
)
def test_inference(symbol: str, stamps: np.ndarray, asset_class: str, calendar: str, reason: str) -> None:
    facts = infer_characteristics(symbol, stamps)
    assert (facts.symbol, facts.asset_class, facts.calendar) == (symbol, asset_class, calendar)
    taken = f"{symbol} is taken for {asset_class} by the calendar {calendar} ({facts.time_zone}), because {reason}"
    assert facts.inferred == (taken,)


def test_a_few_bars_after_hours_on_a_utc_saturday_make_no_crypto() -> None:
    evening = from_iso("2024-01-13T00:30:00Z")
    stamps = np.concatenate((MONDAY + HOUR * np.arange(16 * 5), [evening]))
    assert infer_characteristics("AAPL", stamps).asset_class == "stock"
