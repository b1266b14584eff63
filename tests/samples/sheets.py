"""Tables of bars as vendors lay them out in text files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from samples.exports import ROLES, Spelling
from samples.markets import Bar


@dataclass(frozen=True)
class Layout:
    """How a vendor writes a table.

    Attributes
    ----------
    header : str or None
        With commas, whatever the delimiter.
    columns : str
        Each a role, a constant after ``=``, the row's number (``#``), or the last moment of the bar (``end``).
    delimiter : str
        The vendor's own, who then writes decimal points; empty where any will do.
    sign : str
        Before each price.
    above : str
        Before the header.
    takes : str
        Pattern of the spellings of time that the vendor uses.
    split : bool
        Whether date and time of day are two columns.
    """

    header: str | None
    columns: str
    delimiter: str = ""
    sign: str = ""
    above: str = ""
    takes: str = ".*"
    split: bool = False


LAYOUTS = {
    "plain": Layout("Date,Open,High,Low,Close,Volume", "time open high low close volume"),
    "lower": Layout("timestamp,open,high,low,close,volume", "time open high low close volume"),
    "letters": Layout("t,o,h,l,c,v", "time open high low close volume"),
    "yahoo": Layout("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits", "time open high low close volume =0 =0"),
    "tradingview": Layout("time,open,high,low,close,Volume,RSI", "time open high low close volume =50"),
    "coinbase": Layout("time,low,high,open,close,volume", "time low high open close volume"),
    "ib": Layout(",date,open,high,low,close,volume,average,barCount", "# time open high low close volume close =31"),
    "backwards": Layout("Volume,Close,Low,High,Open,Date", "volume close low high open time"),
    "nasdaq": Layout(
        "Date,Close/Last,Volume,Open,High,Low", "time close volume open high low", ",", "$", takes="month first|iso"
    ),
    "crypto": Layout(
        "unix,symbol,open,high,low,close,Volume BTC,Volume USD",
        "time =SYMBOL open high low close volume =77",
        ",",
        above="https://www.example.com\n",
        takes="s|ms|seconds|milliseconds|naive",
    ),
    "long": Layout("date,open,high,low,close,volume,Name", "time open high low close volume =SYMBOL"),
    "flat": Layout("ticker,volume,open,close,high,low,window_start", "=SYMBOL volume open close high low time"),
    "silent": Layout("Date,Open,High,Low,Close", "time open high low close"),
    "bare": Layout(None, "time open high low close volume"),
    "binance": Layout(None, "time open high low close volume end =9 =5 =1 =1 =0", ",", takes=".*(ms|us|milliseconds)"),
    "kraken": Layout(None, "time open high low close volume =17", ",", takes="s|seconds"),
    "metatrader": Layout(
        "<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>",
        "time open high low close volume =0 =5",
        "\t",
        takes="dotted clock .*",
        split=True,
    ),
    "metatrader, days": Layout(
        "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<TICKVOL>,<VOL>,<SPREAD>",
        "time open high low close volume =0 =5",
        "\t",
        takes="dots, year first",
    ),
    "metatrader 4": Layout(None, "time open high low close volume", ",", takes="dotted clock .*", split=True),
    "histdata": Layout(None, "time open high low close =0", ";", takes="compact clock .*"),
    "stooq": Layout(
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
        "=SYMBOL.US =D time =000000 open high low close volume =0",
        ",",
        takes="compact",
    ),
    "three header lines": Layout(
        "Date,,,,,",
        "time close high low open volume",
        ",",
        above="Price,Close,High,Low,Open,Volume\nTicker,SYMBOL,SYMBOL,SYMBOL,SYMBOL,SYMBOL\n",
        takes="iso",
    ),
    "adjusted": Layout(
        "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
        "time open high low close close volume =0 =1",
        ",",
        takes="iso",
    ),
    "investing": Layout(
        "Date,Price,Open,High,Low,Vol.,Change %", "time close open high low volume =0.42%", ",", takes="month first"
    ),
    "date and clock": Layout(
        "date,time,open,high,low,close,volume",
        "time open high low close volume",
        takes="naive|clock .*",
        split=True,
    ),
}


@dataclass
class Sheet:
    """Rows of cells on their way into a CSV file; what defects change."""

    header: list[str] | None
    rows: list[list[str]]
    places: Mapping[str, int]
    delimiter: str = ","
    newline: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL
    before: str = ""
    after: str = ""
    lines: dict[int, str] = field(default_factory=dict)

    def written(self) -> str:
        """Return the file's text; `lines` stand before the rows of those numbers, as they are."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\n", quoting=self.quoting)  # type: ignore[arg-type]
        out.write(self.before)
        if self.header is not None:
            writer.writerow(self.header)
        for number, row in enumerate(self.rows):
            out.write(self.lines.get(number, ""))
            writer.writerow(row)
        out.write(self.after)
        return out.getvalue().replace("\n", self.newline)


@dataclass(frozen=True)
class Marks:
    """How numbers are written."""

    decimal: str = "."
    thousands: str = ""

    def __call__(self, number: str) -> str:
        whole, point, rest = number.partition(".")
        if self.thousands:
            whole = f"{int(whole):,}".replace(",", self.thousands)
        return whole + (self.decimal + rest if point else "")

    def clear(self, numbers: list[str]) -> bool:
        """Return whether the way of writing can be told from a column of such numbers."""
        written = [self(number) for number in numbers]
        if not any(set(number) & {".", ","} for number in written):
            return True
        return any(_tells(number) for number in written)


def _tells(number: str) -> bool:
    """Return whether a number can be read in one way alone: marks twice, or other than three digits behind one."""
    marks = [character for character in number if not character.isdigit()]
    if not marks or marks[-1] not in ".,":
        return False
    return len(marks) > 1 or len(number.rpartition(marks[-1])[2]) != 3


def sheet(bars: list[Bar], layout: Layout, spelling: Spelling, symbol: str, marks: Marks, delimiter: str) -> Sheet:
    """Return bars in a layout, from old to new."""
    columns = layout.columns.split()
    rows = [_row(number, bar, layout, spelling, symbol, marks) for number, bar in enumerate(bars)]
    header = None if layout.header is None else layout.header.split(",")
    there = [name for name in ("time", *ROLES) if name in columns]
    places = {name: columns.index(name) + (layout.split and name != "time") for name in there}
    return Sheet(header, rows, places, layout.delimiter or delimiter, before=layout.above.replace("SYMBOL", symbol))


def _row(number: int, bar: Bar, layout: Layout, spelling: Spelling, symbol: str, marks: Marks) -> list[str]:
    time = spelling(bar.stamp)
    cells = dict(zip(ROLES, map(marks, bar.texts), strict=True)) | {"#": str(number)}
    cells |= {role: layout.sign + cells[role] for role in ROLES[:4]}
    if "end" in layout.columns:
        cells["end"] = str(int(spelling(bar.known)) - 1)
    row = []
    for name in layout.columns.split():
        if name == "time":
            row += time.split(" ") if layout.split else [time]
        else:
            row.append(cells[name] if name in cells else name[1:].replace("SYMBOL", symbol))
    return row
