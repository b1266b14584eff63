"""What commands print: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ktrdr.domain.errors import Unavailable
from ktrdr.domain.problems import InvalidStrategy

if TYPE_CHECKING:
    from ktrdr.domain.problems import Problem


def emit(payload: Mapping[str, Any], text: str, as_json: bool) -> None:
    """Print the result: one JSON object, or text for people."""
    write_out(json.dumps(payload, allow_nan=False) if as_json else printable(text))


def write_out(text: str) -> None:
    """Write a line to stdout, at once; what nobody reads any more is dropped.

    Raises
    ------
    Unavailable
        If stdout is closed or its disk is full.
    """
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:  # nobody reads on, as behind `| head`; Typer would make a fault of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        sys.stdout = None
        raise Unavailable(f"stdout: cannot be written ({error.strerror or error})") from error


def say(text: str) -> None:
    """Print a warning or a note to stderr, where it disturbs no pipe."""
    with suppress(OSError):  # of a terminal that is gone: what is done is not undone by it
        if sys.stderr is not None:
            sys.stderr.write(printable(text) + "\n")


def say_notes(notes: Iterable[str]) -> None:
    """Print each note on a line of its own."""
    for note in notes:
        say(f"note: {note}")


def printable(text: str) -> str:
    """Return the text without what a terminal would obey; names in files may hold anything."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def warn_or_refuse(warnings: Sequence[Problem], where: str, strict: bool) -> None:
    """Print the warnings of a strategy, or refuse it for them.

    Raises
    ------
    InvalidStrategy
        If `strict` and there are any.
    """
    if strict and warnings:
        say("note: --strict refuses warnings")
        raise InvalidStrategy(warnings, where)
    for problem in warnings:
        say(f"warning: {problem.located(where)}")


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return columns aligned by blanks; numbers to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [list(header), *cells]) for column in range(len(header))]
    right = [bool(cells) and all(_numeric(row[column]) for row in cells) for column in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        return "  ".join(parts).rstrip()

    return "\n".join(line(row) for row in [list(header), *cells])


def section(title: str, rows: Sequence[Sequence[object]]) -> str:
    """Return a title with aligned rows below it, indented."""
    body = table([""] * len(rows[0]), rows).split("\n", 1)[1] if rows else "(none)"
    return f"{title}\n" + "\n".join(f"  {line}" for line in body.split("\n"))


def _numeric(cell: str) -> bool:
    return cell.replace(",", "").replace(".", "").replace("%", "").lstrip("+-").strip().isdigit() or cell in {"", "-"}
