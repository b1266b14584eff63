"""Which symbols a command is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from ktrdr.domain.errors import InvalidInput, NotFound, Unavailable


def chosen_symbols(symbol: str | None, symbols: str | None, every: bool) -> tuple[str, ...] | Literal["all"] | None:
    """Return the symbols of ``--symbols`` or ``--all``; None where neither is given.

    Raises
    ------
    InvalidInput
        If more than one of the options is given, or ``--symbols`` names none.
    NotFound, Unavailable
        If the file after ``@`` is not there, or cannot be read.
    """
    given = {"--symbol": symbol is not None, "--symbols": symbols is not None, "--all": every}
    named = [option for option, there in given.items() if there]
    if len(named) > 1:
        raise InvalidInput(f"give {' or '.join(named)}, not {'both' if len(named) == 2 else 'all of them'}")
    if every:
        return "all"
    if symbols is None:
        return None
    found = tuple(_names(_lines(Path(symbols[1:])) if symbols.startswith("@") else [symbols]))
    if not found:
        raise InvalidInput(f"--symbols {symbols!r} names no symbol; write AAPL,MSFT or @list.txt")
    return found


def _names(lines: Iterable[str]) -> Iterable[str]:
    """Yield names between commas and blanks; what follows a # is a comment."""
    for line in lines:
        yield from filter(None, re.split(r"[,\s]+", line.partition("#")[0]))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise NotFound(f"--symbols @{path}: no such file") from error
    except OSError as error:
        raise Unavailable(f"--symbols @{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"--symbols @{path}: not a text in UTF-8") from error
