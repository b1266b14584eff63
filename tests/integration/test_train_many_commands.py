"""``ktrdr train`` over many symbols: which ones, which mode, what is printed, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.documents import changed
from samples.features import random_bars

from ktrdr.adapters.data.store import ParquetStore
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.main import app

STOCKS, COIN = ("AAA", "BBB"), "COIN"


@dataclass(frozen=True)
class Printed:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


Run = Callable[..., Printed]


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 5m bars of two stocks and a coin, and 1d bars of another stock."""
    folder = tmp_path_factory.mktemp("bars")
    for number, name in enumerate((*STOCKS, COIN)):
        facts = SymbolCharacteristics(name, "crypto" if name == COIN else "stock", "SIM", "24/7", "UTC")
        ParquetStore(folder).save(replace(random_bars(700, seed=number), symbol=name), facts)
    ParquetStore(folder).save(replace(random_bars(700, timeframe="1d"), symbol="DAILY"))
    return folder


@pytest.fixture
def run(bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Train ``many.yaml`` in an empty folder, in this process."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many.yaml").write_text(yaml.safe_dump(changed("training_data.symbols", list(STOCKS))))
    fixed = ["--data-dir", str(bars), "--epochs", "1", "--no-importance", "--workers", "1"]

    def command(*arguments: str, strategy: str = "many.yaml") -> Printed:
        given = ["train", strategy, *fixed, *arguments]
        code = run_guarded(lambda: app(given, standalone_mode=False), given)
        return Printed(code, *capsys.readouterr())

    return command


def trained_symbols(printed: Printed) -> list[str]:
    assert printed.code == 0, printed.err
    return [model["symbol"] for model in printed.json["models"]]


