"""The command line renders: what it prints as JSON is said by the results, so that an API says the same."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from ktrdr.entrypoints.cli import main

FOLDER = Path(main.__file__).parent
PATHS_ALONE = {"keygen", "sign", "schema"}
"""Print where they wrote something, or a document that is no result."""


def printing() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield every function that prints a result."""
    for path in sorted(FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and "emit(" in ast.unparse(node) and node.name != "emit":
                yield f"{path.stem}.{node.name}", node


@pytest.mark.parametrize(("name", "node"), list(printing()), ids=lambda item: item if isinstance(item, str) else "")
def test_json_is_what_a_result_says_of_itself(name: str, node: ast.FunctionDef) -> None:
    text = ast.unparse(node)
    by_another = any(f"{helper}(" in text for helper in ("_emit_series", "_preview"))
    assert ".as_dict(" in text or by_another or node.name in PATHS_ALONE, name


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_a_command_is_its_own(name: str) -> None:
    command = get_command(main.app).commands[name]  # type: ignore[attr-defined]
    assert inspect.cleandoc(command.help).partition("\n")[0] == main.COMMANDS[name]
    assert f"ktrdr.entrypoints.cli.{name}" in sys.modules


def test_every_module_with_a_command_is_in_the_table() -> None:
    with_commands = {path.stem for path in FOLDER.glob("*.py") if "typer.Typer(" in path.read_text(encoding="utf-8")}
    assert with_commands - {"main"} <= main.COMMANDS.keys()
