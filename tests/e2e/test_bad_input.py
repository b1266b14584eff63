"""Bad input: one clear line, the right exit code, no traceback, nothing written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from samples.command_line import STRATEGIES, Command, Outcome, run_command
from samples.documents import changed, small

EXAMPLE = STRATEGIES / "v3_test_example.yaml"


def refused(outcome: Outcome, code: int, *words: str) -> None:
    assert outcome.code == code, (outcome.code, outcome.stderr)
    assert outcome.stdout == ""
    assert "Traceback" not in outcome.stderr
    errors = [line for line in outcome.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, outcome.stderr
    for word in words:
        assert word in errors[0], outcome.stderr


def untouched(folder: Path, *known: str) -> None:
    assert {path.name for path in folder.iterdir()} == set(known)


def write(folder: Path, document: Any) -> Path:
    path = folder / "s.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False))
    return path


FILES: list[tuple[str, Any, tuple[str, ...]]] = [
    ("empty", "", ("s.yaml", "mapping")),
    ("list", "- a\n- b\n", ("s.yaml", "mapping")),
    ("not_yaml", "name: [\n", ("s.yaml", "line")),
    ("key_twice", "name: a\nname: b\n", ("line 2", "'name'", "twice")),
    ("unknown_indicator", changed("indicators.rsi_14.type", "rsii"), ("indicators.rsi_14.type", "did you mean 'rsi'")),
    ("unknown_output", changed("fuzzy_sets.macd.indicator", "macd_a.hist"), ("fuzzy_sets.macd.indicator", "histogram")),
    ("unknown_set", changed("nn_inputs.0.fuzzy_set", "rsy"), ("nn_inputs[0].fuzzy_set", "'rsi'")),
    ("unknown_timeframe", changed("nn_inputs.0.timeframes", ["7q"]), ("nn_inputs[0].timeframes", "5m")),
    ("out_of_bounds", changed("indicators.rsi_14.period", 0), ("indicators.rsi_14.period", "2 to")),
    ("memberships", changed("fuzzy_sets.rsi.oversold", [9, 5, 1]), ("fuzzy_sets.rsi.oversold", "a <= b <= c")),
    ("split", changed("training.data_split", {"train": 0.9, "validation": 0.2, "test": 0.1}), ("sum to 1", "1.2")),
    ("migrate", changed("indicators", [{"name": "rsi"}]), ("strategy migrate",)),
]


@pytest.mark.parametrize(("name", "document", "words"), FILES, ids=[item[0] for item in FILES])
def test_a_bad_strategy_file(name: str, document: Any, words: tuple[str, ...], ktrdr: Command, tmp_path: Path) -> None:
    refused(ktrdr("train", write(tmp_path, document)), 2, *words)
    untouched(tmp_path, "s.yaml")


def test_no_such_strategy_file_names_the_nearest(ktrdr: Command, tmp_path: Path) -> None:
    refused(ktrdr("train", STRATEGIES / "v3_test_exmple.yaml"), 3, "v3_test_example.yaml")
    untouched(tmp_path)


def bars(rows: int, **changes: Any) -> pd.DataFrame:
    times = pd.date_range("2024-01-02 14:30", periods=rows, freq="5min", tz="UTC")
    close = pd.Series(100 + (pd.Series(range(rows)) % 37 - 18) * 0.1)
    frame = pd.DataFrame({"timestamp": times, "open": close, "high": close + 0.2, "low": close - 0.2, "close": close})
    return frame.assign(volume=1000.0, **changes)


def with_data(folder: Path, frame: pd.DataFrame) -> Path:
    (folder / "data").mkdir()
    frame.to_parquet(folder / "data" / "AAA_5m.parquet")
    return folder / "data"


def broken(column: str, row: int, value: Any) -> pd.DataFrame:
    frame = bars(400)
    frame.loc[row, column] = value
    return frame


DATA: list[tuple[str, pd.DataFrame, tuple[str, ...]]] = [
    ("too_few", bars(150), ("AAA", "150 bars", "200")),
    ("nan", broken("close", 17, float("nan")), ("AAA_5m.parquet", "row 17", "2024-01-02T15:55:00Z", "close")),
    ("twice", broken("timestamp", 18, bars(20)["timestamp"][17]), ("AAA_5m.parquet", "row 18", "unique")),
    ("high_below_low", broken("high", 5, 1.0), ("AAA_5m.parquet", "row 5", "high must not be below low")),
    ("flat", bars(400, close=50.0, open=50.0, high=50.0, low=50.0), ("labels", "hold")),
]


@pytest.mark.parametrize(("name", "frame", "words"), DATA, ids=[item[0] for item in DATA])
def test_bad_bars(name: str, frame: pd.DataFrame, words: tuple[str, ...], ktrdr: Command, tmp_path: Path) -> None:
    folder = with_data(tmp_path, frame)
    document = changed("training.labels", {"source": "zigzag", "zigzag_threshold": 0.05, "label_lookahead": 5})
    path = write(tmp_path, document)
    refused(ktrdr("train", path, "--symbol", "AAA", "--data-dir", folder), 2, *words)
    untouched(tmp_path, "s.yaml", "data")


def test_a_symbol_that_is_not_there_says_what_is(ktrdr: Command, tmp_path: Path) -> None:
    refused(ktrdr("train", EXAMPLE, "--symbol", "SIM_STOK"), 3, "SIM_STOK", "did you mean 'SIM_STOCK'")
    refused(ktrdr("train", EXAMPLE, "--start-date", "2090-01-01"), 3, "SIM_STOCK")
    untouched(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(ktrdr: Command, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    refused(ktrdr("train", EXAMPLE, "--epochs", 1, "--output", closed / "o"), 5, "closed")
    untouched(tmp_path, "closed")


def test_an_output_that_cannot_be_a_folder(ktrdr: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused(ktrdr("train", EXAMPLE, "--epochs", 1, "--output", "file/o"), 5, "file")
    refused(ktrdr("train", EXAMPLE, "--epochs", 1, "--models-dir", "file"), 5, "file")
    refused(ktrdr("features", "export", EXAMPLE, "--out", "file/x.csv"), 5, "file")
    refused(ktrdr("features", "export", EXAMPLE, "--out", "x.txt"), 2, ".parquet or .csv")
    refused(ktrdr("strategy", "schema", "file/x.json"), 5, "file/x.json")
    assert (tmp_path / "file").read_text() == "mine"
    untouched(tmp_path, "file")


def test_a_model_with_a_file_missing(trained: tuple[Path, Outcome], tmp_path: Path) -> None:
    folder, _ = trained
    shutil.copytree(folder / "out", tmp_path / "out")
    (tmp_path / "out" / "metrics.json").unlink()
    refused(run_command("predict", "out", cwd=tmp_path), 2, "metrics.json", "missing")
    assert run_command("models", "verify", "out", cwd=tmp_path).code == 2


def test_errors_are_one_json_object_too(ktrdr: Command, tmp_path: Path) -> None:
    outcome = ktrdr("train", write(tmp_path, changed("training.epochs", 0)), "--json")
    assert outcome.code == 2
    error = outcome.json["error"]
    assert error["family"] == "invalid_input"
    assert [problem["path"] for problem in error["problems"]] == ["training.epochs"]
    assert ktrdr("predict", "no/such_1d_v1", "--json").json["error"]["family"] == "not_found"
    assert ktrdr("trian", "--json").json["error"]["family"] == "invalid_input"


def test_a_diverging_training_says_what_to_try(ktrdr: Command, tmp_path: Path) -> None:
    document = changed("training", small()["training"] | {"optimizer": "sgd", "learning_rate": 10, "gradient_clip": 0})
    document = changed("nn_inputs.1", {"raw_indicator": "macd_a"}, document)
    document["training"] |= {"loss": "mse", "labels": {"source": "forward_return", "horizon": 5}, "epochs": 50}
    document["decisions"] = {"output_format": "regression"}
    refused(ktrdr("train", write(tmp_path, document)), 6, "epoch", "learning_rate")
    models = tmp_path / "models"
    assert not [path for path in models.rglob("*") if path.is_dir() and "_v" in path.name]
    (line,) = (models / "trials.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "failed"


def test_unknown_settings_are_refused(ktrdr: Command, tmp_path: Path) -> None:
    (tmp_path / "ktrdr.toml").write_text("model_dir = 'x'\n")
    refused(ktrdr("data", "list"), 2, "model_dir", "models_dir")


def test_strict_refuses_what_is_only_odd(ktrdr: Command, tmp_path: Path) -> None:
    path = write(tmp_path, changed("training.learning_rte", 0.1))
    assert ktrdr("strategy", "validate", path).code == 0
    assert ktrdr("strategy", "validate", path, "--strict").code == 2
    refused(ktrdr("train", path, "--strict"), 2, "training.learning_rte", "learning_rate")


def test_a_list_of_columns_in_two_lines(ktrdr: Command, tmp_path: Path) -> None:
    bars(3).to_csv(tmp_path / "X_1d.csv", index=False)
    outcome = ktrdr("data", "import", tmp_path / "X_1d.csv", "--columns", "open=a\nhigh=b", "--out", tmp_path / "kept")
    refused(outcome, 2, "a high=b")
