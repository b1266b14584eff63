"""Every command of the second tutorial runs, in the order of the page, and prints what the page shows."""

from __future__ import annotations

import io
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.main import app

PAGE = (Path(__file__).parents[2] / "docs/tutorial/2-write-a-strategy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|yaml|text)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """Run the page from top to bottom; return each command with its exit code and what it printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    outcomes = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("KTRDR_DATA_DIR", "KTRDR_MODELS_DIR", "KTRDR_DEVICE"):
            patch.delenv(name, raising=False)
        for kind, text in BLOCKS:
            if kind == "yaml":
                (folder / "swing.yaml").write_text(text, encoding="utf-8")
            for line in text.splitlines() if kind == "sh" else ():
                program, *words = shlex.split(line)
                assert program == "ktrdr"
                with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
                    code = run_guarded(lambda words=words: app(words, standalone_mode=False), words)  # type: ignore[misc]
                outcomes.append((line, code, out.getvalue()))
        assert {path.name for path in folder.glob("*.html")} == {
            "swing_sets.html",
            "rsi.html",
            "fitted_sets.html",
            "fitted_labels.html",
        }
    return outcomes


def test_every_command_ends_well(printed: list[tuple[str, int, str]]) -> None:
    assert [(line, code) for line, code, _ in printed] == [(line, 0) for line in COMMANDS]


def test_the_page_shows_what_is_printed(printed: list[tuple[str, int, str]]) -> None:
    lines = {line for _, _, text in printed for line in text.splitlines()}
    shown = [line for kind, text in BLOCKS if kind == "text" for line in text.splitlines()]
    assert [line for line in shown if line not in {*lines, "..."}] == []


def test_the_dead_membership_is_found_and_mended(printed: list[tuple[str, int, str]]) -> None:
    plots = [text for line, _, text in printed if line.startswith("ktrdr fuzzy plot")]
    assert ["soaring is dead" in text for text in plots] == [True, False]
    assert any(line.startswith("IF ") for line in printed[-1][2].splitlines())
