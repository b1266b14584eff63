"""What ``files/expected.json`` says of each file, and how what was found is judged by it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe

FILES = Path(__file__).parent / "files"
REFUSED = {2: "invalid input", 3: "not found", 5: "unavailable"}
"""Exit codes of a plain refusal: the file is wrong, holds no bars, or needs an extra."""


@dataclass(frozen=True)
class Case:
    """One way of reading one file, and what must come of it; see the README of the files."""

    number: int
    written: Mapping[str, Any]

    @property
    def name(self) -> str:
        said = "_".join(map(str, self.stated))
        return "-".join(filter(None, [self.written["file"].replace("/", "-"), self.symbol, said]))

    @property
    def path(self) -> Path:
        return FILES / self.written["file"]

    @property
    def symbol(self) -> str:
        return str(self.written["symbol"])

    @property
    def timeframe(self) -> Timeframe:
        return Timeframe(self.written["timeframe"])

    @property
    def stated(self) -> Mapping[str, Any]:
        return dict(self.written["import"])

    @property
    def may_be_refused(self) -> bool:
        return "refuse" in self.written["outcome"]

    @property
    def readings(self) -> list[Mapping[str, Any]]:
        return [] if self.written["outcome"] == "refuse" else [self.written, *self.written.get("also", [])]

    @property
    def named(self) -> bool:
        """Whether the file's name says symbol and timeframe, so that its folder can be read as it is."""
        stem = self.path.name.partition(".csv")[0].partition(".json")[0]
        stem = re.sub(r"\.(parquet|feather|xlsx|zip)$", "", stem)
        return stem.casefold() == f"{self.symbol}_{self.timeframe}".casefold()


@dataclass(frozen=True)
class Found:
    """What came of a file: its bars and what they were taken to trade by, or why it was refused."""

    code: int
    printed: str
    bars: Bars | None = None
    calendar: str = ""
    left: tuple[str, ...] = ()


def cases() -> list[Case]:
    written = json.loads((FILES / "expected.json").read_text())
    return [Case(number, one) for number, one in enumerate(written)]


def problems(case: Case, found: Found, *, refusal_will_do: bool = False) -> list[str]:
    """Return what is wrong with what was found; nothing where it is as it must be."""
    if "Traceback" in found.printed:
        return ["a traceback"]
    if found.code:
        return list(_refusal_problems(case, found, refusal_will_do and not case.may_be_refused))
    if found.bars is None:
        return ["neither bars nor an error"]
    if not case.readings:
        return [f"read ({len(found.bars)} bars from {found.bars.open[0]}), but must be refused"]
    by_reading = [list(_reading_problems(reading, found.bars)) for reading in case.readings]
    return min(by_reading, key=len) + list(_said_problems(case, found))


def _refusal_problems(case: Case, found: Found, anyhow: bool) -> Iterator[str]:
    if found.code not in REFUSED or "see --help" in found.printed:
        yield f"no refusal, but exit code {found.code}: {found.printed.strip()[:200]}"
    if found.left:
        yield f"refused, and yet {', '.join(found.left)} is kept"
    if not case.may_be_refused and not anyhow:
        yield f"refused: {found.printed.strip()[:200]}"
    if not anyhow and not _any_of(case.written.get("refusal_names"), found.printed):
        yield f"the refusal names none of {case.written['refusal_names']}: {found.printed.strip()[:200]}"


def _said_problems(case: Case, found: Found) -> Iterator[str]:
    if "warn" in case.written["outcome"] and not _any_of(case.written["said"], found.printed):
        yield f"none of {case.written['said']} is said: {found.printed.strip()[:300]}"
    if found.calendar not in case.written.get("calendar", [found.calendar]):
        yield f"trades by {found.calendar}, not by {case.written['calendar']}"


def _any_of(patterns: list[str] | None, text: str) -> bool:
    return not patterns or any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def _reading_problems(reading: Mapping[str, Any], bars: Bars) -> Iterator[str]:
    if len(bars) != reading["rows"]:
        yield f"{len(bars)} bars, not {reading['rows']}"
    for row, name in ((0, "first"), (-1, "last")):
        yield from _row_problems(reading[name], bars, row, name)
    for name, total in reading["sums"].items():
        found = int(np.sum(bars.stamps // 10**9)) if name == "stamp" else float(np.sum(getattr(bars, name)))
        if not _same(found, total):
            yield f"sum of {name} {found!r}, not {total!r}"


def _row_problems(wanted: Mapping[str, Any], bars: Bars, row: int, name: str) -> Iterator[str]:
    stamps = [wanted[key] for key in ("stamp", "stamp_or") if key in wanted]
    if int(bars.stamps[row]) not in map(from_iso, stamps):
        yield f"{name} stamp {np.datetime64(int(bars.stamps[row]), 'ns')}, not {' or '.join(stamps)}"
    if bars.known_at[row] < from_iso(wanted["known_at_not_before"]):
        known = np.datetime64(int(bars.known_at[row]), "ns")
        yield f"{name} bar known at {known}, before {wanted['known_at_not_before']}"
    for column in BAR_COLUMNS:
        found = float(getattr(bars, column)[row])
        if not _same(found, wanted[column]):
            yield f"{name} {column} {found!r}, not {wanted[column]!r}"


def _same(found: float, wanted: float) -> bool:
    exact = isinstance(wanted, int)
    return found == wanted if exact else math.isclose(found, wanted, rel_tol=1e-12, abs_tol=1e-12)
