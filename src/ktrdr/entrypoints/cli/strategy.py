"""The ``ktrdr strategy`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktrdr.domain.errors import Unavailable
from ktrdr.entrypoints.cli.options import Json, Strict
from ktrdr.entrypoints.cli.render import emit, say, warn_or_refuse
from ktrdr.entrypoints.cli.session import open_container

app = typer.Typer(no_args_is_help=True, help="Check strategy files and show what they mean.")
StrategyFile = Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")]


@app.command()
def validate(path: StrategyFile, strict: Strict = False, json: Json = False) -> int:
    """Say what is wrong or odd in a strategy file; exit code 2 if it cannot be used."""
    found = open_container().read_strategy().problems(path)
    errors = [problem for problem in found if problem.severity == "error"]
    warnings = [problem for problem in found if problem.severity == "warning"]
    valid = not errors and not (strict and warnings)
    payload = {
        "valid": valid,
        "errors": [problem.as_dict() for problem in errors],
        "warnings": [problem.as_dict() for problem in warnings],
    }
    lines = [f"{problem.severity}: {problem}" for problem in (*errors, *warnings)]
    emit(payload, "\n".join([*lines, f"{path}: {'valid' if valid else 'not valid'}"]), json)
    return 0 if valid else 2


@app.command()
def features(path: StrategyFile, strict: Strict = False, json: Json = False) -> None:
    """Print every feature id, in the order that is the contract."""
    from ktrdr.domain.features.resolver import resolve

    strategy = open_container().read_strategy().execute(path)
    warn_or_refuse(strategy.warnings, str(path), strict)
    ids = [feature.id for feature in resolve(strategy)]
    emit({"name": strategy.name, "features": ids}, "\n".join(ids), json)


@app.command()
def migrate(
    path: StrategyFile,
    write: Annotated[
        bool, typer.Option("--write", help="Write over the file, and keep the old one beside it.")
    ] = False,
    json: Json = False,
) -> None:
    """Turn a strategy of version 2 into version 3, on stdout unless told to write."""
    from ktrdr.domain.strategy.migrate import migrate as to_version_3

    container = open_container()
    document = to_version_3(container.read_document()(path), str(path))
    text = container.render_document()(document)
    backup = container.replace_document()(path, document) if write else None
    payload = {"path": str(path), "backup": None if backup is None else str(backup), "document": text}
    emit(payload, text.rstrip() if backup is None else f"{path}: version 3.0; the old file is {backup}", json)


@app.command()
def schema(
    path: Annotated[Path | None, typer.Argument(help="Write the schema to this file instead of stdout.")] = None,
    json: Json = False,
) -> None:
    """Print the JSON schema of strategy files, for completion in editors."""
    from json import dumps

    from ktrdr.domain.strategy.schema import strategy_schema

    document = strategy_schema()
    if path is None:
        emit(document, dumps(document, indent=2), json)
        return
    try:
        path.write_text(dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error
    say(f"written: {path}")
    if json:
        emit({"path": str(path)}, "", json)
