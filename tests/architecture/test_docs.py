"""The pages say what the program does: links, commands, options, exit codes, strategies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from typer.main import get_command

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.strategy.reading.parse import problems
from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [*(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")), *(ROOT / "docs").rglob("*.md")]
CLI = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([\w./-]+)`")
PATH = re.compile(r".*/.*|.*\.(?:py|md|toml|yaml)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r"--[a-z][a-z-]*")
PLACEHOLDER = re.compile(r"<!-- *generated[: ]*(.*?) *-->")


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


@pytest.mark.parametrize(
    "page", [ROOT / "CONTRIBUTING.md", *(ROOT / "docs/explanation").glob("*.md")], ids=lambda page: page.name
)
def test_paths_in_code_lead_somewhere(page: Path) -> None:
    """A bare file name stands beside the path before it in its line, or among the benchmarks."""
    missing = []
    for line in page.read_text(encoding="utf-8").splitlines():
        folders = [ROOT, ROOT / "src/ktrdr", ROOT / "benchmarks"]
        for name in filter(PATH.fullmatch, CODE.findall(line)):
            found = next((folder / name for folder in folders if (folder / name).exists()), None)
            missing += [] if found else [name]
            folders += [found if found.is_dir() else found.parent] if found else []
    assert missing == []


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
    assert {family: int(code) for code, family in rows} == EXIT_CODES


def test_whole_strategies_on_the_pages_are_valid() -> None:
    texts = [text for page in PAGES for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == "yaml"]
    whole = [yaml.safe_load(text) for text in texts if text.startswith("name:")]
    assert whole
    assert [problems(document) for document in whole] == [()] * len(whole)


@cache
def generator() -> ModuleType:
    spec = spec_from_file_location("generate_reference", ROOT / "docs/generate_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def rendered(page: str) -> str:
    """Return a page as mkdocs gets it."""
    return generator().on_page_markdown((ROOT / "docs" / page).read_text(encoding="utf-8"))


def rows(page: str) -> dict[str, list[str]]:
    """Return the cells of each row of a page's tables by the name in code that its first cell shows."""
    lines = [line.strip("| ").split(" | ") for line in rendered(page).splitlines() if line.startswith("| ")]
    return {found[1]: cells for cells in lines if (found := re.match(r"\[?`([^`]+)`", cells[0]))}


def test_every_placeholder_is_known_and_used() -> None:
    used = [name for page in PAGES for name in PLACEHOLDER.findall(page.read_text(encoding="utf-8"))]
    assert set(used) == set(generator().GENERATED)


@pytest.mark.parametrize("name", INDICATORS)
def test_the_page_of_indicators_has_each_one_with_its_facts(name: str) -> None:
    spec = INDICATORS[name]
    defaults = {item.name: item.default for item in spec.parameters}
    settled = "never: cumulative" if spec.cumulative else f"bar {spec.settled_bars(defaults)}"
    _, parameters, outputs, scale, ratios, first, after = rows("reference/indicators.md")[name]
    assert [parameters, outputs] == [
        ", ".join(f"{key} {value}" for key, value in defaults.items()) or "none",
        ", ".join(f"`{output}`" for output in spec.outputs) or "single",
    ]
    assert [scale, first, after] == [spec.scale, f"bar {spec.first_value(defaults)}", settled]
    assert ratios == ("of prices" if spec.ratios else "no")
    section = rendered("reference/indicators.md").partition(f"### {name} {{#type-{name}}}")[2].partition("\n##")[0]
    assert spec.reference.rstrip(".") in section
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(defaults)


def test_the_pages_have_every_membership_label_model_type_and_catalogue_column() -> None:
    memberships = rows("reference/memberships.md")
    assert {name: memberships[name][1] for name in MEMBERSHIPS} == {
        name: f"`[{', '.join(spec.parameters)}]`" for name, spec in MEMBERSHIPS.items()
    }
    labels = [", method ".join(filter(None, (spec.source, spec.method))) for specs in LABELS.values() for spec in specs]
    assert re.findall(r"^## (.+)$", rendered("reference/labels.md"), re.MULTILINE) == labels
    models = re.findall(r"^## (.+)$", rendered("reference/models.md"), re.MULTILINE)
    assert [title for title in models if "#" not in title] == list(MODEL_TYPES)
    columns = [column.name for catalogue in CATALOGUES.values() for column in catalogue.columns]
    assert re.findall(r"^\| \d+ \| `(\w+)`", rendered("reference/catalogues.md"), re.MULTILINE) == columns
