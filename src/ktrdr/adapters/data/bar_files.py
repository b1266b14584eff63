"""What the names of files of bars say."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

_PLAIN = (".csv", ".txt", ".tsv", ".json")
KINDS = (
    *_PLAIN,
    *(f"{kind}{packed}" for packed in (".gz", ".zip") for kind in _PLAIN),
    ".zip",
    ".feather",
    ".arrow",
    ".xlsx",
    ".parquet",
)
"""How the names of files end that can hold bars."""
_LONGEST_FIRST = sorted(KINDS, key=len, reverse=True)
_FILE_STEM = re.compile(r"(.*)_([1-9][0-9]{0,3})([mhdwHDW])")
_MINUTES_OR_MONTHS = re.compile(r"(.+)_([1-9][0-9]{0,3})M")


def split_name(name: str) -> tuple[str, str]:
    """Return a file's name without what says of which of `KINDS` it is, and that, in small letters; else ''."""
    small = name.lower()
    for kind in _LONGEST_FIRST:
        if small.endswith(kind):
            return name[: -len(kind)], kind
    return name, ""


def name_of(path: Path) -> tuple[str, Timeframe] | None:
    """Return symbol and timeframe of ``{SYMBOL}_{timeframe}.*``, or None where a file is named otherwise.

    ``1H``, ``1D``, ``1W`` are ``1h``, ``1d``, ``1w``; a capital M may mean months, and says nothing.
    """
    return _said_by(path.name)


@lru_cache(maxsize=2**15)
def _said_by(name: str) -> tuple[str, Timeframe] | None:
    stem, kind = split_name(name)
    match = _FILE_STEM.fullmatch(stem)
    if not kind or match is None:
        return None
    try:
        return Symbol.from_file_name(match[1]).text, Timeframe(f"{match[2]}{match[3].lower()}")
    except InvalidInput:
        return None


def why_not_taken(name: str) -> str:
    """Return why a file of a folder that `name_of` cannot read holds no series, and what helps."""
    stem, kind = split_name(name)
    if not kind:
        return "files of this kind are not read"
    helps = "or import it with --symbol and --timeframe"
    months = _MINUTES_OR_MONTHS.fullmatch(stem)
    if months is not None:
        return (
            f"{months[2]}M in its name may be minutes or months; rename it {months[1]}_{months[2]}m{kind} "
            f"if they are minutes, {helps}"
        )
    if _FILE_STEM.fullmatch(stem):
        return f"its name holds no symbol that can be read; rename it SPY_1d{kind}, say, {helps}"
    return f"no timeframe in its name; rename it {stem}_1d{kind}, say, {helps}"


def file_name(symbol: str, timeframe: Timeframe, suffix: str) -> str:
    """Return the name of a series' file; `name_of` reads it back, but for the ``^`` of an index."""
    return f"{Symbol(symbol.removeprefix('^')).file_name}_{timeframe}{suffix}"
