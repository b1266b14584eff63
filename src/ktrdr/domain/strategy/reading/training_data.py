"""Reading ``training_data``: symbols, timeframes, span."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown, unquoted
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.market.moments import FIRST_YEAR, LAST_YEAR
from ktrdr.domain.market.series import spelt_twice
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import SymbolChoice, SymbolCriteria, TimeframeChoice, TrainingData
from ktrdr.domain.strategy.reading.sections import Findings, Section

HISTORY_REQUIRED = Parameter(
    "history_required", "int", 200, low=50, high=10_000_000, description="base bars needed beyond the warm-up"
)
EXTENDED_HOURS = Parameter(
    "extended_hours", "bool", False, description="let bars outside the session take part in resampling"
)
POOL_ALIGNMENT = Parameter(
    "alignment",
    "str",
    "all_hours",
    choices=("all_hours", "common_hours"),
    description="which rows a pooled model learns from: all, or those of moments at which every symbol trades",
)
TIMEFRAME_SOURCE = Parameter(
    "source", "str", "resampled", choices=("resampled", "native"), description="where other timeframes come from"
)
MAX_SYMBOLS = Parameter(
    "max_symbols",
    "int",
    None,
    low=1,
    high=100_000,
    aliases=("count", "limit"),
    description="how many are chosen at most, in the order of the list or of their names",
)
_MINUTES = 10_000
"""A bare number below this may be meant as minutes."""
_WITHOUT_EFFECT = ("volatility_range", "liquidity", "market_cap_range", "min_volume", "exchange", "region")


def read_training_data(parent: Section, findings: Findings) -> TrainingData:
    """Return what to train on; problems go into `findings`."""
    if "training_data" not in parent:
        findings.error("training_data", "is required, with symbols and timeframes")
    section = parent.section("training_data")
    if findings.refused("training_data"):
        return TrainingData(SymbolChoice("single", ()), TimeframeChoice(("1d",), "1d"))
    symbols = _read_symbols(section.get("symbols"), section.at("symbols"), findings)
    timeframes = _read_timeframes(section.get("timeframes"), section.at("timeframes"), findings)
    history = section.read(HISTORY_REQUIRED)
    extended = section.read(EXTENDED_HOURS)
    alignment = section.read(POOL_ALIGNMENT)
    start, end = _read_span(section, findings)
    section.warn_unknown()
    for name, value in (
        ("symbols", list(symbols.symbols)),
        ("timeframes", list(timeframes.timeframes)),
        ("timeframes.base_timeframe", timeframes.base),
        ("start_date", start),
        ("end_date", end),
    ):
        top = name.partition(".")[0]
        given = top in section or (top in {"start_date", "end_date"} and "date_range" in section and value is not None)
        findings.setting(section.at(name), value, section.path if given else "default")
    return TrainingData(symbols, timeframes, history, start, end, extended, alignment)


def _read_symbols(value: Any, path: str, findings: Findings) -> SymbolChoice:
    mode, names = _choice(
        value, path, findings, single=("symbol",), several=("list", "symbols"), multi="multi_symbol",
        extra=("selection_criteria",),
    )  # fmt: skip
    for name in names:
        _check(Symbol, name, path, findings)
    twice = spelt_twice(names)
    if twice is not None:
        findings.error(path, f"lists one symbol in two spellings: {twice[0]}, {twice[1]}")
    criteria = _read_criteria(value, path, findings)
    if criteria is not None and not names:
        written = value.get("mode")
        return SymbolChoice("single" if written == "single" else "multi_symbol", (), criteria)
    if not names and not any(problem.path == path for problem in findings.problems):
        findings.error(path, "names no symbol; write symbols: AAPL, or {mode: multi_symbol, list: [AAPL, MSFT]}")
    if mode == "single" and len(names) > 1 and not findings.refused_within(path):
        findings.error(path, f"mode single takes one symbol, found {len(names)}; write mode: multi_symbol")
    return SymbolChoice("multi_symbol" if mode == "multi_symbol" else "single", names, criteria)


def _read_criteria(value: Any, path: str, findings: Findings) -> SymbolCriteria | None:
    if not isinstance(value, Mapping) or value.get("selection_criteria") is None:
        return None
    section = Section(value["selection_criteria"], f"{path}.selection_criteria", findings)
    written = section.get("asset_class", "asset_classes")
    classes = [written] if isinstance(written, str) else [] if written is None else written
    if not isinstance(classes, list | tuple) or any(not isinstance(name, str) for name in classes):
        findings.error(section.at("asset_class"), f"must be a text or a list of texts, found {shown(written)}")
        classes = []
    for name in classes:
        if name.casefold() not in ASSET_CLASSES:
            allowed = f"allowed: {', '.join(ASSET_CLASSES)}{did_you_mean(name, ASSET_CLASSES)}"
            findings.error(section.at("asset_class"), f"{name!r} is not known; {allowed}")
    most = section.read(MAX_SYMBOLS)
    for name in _WITHOUT_EFFECT:
        if section.get(name) is not None:
            findings.warning(section.at(name), "has no effect in this version: asset_class and max_symbols choose")
    section.warn_unknown()
    return SymbolCriteria(tuple(dict.fromkeys(name.casefold() for name in classes)), most)


def _read_timeframes(value: Any, path: str, findings: Findings) -> TimeframeChoice:
    mode, names = _choice(
        value, path, findings, single=("timeframe",), several=("list", "timeframes"), multi="multi_timeframe",
        extra=("base_timeframe", "source"),
    )  # fmt: skip
    checks = [_check(Timeframe, name, path, findings) for name in names]
    lengths = [Timeframe(name).ns for name, valid in zip(names, checks, strict=True) if valid]
    if len(set(lengths)) < len(lengths):
        findings.error(path, f"lists one length in two spellings: {', '.join(names)}")
    if not names and findings.refused(path):
        return TimeframeChoice(("1d",), "1d")
    if not names:
        findings.error(path, "names no timeframe; write timeframes: 1h, or {mode: multi_timeframe, list: [5m, 1h]}")
        return TimeframeChoice(("1d",), "1d")
    whole = not findings.refused_within(path)
    if whole and mode == "single" and len(names) > 1:
        findings.error(path, f"mode single takes one timeframe, found {len(names)}; write mode: multi_timeframe")
    if whole and mode == "multi_timeframe" and len(names) < 2:
        findings.error(path, f"mode multi_timeframe takes at least 2 timeframes, found {len(names)}")
    base, source = names[0], "resampled"
    if isinstance(value, Mapping):
        section = Section(value, path, findings)
        source = section.read(TIMEFRAME_SOURCE)
        base = section.text("base_timeframe", default=names[0])
        if whole and base not in names and not findings.refused(section.at("base_timeframe")):
            findings.error(section.at("base_timeframe"), f"{base!r} is not in the list; allowed: {', '.join(names)}")
    return TimeframeChoice(names, base, "native" if source == "native" else "resampled")


def _choice(
    value: Any,
    path: str,
    findings: Findings,
    *,
    single: tuple[str, ...],
    several: tuple[str, ...],
    multi: str,
    extra: tuple[str, ...] = (),
) -> tuple[str, tuple[str, ...]]:
    """Return mode and names of a bare text, a bare list, or ``{mode, <single> | <several>}``."""
    if value is None or isinstance(value, str | list | tuple):
        names = _names([value] if isinstance(value, str) else value or [], path, findings)
        return ("single" if len(names) < 2 else multi), names
    if not isinstance(value, Mapping):
        findings.error(path, f"must be a text, a list or a mapping, found {shown(value)}{_meant(value, path)}")
        return "single", ()
    section = Section(value, path, findings)
    one, many, mode = section.get(*single), section.get(*several), section.get("mode")
    if one is not None and many is not None:
        findings.error(path, f"give {single[0]} or {several[0]}, not both")
    written = many if many is not None else one
    listed = written if isinstance(written, list | tuple) else [] if written is None else [written]
    names = _names(listed, path, findings)
    if mode not in (None, "single", multi):
        findings.error(section.at("mode"), f"{shown(mode)} is not known; allowed: single, {multi}")
        mode = None
    section.know(*extra)
    section.warn_unknown()
    return mode or ("single" if len(names) < 2 else multi), names


def _names(values: Iterable[Any], path: str, findings: Findings) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for value in values:
        if not isinstance(value, str) or not value:
            findings.error(path, f"must be texts, found {shown(value)}{_meant(value, path)}")
        elif value in names:
            findings.error(path, f"{value!r} is listed twice")
        else:
            names[value] = None
    return tuple(names)


def _meant(value: Any, path: str) -> str:
    """Return what a value that is no text may be meant as, to end a message with."""
    number = isinstance(value, int) and not isinstance(value, bool)
    if not path.endswith("timeframes") or not number or not 1 <= value < _MINUTES:
        return unquoted(value)
    hours = f" or {value // 60}h" if not value % 60 else ""
    return f"; write {value}m{hours}"


def _check(kind: Callable[[str], object], value: str, path: str, findings: Findings) -> bool:
    try:
        kind(value)
    except InvalidInput as error:
        findings.error(path, str(error))
        return False
    return True


def _read_span(section: Section, findings: Findings) -> tuple[str | None, str | None]:
    span = section.section("date_range")
    values = {}
    for name, nested in (("start_date", "start"), ("end_date", "end")):
        outer, inner = section.get(name), span.get(nested)
        if outer is not None and inner is not None:
            findings.error(span.at(nested), f"is given twice, here and in {section.at(name)}")
        path = section.at(name) if outer is not None else span.at(nested)
        values[name] = _moment(outer if outer is not None else inner, path, findings)
    span.warn_unknown()
    start, end = values["start_date"], values["end_date"]
    if start and end and start[:10] > end[:10]:
        ends = section.at("end_date") in findings.overridden and section.at("start_date") not in findings.overridden
        path = section.at("end_date" if ends else "start_date")
        findings.error(path, f"the start, {start}, lies after the end, {end}")
    return start, end


def _moment(value: Any, path: str, findings: Findings) -> str | None:
    """Return a date or time in one spelling, however it was written."""
    if value is None:
        return None
    moment = value if isinstance(value, date) else _parsed(value)
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        found = shown(value) if moment is None else moment.isoformat()
        findings.error(path, f"must be a date such as 2020-01-31, from {FIRST_YEAR} to {LAST_YEAR}, found {found}")
        return None
    return moment.isoformat()


def _parsed(text: Any) -> date | None:
    """Return what ``2020-01-31`` or ``2020-01-31T09:30`` says; other ISO forms are left out, for few mean them."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-?\d{2}-?\d{2}([T ].+)?", text):
        return None
    with suppress(ValueError):
        return date.fromisoformat(text) if len(text) <= len("2020-01-31") else datetime.fromisoformat(text)
    return None
