"""Several symbols in one file, adjusted closes, and what somebody says of columns and layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from samples.layouts import BARS, SAMPLES

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.spans import span
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, iso
from ktrdr.domain.market.reading import Reading, Stated
from ktrdr.domain.market.timeframe import Timeframe

DAY = Timeframe("1d")
HEADER = "Date,Open,High,Low,Close,Volume\n"
BODY = "2024-01-02,10.5,12,10,11.25,1200\n2024-01-03,11.25,11.5,9.75,10,800\n"


def read(folder: Path, text: str, name: str = "X_1d.csv", **stated: Any) -> Bars:
    (folder / name).write_text(text)
    (bars,) = read_bars(folder / name, Stated(**({"symbol": "X", "timeframe": DAY} | stated)))
    return bars


def values_of(bars: Bars) -> list[list[float]]:
    return [list(row) for row in zip(*(getattr(bars, name).tolist() for name in BAR_COLUMNS), strict=True)]


def understood(bars: Bars) -> Reading:
    assert bars.reading is not None
    return bars.reading


TWO = (
    "Price,Close,Close,High,High,Low,Low,Open,Open,Volume,Volume\nTicker,Q,X,Q,X,Q,X,Q,X,Q,X\nDate,,,,,,,,,,\n"
    "2024-01-02,5,11.25,6,12,4,10,5,10.5,9,1200\n2024-01-03,5,10,6,11.5,4,9.75,5,11.25,9,800\n"
)
ONE = (
    "Price,Close,High,Low,Open,Volume\nTicker,X,X,X,X,X\nDate,,,,,\n"
    "2024-01-02,11.25,12,10,10.5,1200\n2024-01-03,10,11.5,9.75,11.25,800\n"
)


@pytest.mark.parametrize(
    "text", [TWO, ONE, ONE.replace("Price", "@").replace("Ticker", "Price").replace("@", "Ticker")]
)
def test_three_header_lines_of_yahoo(text: str, tmp_path: Path) -> None:
    bars = read(tmp_path, text)
    assert values_of(bars) == BARS
    assert [iso(stamp)[:10] for stamp in bars.stamps] == ["2024-01-02", "2024-01-03"]
    assert understood(bars).columns["close"] == "Close"


def test_levels_in_the_other_order(tmp_path: Path) -> None:
    lines = TWO.splitlines(keepends=True)
    swapped = [lines[1].replace("Ticker", "Ticker"), lines[0], *lines[2:]]
    assert values_of(read(tmp_path, "".join(swapped))) == BARS


def test_of_two_tickers_the_asked_one_is_read_and_another_is_refused(tmp_path: Path) -> None:
    assert read(tmp_path, TWO, symbol="Q").close.tolist() == [5.0, 5.0]
    with pytest.raises(InvalidBars, match=r"holds 2 symbols \(Q, X\), none of which is 'SPY'; say which: --symbol"):
        read(tmp_path, TWO, symbol="SPY")
    with pytest.raises(InvalidBars, match=r"holds 2 symbols \(Q, X\); say which: --symbol"):
        read(tmp_path, TWO, symbol=None)


@pytest.mark.parametrize("tickers", [["X"], ["Q", "X"]])
@pytest.mark.parametrize("prices_first", [True, False])
def test_pairs_of_names_in_parquet(tickers: list[str], prices_first: bool, tmp_path: Path) -> None:
    days = pd.DatetimeIndex(["2024-01-02", "2024-01-03"], name="Date")
    one = pd.DataFrame(BARS, index=days, columns=["Open", "High", "Low", "Close", "Volume"])
    frame = pd.concat({ticker: one if ticker == "X" else one * 2 for ticker in tickers}, axis=1)
    path = tmp_path / "X_1d.parquet"
    (frame.swaplevel(axis=1) if prices_first else frame).to_parquet(path)
    (bars,) = read_bars(path, Stated("X", DAY))
    assert values_of(bars) == BARS
    assert span(path, Stated("X", DAY)) == (2, *bars.stamps.tolist(), "")


LONG = "date,open,high,low,close,volume,Name\n" + "".join(
    f"2024-01-0{day},{level},{level + 2},{level - 1},{level + 1},{day},{name}\n"
    for day in (2, 3)
    for name, level in (("BBB", 20), ("AAA", 10))
)


def test_a_long_file_holds_one_series_a_symbol(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text(LONG)
    series = FileReader().read(path, Stated(timeframe=DAY))
    assert [(bars.symbol, bars.open.tolist()) for bars in series] == [("BBB", [20.0, 20.0]), ("AAA", [10.0, 10.0])]
    (one,) = FileReader().read(path, Stated("AAA", DAY))
    assert one.open.tolist() == [10.0, 10.0]
    assert span(path, Stated("AAA", DAY)).rows == 2
    assert span(path, Stated(timeframe=DAY)).rows == 4
    with pytest.raises(InvalidBars, match=r"all.csv: holds 2 symbols .BBB, AAA., none of which is 'AAB'; did you mean"):
        FileReader().read(path, Stated("AAB", DAY))
    path.write_text(LONG + "2024-01-04,1,2,1,1,1,\n")
    with pytest.raises(InvalidBars, match="row 4: the symbol is missing"):
        FileReader().read(path, Stated(timeframe=DAY))


def test_a_file_of_another_symbol_than_is_said_is_named(tmp_path: Path) -> None:
    text = "date,open,high,low,close,ticker\n2024-01-02,1,2,1,1,{0}\n2024-01-03,1,2,1,1,{0}\n"
    for called in ("X", "x.us", "X/USD"):
        assert understood(read(tmp_path, text.format(called))).remarks == ()
    assert understood(read(tmp_path, text.format("META"), symbol="FB")).remarks == ("the file calls them bars of META",)
    path = tmp_path / "prices.csv"
    path.write_text(text.format("META"))
    assert [bars.symbol for bars in FileReader().read(path, Stated(timeframe=DAY))] == ["META"]


@pytest.mark.parametrize("layout", ["yahoo", "alphavantage-adjusted"])
def test_an_adjusted_close_is_said_aloud_and_used_where_it_is_asked_for(layout: str, tmp_path: Path) -> None:
    plain = read(tmp_path, SAMPLES[layout].text)
    assert values_of(plain) == BARS
    (remark,) = understood(plain).remarks
    assert remark.casefold().replace("_", " ").startswith(("an adjusted close (adj close)", "an adjusted close (adjus"))
    assert understood(plain).adjustment == ""
    adjusted = read(tmp_path, SAMPLES[layout].text, adjusted=True)
    assert adjusted.close.tolist() == [10.6875, 9.5]
    assert adjusted.open.tolist() == [10.5 * (10.6875 / 11.25), 11.25 * 0.95]
    assert adjusted.high.tolist() == [12.0 * (10.6875 / 11.25), 11.5 * 0.95]
    assert adjusted.low.tolist() == [10.0 * (10.6875 / 11.25), 9.75 * 0.95]
    assert adjusted.volume.tolist() == [1200.0, 800.0]
    assert (understood(adjusted).adjustment, understood(adjusted).remarks) == ("splits and dividends", ())
    with pytest.raises(InvalidInput, match="has no adjusted close; found Date, Open"):
        read(tmp_path, HEADER + BODY, adjusted=True)


def test_columns_that_somebody_names(tmp_path: Path) -> None:
    text = "Trading Day;First;Top;Bottom;Final;Turnover\n" + BODY.replace(",", ";")
    roles = ("time", "open", "high", "low", "close", "volume")
    columns = dict(zip(roles, text.partition("\n")[0].split(";"), strict=True))
    bars = read(tmp_path, text, columns=columns)
    assert values_of(bars) == BARS
    assert understood(bars).columns == columns
    assert values_of(read(tmp_path, BODY, columns={role: str(at + 1) for at, role in enumerate(roles)})) == BARS
    closes = read(tmp_path, HEADER + BODY, columns={"close": "Open"})
    assert closes.close.tolist() == [10.5, 11.25]
    for wrong, message in (
        (
            columns | {"time": "Trading Dya"},
            r"the column 'Trading Dya' for time is not there; did you mean 'Trading Day'",
        ),
        (columns | {"opne": "First"}, r"no column is called for by 'opne'; did you mean 'open'\? \(known: time, open,"),
    ):
        with pytest.raises(InvalidInput, match=message):
            read(tmp_path, text, columns=wrong)
    with pytest.raises(InvalidInput, match="without a header, --columns must say open, high, low, close too"):
        read(tmp_path, BODY, columns={"time": "1"})
    with pytest.raises(InvalidInput, match="the column '9' for open is not there"):
        read(tmp_path, BODY, columns={"time": "1", "open": "9"})


def test_layouts_that_somebody_names(tmp_path: Path) -> None:
    assert values_of(read(tmp_path, BODY, layout="FirstRate", time_zone="UTC")) == BARS
    with pytest.raises(InvalidInput, match=r"no layout is named 'yahooo'; did you mean 'yahoo'\? \(known: "):
        read(tmp_path, HEADER + BODY, layout="yahooo")
    with pytest.raises(InvalidBars, match="is not of the layout yahoo: no column 'adj close'; found Date, Open"):
        read(tmp_path, HEADER + BODY, layout="yahoo")
    with pytest.raises(InvalidBars, match=r"has no header, and a row of 6 cells is not of the layout kraken"):
        read(tmp_path, BODY, layout="kraken")


def test_which_volume_counts(tmp_path: Path) -> None:
    text = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT\n1704153600,x,BTC/USDT,1,2,1,1,5,6\n"
    assert read(tmp_path, text, symbol="BTCUSDT").volume.tolist() == [5.0]
    assert read(tmp_path, text, columns={"volume": "Volume USDT"}).volume.tolist() == [6.0]
    with pytest.raises(InvalidBars, match="several columns of volume, in BTC and USDT; say which one it is: --columns"):
        read(tmp_path, text)


@pytest.mark.parametrize("count", [9, 12])
def test_columns_without_names_that_could_be_others_are_refused(count: int, tmp_path: Path) -> None:
    bars = [(100 + at, 102 + at, 99 + at, 101 + at) for at in range(count)]
    straight = "".join(f"2024-01-{at + 1:02},{o},{h},{low},{c},5\n" for at, (o, h, low, c) in enumerate(bars))
    assert len(read(tmp_path, straight)) == count
    if count < 10:
        return
    exchanged = "".join(f"2024-01-{at + 1:02},{c},{h},{low},{o},5\n" for at, (o, h, low, c) in enumerate(bars))
    with pytest.raises(InvalidBars, match="contradict themselves: each open leads on to the next close"):
        read(tmp_path, exchanged)
    adjusted = "".join(f"2024-01-{at + 1:02},{o},{h},{low},{c},{c - 1}\n" for at, (o, h, low, c) in enumerate(bars))
    with pytest.raises(InvalidBars, match="contradict themselves: the volume stays near the price"):
        read(tmp_path, adjusted)


def test_prices_of_nothing_or_less_must_be_allowed(tmp_path: Path) -> None:
    path = tmp_path / "OIL_1d.csv"
    path.write_text(HEADER + "2020-04-17,20,21,17,18,5\n2020-04-20,17.7,17.9,-40.32,-37.63,5\n")
    with pytest.raises(InvalidBars) as caught:
        FileReader().read(path)
    assert str(caught.value) == (
        "OIL_1d.csv: row 1 at 2020-04-20T00:00:00Z: low -40.32 is not above 0; --allow-nonpositive takes such prices"
    )
    (bars,) = FileReader().read(path, Stated(allow_nonpositive=True))
    assert bars.close.tolist() == [18.0, -37.63]


@pytest.mark.parametrize(
    "names",
    [
        ("Date", "Open", "High", "Low", "Close*", "Volume"),
        ("timestamp", "1a. open (USD)", "2a. high (USD)", "3a. low (USD)", "4a. close (USD)", "5. volume"),
        ("Timestamp", "OPEN_PRICE", "<HIGH>", "low (₹)", "Close/Last", "Volume_(BTC)"),
        ("", "o", "h", "l", "c", "v"),
    ],
)
def test_spellings_of_names(names: tuple[str, ...], tmp_path: Path) -> None:
    assert values_of(read(tmp_path, ",".join(names) + "\n" + BODY)) == BARS


def test_prices_in_two_currencies_are_refused(tmp_path: Path) -> None:
    names = "timestamp,1a. open (EUR),1b. open (USD),high,low,close\n"
    with pytest.raises(InvalidBars, match=r"columns '1a. open \(EUR\)' and '1b. open \(USD\)' are one name twice"):
        read(tmp_path, names + "2024-01-02,1,1,2,1,1\n")


@pytest.mark.parametrize("name", ["Total Volume", "Number of Shares", "No.of Shares"])
def test_a_volume_by_another_name_is_read(name: str, tmp_path: Path) -> None:
    assert values_of(read(tmp_path, HEADER.replace("Volume", name) + BODY)) == BARS


def test_a_volume_that_is_not_known_is_said_aloud(tmp_path: Path) -> None:
    bars = read(tmp_path, HEADER.replace("Volume", "Umsatz") + BODY)
    assert [remark for remark in understood(bars).remarks if "volume" in remark and "Umsatz" in remark]
    assert bars.volume.tolist() == [0.0, 0.0]


def test_metastock_has_a_date_and_a_time(tmp_path: Path) -> None:
    body = "X,5,20240102,093000,10.5,12,10,11.25,1200\nX,5,20240102,093500,11.25,11.5,9.75,10,800\n"
    header = "<TICKER>,<PER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
    bars = read(tmp_path, header + body, timeframe=Timeframe("5m"))
    assert values_of(bars) == BARS
    assert [iso(stamp) for stamp in bars.stamps] == ["2024-01-02T09:30:00Z", "2024-01-02T09:35:00Z"]


def test_columns_by_number_where_each_row_begins_with_a_symbol(tmp_path: Path) -> None:
    body = "".join(f"X;D;{row.replace(',', ';')}\n" for row in BODY.splitlines())
    places = {"time": "3", "open": "4", "high": "5", "low": "6", "close": "7", "volume": "8"}
    assert values_of(read(tmp_path, body, columns=places)) == BARS
