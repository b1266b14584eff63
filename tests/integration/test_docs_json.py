"""Every JSON object on the command line's page has the shape that the program prints."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.main import app

ROOT = Path(__file__).parents[2]
STRATEGY = str(ROOT / "strategies/neuro_mean_reversion.yaml")
MODEL = "neuro_mean_reversion/^GSPC_1d_v1"
TUTORIAL = (ROOT / "docs/tutorial/1-first-model.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
REST = "..."
"""A key of the page that stands for further ones."""

Run = Callable[..., Any]


def documented(heading: str, number: int = 0) -> Any:
    """Return a JSON block of a section of the page."""
    text = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return json.loads(re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[number])


def differences(page: Any, printed: Any, path: str = "") -> list[str]:
    """Return where the shapes differ: other keys, or another kind of value."""
    if page is None or printed is None:
        return []
    if isinstance(page, dict) and isinstance(printed, dict):
        further = set() if REST in page else printed.keys() - page.keys()
        odd = [f"{path}.{key}: only on the page" for key in page.keys() - printed.keys() - {REST}]
        odd += [f"{path}.{key}: only printed" for key in further]
        both = page.keys() & printed.keys()
        return odd + [line for key in both for line in differences(page[key], printed[key], f"{path}.{key}")]
    if isinstance(page, list) and isinstance(printed, list):
        return [line for item in printed for line in (differences(page[0], item, f"{path}[]") if page else [])]
    number = isinstance(page, int | float) and isinstance(printed, int | float) and not isinstance(page, bool)
    return [] if number or type(page) is type(printed) else [f"{path}: {page!r} on the page, {printed!r} printed"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json")


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in the module's folder; return what it printed to stdout as one JSON object."""
    monkeypatch.chdir(folder)
    for name in ("KTRDR_DATA_DIR", "KTRDR_MODELS_DIR", "KTRDR_DEVICE"):
        monkeypatch.delenv(name, raising=False)

    def command(*arguments: str) -> Any:
        given = [*arguments, "--json"]
        run_guarded(lambda: app(given, standalone_mode=False), given)
        return json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def trained(run: Run, folder: Path) -> Any:
    """Train once; return what was printed then."""
    kept = folder / "printed.json"
    if not kept.exists():
        kept.write_text(json.dumps(run("train", STRATEGY, "--epochs", "1", "--no-importance")))
    return json.loads(kept.read_text())


@pytest.fixture
def bars(run: Run, folder: Path) -> None:
    """Write simulated bars once."""
    if not (folder / "bars").exists():
        run("data", "simulate", "--symbols", "SIM_A", "--bars", "500", "--out", "bars")


def test_a_difference_would_be_seen() -> None:
    page = {"a": 1, "b": [{"c": "text"}]}
    assert differences(page, {"a": 2.5, "b": [{"c": "other"}, {"c": "more"}]}) == []
    assert differences(page, {"a": "2", "b": []}) == [".a: 1 on the page, '2' printed"]
    assert sorted(differences(page, {"b": [{"d": 1}], "e": 0})) == [
        ".a: only on the page",
        ".b[].c: only on the page",
        ".b[].d: only printed",
        ".e: only printed",
    ]


def test_train(trained: Any) -> None:
    assert differences(documented("ktrdr train"), trained) == []


def test_the_tutorial_shows_the_dry_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    run_guarded(lambda: app(["train", STRATEGY, "--dry-run"], standalone_mode=False), [])
    printed = capsys.readouterr().out.splitlines()
    fences = re.findall(r"^```text\n((?:features|split|labels).*?)^```", TUTORIAL, re.MULTILINE | re.DOTALL)
    shown = [line for fence in fences for line in fence.splitlines() if line.strip() != REST]
    assert len(fences) == 3
    assert [line for line in shown if line not in printed] == []


def test_dry_run(run: Run) -> None:
    assert differences(documented("ktrdr train", 1), run("train", STRATEGY, "--dry-run")) == []


@pytest.mark.usefixtures("trained")
@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", MODEL, "--last", "2"),
        ("predict", STRATEGY, "--prefer", "symbol"),
        ("backtest", "neuro_mean_reversion", "--report", "backtest.html", "--symbol", "^GSPC"),
        ("models", "list"),
        ("models", "show", MODEL),
        ("models", "which", STRATEGY),
        ("models", "verify", "--all"),
        ("explain", "rules", MODEL),
        ("models", "delete", MODEL, "--yes"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_commands_on_models(run: Run, arguments: tuple[str, ...]) -> None:
    single = arguments[0] in {"predict", "backtest"}
    name = f"ktrdr {arguments[0]}" if single else f"ktrdr {arguments[0]} {arguments[1]}"
    assert differences(documented(name), run(*arguments)) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("indicators", "list", "--category", "trend"),
        ("indicators", "show", "adx", "period=21"),
        ("fuzzy", "plot", STRATEGY, "--output", "sets.html"),
        ("fuzzy", "fit", STRATEGY, "--output", "fitted.yaml"),
        ("labels", "show", STRATEGY, "--output", "labels.html"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_commands_that_draw(run: Run, arguments: tuple[str, ...]) -> None:
    assert differences(documented(f"ktrdr {arguments[0]} {arguments[1]}"), run(*arguments)) == []


def test_what_a_drawing_adds(run: Run) -> None:
    words = ("indicators", "show", "adx", "--strategy", STRATEGY, "--plot", "adx.html")
    printed = run(*words)
    facts, drawing = (documented("ktrdr indicators show", number) for number in (0, 1))
    assert differences(facts | drawing, printed) == []


@pytest.mark.usefixtures("bars")
@pytest.mark.parametrize(
    "arguments",
    [
        ("strategy", "features", STRATEGY),
        ("strategy", "schema", "schema.json"),
        ("features", "export", STRATEGY, "--out", "rows.csv"),
        ("data", "show", "AAPL", "1d", "--last", "1"),
        ("data", "simulate", "--symbols", "SIM_A", "--bars", "500", "--out", "simulated"),
        ("data", "import", "bars", "--out", "imported"),
        ("data", "list", "--data-dir", "bars"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_commands_on_strategies_and_data(run: Run, arguments: tuple[str, ...]) -> None:
    printed = run(*arguments)
    assert differences(documented(f"ktrdr {arguments[0]} {arguments[1]}"), printed) == []


def test_validate(run: Run, folder: Path) -> None:
    text = Path(STRATEGY).read_text(encoding="utf-8").replace("  epochs:", "  epoch:")
    (folder / "odd.yaml").write_text(text, encoding="utf-8")
    printed = run("strategy", "validate", "odd.yaml")
    assert printed["warnings"]
    assert differences(documented("ktrdr strategy validate"), printed) == []


def test_migrate(run: Run, folder: Path) -> None:
    old = "name: old\nindicators: [{name: rsi, period: 14}]\nfuzzy_sets: {rsi: {low: [0, 20, 40]}}\n"
    (folder / "old.yaml").write_text(old, encoding="utf-8")
    page = documented("ktrdr strategy migrate")
    assert differences(page, run("strategy", "migrate", "old.yaml")) == []
    printed = run("strategy", "migrate", "old.yaml", "--write")
    assert differences(page, printed) == []
    assert printed["backup"] == page["backup"]


def test_errors(run: Run, folder: Path) -> None:
    (folder / "broken.yaml").write_text("name: broken\n", encoding="utf-8")
    assert differences(documented("JSON {#json}", 0), run("train", "nofile.yaml")) == []
    assert differences(documented("JSON {#json}", 1), run("train", "broken.yaml")) == []
