"""The ``ktrdr strategy`` commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.entrypoints.cli.options import Json, Strict
from ktrdr.entrypoints.cli.render import emit, say, warn_or_refuse
from ktrdr.entrypoints.cli.session import open_container

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
    valid = all(file.is_valid(strict) for file in checked)
    reports = [_report(file, strict) for file in checked]
    several = path.is_dir()
    payload = {"valid": valid, "files": reports} if several else {**reports[0], "valid": valid}
    lines = [line for file in checked for line in _lines(file, strict)]
    if several:
        unusable = sum(not file.is_valid(strict) for file in checked)
        lines.append(f"{len(checked)} files: {len(checked) - unusable} valid, {unusable} not valid")
    emit(payload, "\n".join(lines), json)
    return 0 if valid else 2


def _report(file: CheckedFile, strict: bool) -> dict[str, Any]:
    return {
        "path": str(file.path),
        "valid": file.is_valid(strict),
        "errors": [problem.as_dict() for problem in file.errors],
        "warnings": [problem.as_dict() for problem in file.warnings],
    }


def _lines(file: CheckedFile, strict: bool) -> list[str]:
    found = [f"{problem.severity}: {problem.located(str(file.path))}" for problem in (*file.errors, *file.warnings)]
    verdict = (
        "valid" if file.is_valid(strict) else "not valid" if file.errors else "not valid: --strict refuses warnings"
    )
    return [*found, f"{file.path}: {verdict}"]


@app.command()
def features(path: StrategyFile, strict: Strict = False, json: Json = False) -> None:
    """Print every feature id, in the order that is the contract."""
    from ktrdr.domain.features.resolver import resolve

    strategy = open_container().read_strategy().execute(path)
    warn_or_refuse(strategy.warnings, str(path), strict)
    ids = [feature.id for feature in resolve(strategy)]
    emit({"name": strategy.name, "features": ids}, "\n".join(ids), json)


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
    output: Annotated[Path | None, typer.Option(help="Write to this new file instead of stdout.")] = None,
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
    payload = {"path": None if output is None else str(output), "document": made.text}
    emit(payload, made.text.rstrip() if output is None else f"written: {output}", json)


@app.command()
def migrate(
    path: StrategyFile,
    write: Annotated[
        bool, typer.Option("--write", help="Write over the file, and keep the old one beside it.")
    ] = False,
    json: Json = False,
) -> None:
    """Turn a strategy of version 2 into version 3, on stdout unless told to write; say what is still wrong with it."""
    from ktrdr.domain.strategy.reading.parse import problems
    from ktrdr.domain.strategy.writing.migrate import migrate as to_version_3

    container = open_container()
    document = to_version_3(container.read_document()(path), str(path))
    text = container.render_document()(document)
    for problem in problems(document):
        say(f"{problem.severity}: version 3 of {path}: {problem}")
    backup = container.replace_document()(path, document) if write else None
    payload = {"path": str(path), "backup": None if backup is None else str(backup), "document": text}
    emit(payload, text.rstrip() if backup is None else f"{path}: version 3.0; the old file is {backup}", json)


@app.command()
def schema(
    path: Annotated[Path | None, typer.Argument(help="New file (.json), instead of stdout.")] = None,
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
