"""Which symbols a command is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from ktrdr.domain.errors import InvalidInput, KtrdrError


def chosen_symbols(symbol: str | None, symbols: str | None, every: bool) -> tuple[str, ...] | Literal["all"] | None:
    """Return the symbols of ``--symbols`` or ``--all``; None where neither is given.

    Raises
    ------
    InvalidInput
        If more than one of the options is given, or ``--symbols`` names none, or one twice, or by a file that is no
        plain text.
    NotFound, Unavailable
        If the file after ``@`` is not there, or cannot be read.
    """
    given = {"--symbol": symbol is not None, "--symbols": symbols is not None, "--all": every}
    named = [option for option, there in given.items() if there]
    if len(named) > 1:
        raise InvalidInput(f"give {' or '.join(named)}, not {'both' if len(named) == 2 else 'all of them'}")
    if every:
        return "all"
    return named_symbols("--symbols", symbols)


def named_symbols(option: str, text: str | None) -> tuple[str, ...] | None:
    """Return the symbols that the value of an option names, ``AAPL,MSFT`` or ``@list.txt``; None where it is None.

    Raises
    ------
    InvalidInput
        If it names none, or one twice, or the file after ``@`` is no plain text.
    NotFound, Unavailable
        If the file after ``@`` is not there, or cannot be read.
    """
    if text is None:
        return None
    found = tuple(_names(_lines(Path(text[1:]), option) if text.startswith("@") else [text]))
    if not found:
        raise InvalidInput(f"{option} {text!r} names no symbol; write AAPL,MSFT or @list.txt")
    _refuse_repeated(found, f"{option} {text}" if text.startswith("@") else option)
    return found


def _refuse_repeated(names: tuple[str, ...], where: str) -> None:
    from ktrdr.domain.market.series import spelt_twice

    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise InvalidInput(f"{where}: {repeated!r} is listed twice")
    twice = spelt_twice(names)
    if twice is not None:
        raise InvalidInput(f"{where}: {twice[0]} and {twice[1]} are one symbol in two spellings; name one of them")


def _names(lines: Iterable[str]) -> Iterable[str]:
    """Yield names between commas and blanks; what follows a # is a comment."""
    for line in lines:
        yield from filter(None, re.split(r"[,\s]+", line.partition("#")[0]))


def _lines(path: Path, option: str) -> list[str]:
    from ktrdr.adapters.documents.limits import SYMBOL_LIST
    from ktrdr.adapters.documents.plain_file import read_text

    try:
        return read_text(path, SYMBOL_LIST).splitlines()
    except KtrdrError as error:
        raise type(error)(f"{option} @{error}") from error
