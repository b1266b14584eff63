"""The pages say what the program does: links, commands, options, exit codes, strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from ktrdr.domain.strategy.parse import problems
from ktrdr.entrypoints.cli.errors import EXIT_CODES
from ktrdr.entrypoints.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *(ROOT / "docs").rglob("*.md")]
CLI = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"--[a-z][a-z-]*")


def leaves(command: Any, path: tuple[str, ...] = ("ktrdr",)) -> Iterator[tuple[str, Any]]:
    """Yield name and command of everything that can be run."""
    children = getattr(command, "commands", None)
    if children is None:
        yield " ".join(path), command
    for name, child in (children or {}).items():
        yield from leaves(child, (*path, name))


COMMANDS = dict(leaves(get_command(app)))


def section(name: str) -> str:
    """Return what the command line's page says under a command's heading."""
    _, _, rest = CLI.partition(f"\n## {name}\n")
    return rest.partition("\n## ")[0]


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_page_has_every_command_and_no_other() -> None:
    assert re.findall(r"^## (ktrdr .+)$", CLI, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_option_and_no_other(name: str) -> None:
    parameters = [item for item in COMMANDS[name].params if item.param_type_name == "option"]
    known = {text for item in parameters for text in (*item.opts, *item.secondary_opts)} - {"--help"}
    rows = "\n".join(line.split("|")[1] for line in section(name).splitlines() if line.startswith("|"))
    assert set(OPTION.findall(rows)) == known


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_argument(name: str) -> None:
    usage = section(name).partition("```text\n")[2].partition("\n")[0]
    arguments = [item.name for item in COMMANDS[name].params if item.param_type_name == "argument"]
    written = re.findall(r"[A-Z]{3,}", re.sub(r"--\S+ [A-Z]+|OPTIONS", "", usage))
    assert usage.startswith(name)
    assert written == [argument.upper().removesuffix("S") for argument in arguments]


def test_the_page_has_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)`", CLI, re.MULTILINE)
    assert {family: int(code) for code, family in rows if family != "interrupted"} == EXIT_CODES


def test_whole_strategies_on_the_pages_are_valid() -> None:
    texts = [text for page in PAGES for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == "yaml"]
    whole = [yaml.safe_load(text) for text in texts if text.startswith("name:")]
    assert whole
    assert [problems(document) for document in whole] == [()] * len(whole)
