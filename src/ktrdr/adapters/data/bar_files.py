"""What the names of files of bars say."""

from __future__ import annotations

import re
from pathlib import Path

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

_FILE_STEM = re.compile(r"(.+)_([1-9][0-9]{0,3}[mhdw])")


def name_of(path: Path) -> tuple[str, Timeframe] | None:
    """Return symbol and timeframe of ``{SYMBOL}_{timeframe}.*``, or None where a file is named otherwise."""
    match = _FILE_STEM.fullmatch(path.stem)
    if match is None:
        return None
    try:
        return Symbol.from_file_name(match[1]).text, Timeframe(match[2])
    except InvalidInput:
        return None


def file_name(symbol: str, timeframe: Timeframe, suffix: str) -> str:
    """Return the name of a series' file; `name_of` reads it back, but for the ``^`` of an index."""
    return f"{Symbol(symbol.removeprefix('^')).file_name}_{timeframe}{suffix}"
