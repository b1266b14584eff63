"""What happens to files on their way: rows that are odd, and what may become of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass

from samples.sheets import Sheet

ROW = r"\b(?:[Rr]ow|[Ll]ine)s? #?(\d+)"


@dataclass(frozen=True)
class Allowed:
    """What may come of a file: all bars, all but one, a refusal; what a refusal must say.

    `names` are patterns that must all stand in the refusal; with `row` it must say a number near that of the row.
    """

    whole: bool = True
    without_it: bool = False
    refused: bool = True
    names: tuple[str, ...] = ()
    row: bool = False


HARMLESS = Allowed(refused=False)
EITHER_WAY = Allowed()
NEVER = Allowed(whole=False, row=True)
LEFT_OUT = Allowed(whole=False, without_it=True, row=True)
Defect = Callable[[Sheet, int], Allowed]


def instead(role: str, word: str, allowed: Allowed = LEFT_OUT) -> Defect:
    """Return the defect that a cell holds a word."""

    def spoil(sheet: Sheet, row: int) -> Allowed:
        sheet.rows[row][sheet.places.get(role, sheet.places["close"])] = word
        return allowed

    return spoil


def stray_clock(sheet: Sheet, row: int) -> Allowed:
    """A clock time among dates: a bar that is not over. It may stay as the bar of its date, known at its close."""
    place = sheet.places["time"]
    date = re.split(r"[T ](?=\d\d:)", sheet.rows[row][place])[0]
    sheet.rows[row][place] = f"{date} 15:10:03"
    return Allowed(without_it=True, row=True)


def offset_dropped(sheet: Sheet, row: int) -> Allowed:
    place = sheet.places["time"]
    sheet.rows[row][place] = re.sub(r"(Z|[+-]\d\d:\d\d| UTC)$", "", sheet.rows[row][place])
    return Allowed(row=True)


def finer_unit(sheet: Sheet, row: int) -> Allowed:
    """From a row on times are counted a thousand times finer."""
    for cells in sheet.rows[row:]:
        cells[sheet.places["time"]] += "000"
    return HARMLESS


def twin(sheet: Sheet, row: int) -> Allowed:
    sheet.rows.insert(row, list(sheet.rows[row]))
    return EITHER_WAY


def twin_with_another_volume(sheet: Sheet, row: int) -> Allowed:
    other = list(sheet.rows[row])
    place = sheet.places.get("volume", sheet.places["close"])
    other[place] = re.sub(r"\d", lambda digit: str(9 - int(digit[0]) or 1), other[place], count=1)
    sheet.rows.insert(row, other)
    return NEVER


def swapped(sheet: Sheet, row: int) -> Allowed:
    row = min(row, len(sheet.rows) - 2)
    sheet.rows[row], sheet.rows[row + 1] = sheet.rows[row + 1], sheet.rows[row]
    return NEVER


def high_is_low(sheet: Sheet, row: int) -> Allowed:
    high, low, cells = sheet.places["high"], sheet.places["low"], sheet.rows[row]
    if cells[high] == cells[low]:
        return HARMLESS
    cells[high], cells[low] = cells[low], cells[high]
    return NEVER


def other_mark(sheet: Sheet, row: int) -> Allowed:
    """One row has points for commas and commas for points."""
    cells = sheet.rows[row]
    for role in ("open", "high", "low", "close"):
        cells[sheet.places[role]] = cells[sheet.places[role]].translate(str.maketrans(".,", ",."))
    return Allowed(row=True)


def short(sheet: Sheet, row: int) -> Allowed:
    del sheet.rows[row][-1]
    return Allowed(without_it=True, row=True)


def long(sheet: Sheet, row: int) -> Allowed:
    sheet.rows[row].append("1")
    return Allowed(without_it=True, row=True)


def line(*texts: str) -> Defect:
    """Return the defect that a line stands between rows."""

    def spoil(sheet: Sheet, row: int) -> Allowed:
        sheet.lines[row] = texts[row % len(texts)]
        return EITHER_WAY

    return spoil


def footer(sheet: Sheet, row: int) -> Allowed:
    commas = sheet.delimiter * (len(sheet.rows[0]) - 1)
    sheet.after = ["Data provided by Example\n", f"Total{commas}\n", "\nEnd of file\n", "# 40 rows\n"][row % 4]
    return EITHER_WAY


def header_again(sheet: Sheet, row: int) -> Allowed:
    if sheet.header is not None and row:
        sheet.lines[row] = sheet.delimiter.join(sheet.header) + "\n"
    return EITHER_WAY


def preamble(sheet: Sheet, row: int) -> Allowed:
    sheet.before = ["Prices of Example\n", "# made by Example, 2024\n", "\n", "sep=,\n"][row % 4] + sheet.before
    return EITHER_WAY


def trailing_delimiters(sheet: Sheet, row: int) -> Allowed:
    if row % 2 and sheet.header is not None:
        sheet.header.append("")
    for cells in sheet.rows:
        cells.append("")
    return EITHER_WAY


def quoted(sheet: Sheet, row: int) -> Allowed:
    sheet.quoting = csv.QUOTE_ALL
    return HARMLESS


def newline(text: str, allowed: Allowed) -> Defect:
    """Return the defect that lines end otherwise."""

    def spoil(sheet: Sheet, row: int) -> Allowed:
        sheet.newline = text
        return allowed

    return spoil


ANYWHERE: dict[str, Defect] = {
    "nothing": lambda sheet, row: HARMLESS,
    "quoted": quoted,
    "carriage returns": newline("\r\n", HARMLESS),
    "old newlines": newline("\r", EITHER_WAY),
    "twin": twin,
    "twin with another volume": twin_with_another_volume,
    "swapped": swapped,
    "high is low": high_is_low,
    "other mark": other_mark,
    "short": short,
    "long": long,
    "empty price": instead("open", ""),
    "empty close": instead("close", ""),
    "empty volume": instead("volume", ""),
    "null": instead("close", "null"),
    "nan": instead("high", "nan"),
    "infinite": instead("high", "inf"),
    "word": instead("low", "n.a.?"),
    "broken number": instead("close", "12..5"),
    "two points": instead("close", "1.2.3"),
    "sheet error": instead("close", "#DIV/0!"),
    "exponent of a word": instead("open", "1e5x"),
    "minus minus": instead("open", "--5"),
    "no time": instead("time", ""),
    "no such day": instead("time", "2024-02-30"),
    "a word for a time": instead("time", "yesterday"),
    "a far time": instead("time", "99999999999999999999"),
    "a zero byte": instead("close", "1\0", Allowed(whole=False, without_it=True)),
    "blank line": line("\n", "  \n", "\n\n\n"),
    "comment": line("# a remark\n", "// a remark\n"),
    "footer": footer,
    "header again": header_again,
    "preamble": preamble,
    "trailing delimiters": trailing_delimiters,
}
DATED: dict[str, Defect] = {"stray clock": stray_clock}
OFFSET: dict[str, Defect] = {"offset dropped": offset_dropped}
COUNTED: dict[str, Defect] = {"finer unit": finer_unit}