def test_symbols_come_from_a_list_a_file_or_all_there_are(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# two of them\nCOIN, AAA\n\nBBB  # and a third\n")
    assert trained_symbols(run("--mode", "multi", "--symbols", "BBB,AAA", "--json")) == ["AAA", "BBB"]
    assert trained_symbols(run("--mode", "multi", "--symbols", "@list.txt", "--json")) == ["AAA", "BBB", "COIN"]
    assert trained_symbols(run("--mode", "MULTI", "--all", "--json")) == ["AAA", "BBB", "COIN"]  # DAILY is too coarse
    assert trained_symbols(run("--symbols", "COIN", "--json")) == ["COIN"]


def test_all_keeps_to_the_selection_criteria_and_scope_makes_it_multi(run: Run, tmp_path: Path) -> None:
    criteria = {"list": [COIN], "selection_criteria": {"asset_class": "stock"}}
    document = changed("training_data.symbols", criteria) | {"scope": "symbol_specific"}
    (tmp_path / "picky.yaml").write_text(yaml.safe_dump(document))
    assert trained_symbols(run("--all", "--json", strategy="picky.yaml")) == ["AAA", "BBB"]


def test_the_table_compares_all_symbols_and_failures_have_their_reason(run: Run) -> None:
    printed = run("--mode", "multi", "--symbols", "AAA,BBB,DAILY,NOPE")
    assert printed.code == 7
    lines = printed.out.splitlines()
    assert lines[0].split()[:3] == ["symbol", "version", "train"]
    assert [line.split()[:2] for line in lines[1:3]] == [["AAA", "v1"], ["BBB", "v1"]]
    kept = run("--mode", "multi", "--symbols", "AAA,BBB", "--resume", "--json").json["models"]
    for line, model in zip(lines[1:3], kept, strict=True):
        verdict, figures = model["verdict"], line.split()
        assert figures[2] == str(model["rows"]["train"])
        assert figures[4:6] == [f"{verdict['loss']:.4g}", f"{verdict['baseline_loss']:.4g}"]
        assert f" {model['metrics']['accuracy']:.4g}  {verdict['outcome'].replace('_', ' ')}" in line
    assert "4 symbols: " in printed.out
    assert "2 failed" in printed.out
    failed = printed.out.partition("\nfailed\n")[2].splitlines()
    assert [line.split()[0] for line in failed] == ["DAILY", "NOPE"]
    assert "no 5m bars of DAILY" in failed[0]
    assert "no bars of NOPE" in failed[1]


def test_json_has_models_and_failures(run: Run) -> None:
    printed = run("--mode", "multi", "--symbols", "AAA,NOPE", "--json")
    assert printed.code == 7
    (model,), (failure,) = printed.json["models"], printed.json["failures"]
    assert (model["symbol"], model["version"], model["kept"]) == ("AAA", 1, False)
    assert model["rows"]["train"] > model["rows"]["test"] > 0
    assert {"metrics", "baselines", "verdict", "path", "reference"} <= model.keys()
    assert (failure["symbols"], failure["family"]) == (["NOPE"], "not_found")
    again = run("--mode", "multi", "--symbols", "AAA,BBB", "--resume", "--json")
    assert [(model["symbol"], model["kept"]) for model in again.json["models"]] == [("AAA", True), ("BBB", False)]
    assert "AAA  " in run("--mode", "multi", "--symbols", "AAA,BBB", "--resume").out
    assert "v1 (kept)" in run("--mode", "multi", "--symbols", "AAA,BBB", "--resume").out
    assert "note: small/AAA_5m_v1 is kept" in run("--symbol", "AAA", "--resume").err


def test_notes_are_said_once_with_their_symbols(run: Run, tmp_path: Path) -> None:
    document = changed("training_data.timeframes", ["5m", "1h"], changed("nn_inputs.0.timeframes", ["5m"]))
    document["training_data"]["symbols"] = list(STOCKS)
    (tmp_path / "two.yaml").write_text(yaml.safe_dump(document))
    printed = run("--mode", "multi", strategy="two.yaml")
    assert printed.err.count("1h bars are resampled from 5m bars") == 1
    assert "1h bars are resampled from 5m bars, aware of sessions (all)" in printed.err


def test_a_dry_run_shows_every_symbol(run: Run) -> None:
    printed = run("--mode", "multi", "--dry-run", "--json")
    assert [item["data"][0]["symbol"] for item in printed.json["dry_runs"]] == ["AAA", "BBB"]
    assert [item["settings"]["training_data.symbols"]["value"] for item in printed.json["dry_runs"]] == [
        ["AAA"],
        ["BBB"],
    ]


def test_a_dry_run_goes_on_where_a_symbol_fails(run: Run) -> None:
    printed = run("--mode", "multi", "--symbols", "AAA,NOPE,BBB", "--dry-run", "--json")
    assert printed.code == 7
    assert [item["data"][0]["symbol"] for item in printed.json["dry_runs"]] == ["AAA", "BBB"]
    (failure,) = printed.json["failures"]
    assert (failure["symbols"], failure["family"]) == (["NOPE"], "not_found")
    text = run("--mode", "multi", "--symbols", "AAA,NOPE,BBB", "--dry-run").out
    assert "failed\n  NOPE  not found" in text


def test_output_holds_a_folder_for_each_model(run: Run, tmp_path: Path) -> None:
    assert run("--mode", "multi", "--output", "out").code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["AAA_5m", "BBB_5m"]
    assert (tmp_path / "out/AAA_5m/metadata.json").is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--symbol", "AAA", "--symbols", "BBB"), 2, "give --symbol or --symbols, not both"),
        (("--symbols", "BBB", "--all"), 2, "give --symbols or --all, not both"),
        (("--symbols", " , "), 2, "names no symbol; write AAPL,MSFT or @list.txt"),
        (("--symbols", "AAA,AAA"), 2, "error: --symbols: 'AAA' is listed twice"),
        (("--symbols", "@twice.txt"), 2, "error: --symbols @twice.txt: 'AAA' is listed twice"),
        (("--symbols", "^AAA,AAA"), 2, "error: --symbols: ^AAA and AAA are one symbol in two spellings"),
        (("--hold-out-symbols", "BBB,BBB"), 2, "error: --hold-out-symbols: 'BBB' is listed twice"),
        (("--mode", "multi", "--combination", "downsample"), 2, "combination: downsample is about one pooled model"),
        (("--symbols", "@nofile.txt"), 3, "--symbols @nofile.txt: no such file"),
        (("--symbols", "@."), 2, "--symbols @.: must be a plain file, is a folder"),
        (("--mode", "mlti"), 2, "mode: 'mlti' is not known; allowed: single, multi, universal; did you mean 'multi'?"),
        (("--mode", "single"), 2, "names 2 symbols (AAA, BBB), and this takes one; choose one with --symbol"),
        (("--workers", "0"), 2, "workers must be 1 to 1000, found 0"),
    ],
)
def test_what_contradicts_itself_is_one_clear_line(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "twice.txt").write_text("AAA\nBBB\nAAA\n")
    printed = run(*arguments)
    assert printed.code == code
    assert words in printed.err
    assert printed.err.count("error: ") == 1
    assert not list(tmp_path.glob("models/*/*"))


def test_overrides_that_reach_no_symbol_of_the_command_are_warned_about(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("symbols:\n  BBB: {indicators: {rsi_14: {period: 21}}}\nstcok: {}\n")
    given = ("--symbol-configs", "own.yaml", "--symbols", "AAA", "--dry-run")
    printed = run(*given)
    assert printed.code == 0
    assert "warning: many.yaml: symbol_overrides.symbols.BBB: 'BBB' reaches no symbol of this run: AAA" in printed.err
    assert "did you mean 'stock'?" in printed.err
    assert run(*given, "--strict").code == 2
