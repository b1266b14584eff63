"""Values of their own for some symbols, on the command line: from a file, in a dry run, in labels and charts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.documents import changed

from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.main import app

Run = Callable[..., tuple[int, str, str]]
DAILY = changed(
    "training_data",
    {"symbols": "AAPL", "timeframes": "1d", "history_required": 100},
    changed("nn_inputs.1.timeframes", "all"),
)
CONFIGS = {
    "asset_classes": {"stock": {"training": {"labels": {"label_lookahead": 7}}}},
    "symbols": {"AAPL": {"indicators": {"rsi_14": {"period": 33}}}},
}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    put("plain.yaml", DAILY)
    put("own.yaml", {**DAILY, "symbol_overrides": CONFIGS})
    put("configs.yaml", CONFIGS)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run_guarded(lambda: app(list(arguments), standalone_mode=False), list(arguments))
        return code, *capsys.readouterr()

    return command


def put(name: str, document: Any) -> None:
    Path(name).write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def test_a_file_of_configs_does_what_the_section_does(run: Run) -> None:
    one = run("train", "own.yaml", "--dry-run", "--json")
    other = run("train", "plain.yaml", "--dry-run", "--symbol-configs", "configs.yaml", "--json")
    assert one[0] == other[0] == 0
    assert one[1] == other[1]
    settings = json.loads(one[1])["dry_run"]["settings"]
    assert settings["training.labels.label_lookahead"] == {
        "value": 7,
        "origin": "symbol_overrides.asset_classes.stock",
    }
    assert settings["indicators.rsi_14.period"] == {"value": 33, "origin": "symbol_overrides.symbols.AAPL"}
    note = "note: AAPL has its own values: training.labels.label_lookahead 7 (symbol_overrides.asset_classes.stock); "
    assert note in one[2]


@pytest.mark.parametrize(
    ("configs", "strict", "code", "message"),
    [
        ({"symbols": {"AAPL": {"nn_inputs": []}}}, False, 2, "configs.yaml:3: symbol_overrides.symbols.AAPL.nn_inputs"),
        ({"symbols": {"AAPL": {"indicatorz": {}}}}, False, 0, "warning: configs.yaml:3: symbol_overrides.symbols.AAPL"),
        (
            {"symbols": {"AAPL": {"indicatorz": {}}}},
            True,
            2,
            "configs.yaml:3: symbol_overrides.symbols.AAPL.indicatorz",
        ),
        (["AAPL"], False, 2, "configs.yaml"),
    ],
)
def test_what_is_wrong_with_the_file_is_told_by_file_and_line(
    run: Run, configs: Any, strict: bool, code: int, message: str
) -> None:
    put("configs.yaml", configs)
    options = ["--strict"] if strict else []
    found = run("train", "plain.yaml", "--dry-run", "--symbol-configs", "configs.yaml", *options)
    assert found[0] == code
    assert message in found[2]


def test_a_missing_file_is_named(run: Run) -> None:
    code, _, error = run("train", "plain.yaml", "--dry-run", "--symbol-configs", "config.yaml")
    assert code == 3
    assert "config.yaml: no such file; did you mean 'configs.yaml'?" in error


def test_labels_and_charts_are_those_of_the_symbol(run: Run) -> None:
    code, out, error = run("labels", "show", "own.yaml", "--json")
    assert (code, json.loads(out)["parameters"]["label_lookahead"]) == (0, 7)
    assert "AAPL has its own values" in error
    code, out, _ = run("indicators", "show", "rsi", "--strategy", "own.yaml", "--plot", "rsi.html", "--json")
    assert code == 0
    assert json.loads(out)["parameters"][0]["value"] == 33
