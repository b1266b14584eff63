"""The ``ktrdr strategy`` commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.entrypoints.cli.options import Json, Strict
from ktrdr.entrypoints.cli.render import emit, say, warn_or_refuse
from ktrdr.entrypoints.cli.session import effective_strategy, open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.check_strategies import CheckedFile

app = typer.Typer(no_args_is_help=True, help="Check strategy files and show what they mean.")
StrategyFile = Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")]


@app.command()
def validate(
    path: Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML), or a folder of them.")],
    strict: Strict = False,
    json: Json = False,
) -> int:
    """Say all that is wrong or odd in strategy files, with line numbers; exit code 2 if one cannot be used."""
    checked = open_container().check_strategies().execute(path)
    several = path.is_dir()
    lines = [line for file in checked for line in _lines(file, strict)]
    if several:
        unusable = sum(not file.is_valid(strict) for file in checked)
        lines.append(f"{len(checked)} files: {len(checked) - unusable} valid, {unusable} not valid")
    emit(checked.as_dict(strict, several=several), "\n".join(lines), json)
    return 0 if checked.are_valid(strict) else 2


def _lines(file: CheckedFile, strict: bool) -> list[str]:
    found = [f"{problem.severity}: {problem.located(str(file.path))}" for problem in (*file.errors, *file.warnings)]
    verdict = (
        "valid" if file.is_valid(strict) else "not valid" if file.errors else "not valid: --strict refuses warnings"
    )
    return [*found, f"{file.path}: {verdict}"]


@app.command()
def features(path: StrategyFile, strict: Strict = False, json: Json = False) -> None:
    """Print every feature id, in the order that is the contract."""
    container = open_container()
    strategy = effective_strategy(container, path, strict)
    listing = container.list_features().execute(strategy)
    emit(listing.as_dict(), "\n".join(listing.features), json)


@app.command()
def diff(
    old: StrategyFile,
    new: Annotated[Path, typer.Argument(readable=False, help="Strategy file to compare it with.")],
    json: Json = False,
) -> None:
    """Say what changes in features, labels and settings from one strategy to another."""
    from ktrdr.entrypoints.cli.difference import difference_text

    container = open_container()
    reader = container.read_strategy()
    found = container.diff_strategies().execute(reader.execute(old), reader.execute(new))
    emit({"old": str(old), "new": str(new), **found.as_dict()}, difference_text(found), json)


@app.command()
def new(
    name: Annotated[
        str | None, typer.Option(help="Name of the strategy [default: the file's, or my_strategy].")
    ] = None,
    symbol: Annotated[str | None, typer.Option(help="Symbol to train on [default: AAPL].")] = None,
    timeframe: Annotated[str | None, typer.Option(help="Timeframe, or several as 5m,1h [default: 1d].")] = None,
    model: Annotated[str | None, typer.Option(help="Model type [default: mlp].")] = None,
    labels: Annotated[str | None, typer.Option(help="Label source [default: zigzag].")] = None,
    indicators: Annotated[
        str | None, typer.Option(help="Types, as rsi,macd or rsi:period=21 [default: rsi,macd,roc].")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(readable=False, help="Write to this new file instead of stdout.")
    ] = None,
    json: Json = False,
) -> None:
    """Make a first strategy; asks for each wish where none is given and somebody is there to answer."""
    from ktrdr.domain.strategy.writing.template import Template

    defaults = {"name": output.stem if output else "my_strategy", "symbol": "AAPL", "timeframe": "1d"}
    defaults |= {"model": "mlp", "labels": "zigzag", "indicators": "rsi,macd,roc"}
    given = {"name": name, "symbol": symbol, "timeframe": timeframe}
    given |= {"model": model, "labels": labels, "indicators": indicators}
    asks = not any([*given.values(), json]) and sys.stdin.isatty()
    wishes = {
        key: str(typer.prompt(key, default=default, err=True) if asks else given[key] or default)
        for key, default in defaults.items()
    }
    several = {key: [part.strip() for part in wishes.pop(key).split(",")] for key in ("timeframe", "indicators")}
    template = Template(timeframes=several["timeframe"], indicators=several["indicators"], **wishes)
    made = open_container().new_strategy().execute(template, output)
    warn_or_refuse(made.warnings, str(output or "new strategy"), strict=False)
    emit(made.as_dict(), made.text.rstrip() if output is None else f"written: {output}", json)


@app.command()
def migrate(
    path: StrategyFile,
    write: Annotated[
        bool, typer.Option("--write", help="Write over the file, and keep the old one beside it.")
    ] = False,
    json: Json = False,
) -> None:
    """Turn a strategy of version 2 into version 3, on stdout unless told to write; say what is still wrong with it."""
    migrated = open_container().migrate_strategy().execute(path, write=write)
    for problem in migrated.problems:
        say(f"{problem.severity}: version 3 of {path}: {problem}")
    done = f"{path}: version 3.0; the old file is {migrated.backup}"
    emit(migrated.as_dict(), done if write else migrated.text.rstrip(), json)


@app.command()
def schema(
    path: Annotated[Path | None, typer.Argument(readable=False, help="New file (.json), instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Print the JSON schema of strategy files, for completion in editors."""
    from json import dumps

    from ktrdr.domain.strategy.writing.schema import strategy_schema

    document = strategy_schema()
    if path is None:
        emit(document, dumps(document, indent=2), json)
        return
    write = open_container().write_file()
    write.check(path, ".json", new=True)
    write(path, (dumps(document, indent=2) + "\n").encode(), new=True)
    say(f"written: {path}")
    if json:
        emit({"path": str(path)}, "", json)
