"""``ktrdr data import``: what was understood of files, the question, and what was kept."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.market.reading import ROLES, Stated
from ktrdr.entrypoints.cli.data_text import open_store, series_table
from ktrdr.entrypoints.cli.options import DataDir, Json
from ktrdr.entrypoints.cli.render import emit, say
from ktrdr.entrypoints.cli.understood_text import understood_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ktrdr.application.use_cases.import_bars import Understood


def import_bars(
    path: Annotated[Path, typer.Argument(readable=False, help="A file of bars, or a folder of them.")],
    symbol: Annotated[str | None, typer.Option(help="For a file whose name does not say it.")] = None,
    timeframe: Annotated[str | None, typer.Option(help="For a file whose name does not say it.")] = None,
    layout: Annotated[str | None, typer.Option("--format", metavar="NAME", help="Whose layout the file has.")] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="LIST", help="Which column is what: time=t,open=o,high=h,low=l,close=c.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of clock times that carry none, such as America/New_York.")
    ] = None,
    decimal_mark: Annotated[
        str | None, typer.Option(metavar="MARK", help="Of numbers that can be read in two ways: . or ,")
    ] = None,
    adjusted: Annotated[
        bool, typer.Option("--adjusted", help="Take the adjusted close, and scale open, high and low like it.")
    ] = False,
    allow_nonpositive: Annotated[
        bool, typer.Option("--allow-nonpositive", help="Take prices at or below 0, as of spreads.")
    ] = False,
    drop_unfinished: Annotated[
        bool, typer.Option("--drop-unfinished", help="Leave out bars that are not over, instead of refusing them.")
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add what is new to what is kept; the rest must be equal.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite other bars; with --append, those in the file's span.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    out: Annotated[
        Path | None, typer.Option(readable=False, help="Folder to write to [default: the data folder].")
    ] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Say how files of bars are understood, check them, and keep them as Parquet files."""
    from ktrdr.application.use_cases.import_bars import ImportRequest
    from ktrdr.domain.market.timeframe import Timeframe

    stated = Stated(
        symbol=symbol,
        timeframe=Timeframe(timeframe) if timeframe else None,
        layout=layout,
        columns=_columns(columns),
        time_zone=time_zone,
        decimal_mark=decimal_mark,
        adjusted=adjusted,
        allow_nonpositive=allow_nonpositive,
        drop_unfinished=drop_unfinished,
    )
    request = ImportRequest(path, stated, replace, append)
    container = open_store(out or data_dir)
    use_case = container.import_bars()
    understood = use_case.understand(request)
    say(understood_text(understood))
    if not (yes or json) and _asked(understood):
        typer.confirm("Keep these bars?", abort=True, err=True)
    kept = use_case.keep(understood, request)
    payload = {"series": [info.as_dict() for info in kept], "understood": [one.as_dict() for one in understood]}
    emit(payload, series_table(kept), json)


def _columns(text: str | None) -> dict[str, str]:
    """Return role to name of a list ``time=t,open=o``; a name with a comma stands in quotes."""
    named: dict[str, str] = {}
    for item in next(csv.reader([" ".join((text or "").splitlines())], skipinitialspace=True), []):
        role, equals, name = item.partition("=")
        role, known = role.strip(), f"(known: {', '.join(ROLES)})"
        if not (equals and name.strip()):
            raise InvalidInput(f"--columns: {item!r} is not ROLE=NAME, such as time=Date {known}")
        if role not in ROLES:
            raise InvalidInput(f"--columns: {role!r} is no role{did_you_mean(role, ROLES)} {known}")
        if named.setdefault(role, name.strip()) != name.strip():
            raise InvalidInput(f"--columns: {role} is named twice, {named[role]!r} and {name.strip()!r}")
    return named


def _asked(understood: Sequence[Understood]) -> bool:
    """Return whether there is somebody to ask, and anything to ask about."""
    news = any(one.planned.effect != "same" for one in understood)
    return news and all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
