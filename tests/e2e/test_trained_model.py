"""What a trained model is on disk, and what the commands make of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from samples.command_line import STRATEGIES, Outcome, run_command

DEMO = STRATEGIES / "neuro_mean_reversion.yaml"


def metadata(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "out" / "metadata.json").read_text())


def test_train_prints_exactly_one_json_object(trained: tuple[Path, Outcome]) -> None:
    _, outcome = trained
    (model,) = outcome.json["models"]
    assert {"path", "version", "symbol", "metrics", "baselines", "verdict"} <= set(model)
    assert (model["symbol"], model["version"]) == ("^GSPC", 1)
    assert set(model["baselines"]) == {"class_shares", "majority", "last_known_label", "last_known_label_again"}
    assert model["verdict"]["outcome"] in {"better", "worse", "not_distinguishable", "too_little_data"}


def test_metadata_holds_what_is_promised(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    found = metadata(folder)
    assert {
        "model_name", "strategy_name", "created_at", "strategy_version", "indicators", "fuzzy_sets", "nn_inputs",
        "resolved_features", "training_symbols", "training_timeframes", "training_metrics", "contract_hash",
        "fitted_until", "selected_until", "judged_until", "data", "seed", "settings", "split", "libraries",
        "schema_version", "checksums",
    } <= set(found)  # fmt: skip
    assert found["strategy_version"] == "3.0"
    assert found["fitted_until"] < found["selected_until"] < found["judged_until"]
    assert found["settings"]["training.epochs"] == {"value": 3, "origin": "command line"}
    assert found["settings"]["training.optimizer"]["origin"] == "training"
    for name, checksum in found["checksums"].items():
        assert hashlib.sha256((folder / "out" / name).read_bytes()).hexdigest() == checksum
    (series,) = found["data"]
    assert (series["symbol"], series["rows"]) == ("^GSPC", 5031)


def test_no_part_looks_into_a_later_one(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    found = metadata(folder)
    parts = found["split"]["parts"]
    assert found["fitted_until"] < parts["validation"]["first"]
    assert found["selected_until"] < parts["test"]["first"]


def test_the_stored_config_is_the_effective_strategy(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    stored = yaml.safe_load((folder / "out" / "config.yaml").read_text())
    assert stored["training"]["epochs"] == 3
    again = run_command("train", folder / "out" / "config.yaml", "--dry-run", "--json", cwd=folder)
    assert again.json["dry_run"]["features"] == metadata(folder)["resolved_features"]


def test_the_same_request_gives_the_same_bytes(trained: tuple[Path, Outcome], tmp_path: Path) -> None:
    folder, _ = trained
    again = run_command("train", DEMO, "--epochs", 3, "--no-importance", "--output", "again", cwd=tmp_path)
    assert again.code == 0
    for name in ("model.safetensors", "history.json", "config.yaml"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / "out" / name).read_bytes()


def test_another_seed_gives_other_bytes(trained: tuple[Path, Outcome], tmp_path: Path) -> None:
    folder, _ = trained
    run_command("train", DEMO, "--epochs", 3, "--seed", 1, "--no-importance", "--output", "o", cwd=tmp_path)
    assert (tmp_path / "o" / "model.safetensors").read_bytes() != (folder / "out" / "model.safetensors").read_bytes()


def test_export_is_what_training_used(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    outcome = run_command("features", "export", DEMO, "--out", "rows.parquet", "--json", cwd=folder)
    assert outcome.code == 0, outcome.stderr
    frame = pd.read_parquet(folder / "rows.parquet")
    found = metadata(folder)
    names = ["timestamp", "known_at", *found["resolved_features"], "label", "label_end", "part"]
    assert list(frame.columns) == names
    parts = found["split"]["parts"]
    assert frame["part"].value_counts().to_dict() == {name: part["rows"] for name, part in parts.items()}
    train = frame[frame["part"] == "train"]
    assert train["label_end"].max() == pd.Timestamp(found["fitted_until"])
    assert train["label_end"].max() < frame.loc[frame["part"] == "validation", "known_at"].min()
    assert not frame[["label", "label_end"]].isna().any().any()
    assert (frame["known_at"] < frame["label_end"]).all()
    assert frame["part"].isna().sum() == sum(found["split"]["purged"].values())

    run_command("features", "export", DEMO, "--out", "rows.csv", cwd=folder)
    text = pd.read_csv(folder / "rows.csv", parse_dates=["timestamp", "known_at", "label_end"])
    pd.testing.assert_frame_equal(
        text[found["resolved_features"]], frame[found["resolved_features"]], check_dtype=False, rtol=1e-6
    )


def test_predict_shows_the_features_behind_the_signal(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    reference = "neuro_mean_reversion/%5EGSPC_1d_latest".replace("%5E", "^")
    outcome = run_command("predict", reference, "--last", 3, "--json", cwd=folder)
    assert outcome.code == 0, outcome.stderr
    rows = outcome.json["predictions"]
    assert [row["timestamp"][:10] for row in rows] == ["2018-12-27", "2018-12-28", "2018-12-31"]
    for row in rows:
        assert row["signal"] in {"buy", "hold", "sell"}
        assert abs(sum(row["probabilities"].values()) - 1) < 1e-9
        assert list(row["features"]) == metadata(folder)["resolved_features"]
    alone = run_command("predict", "out", "--json", cwd=folder).json["predictions"]
    assert alone == rows[-1:]


def test_predict_refuses_a_symbol_it_was_not_trained_on(trained: tuple[Path, Outcome]) -> None:
    folder, _ = trained
    outcome = run_command("predict", "out", "--symbol", "AAPL", cwd=folder)
    assert outcome.code == 2
    assert "AAPL" in outcome.stderr


def test_every_training_is_logged_and_delete_leaves_the_log(tmp_path: Path) -> None:
    example = STRATEGIES / "v3_test_example.yaml"
    for _ in range(2):
        assert run_command("train", example, "--epochs", 1, "--no-importance", cwd=tmp_path).code == 0
    log = tmp_path / "models" / "trials.jsonl"
    before = log.read_text()
    assert len(before.splitlines()) == 2
    assert all(json.loads(line)["outcome"] == "published" for line in before.splitlines())
    folder = tmp_path / "models" / "v3_test_example"
    assert run_command("models", "delete", "v3_test_example/SIM_STOCK_5m_v2", "--yes", cwd=tmp_path).code == 0
    assert log.read_text() == before
    assert run_command("train", example, "--epochs", 1, "--no-importance", cwd=tmp_path).code == 0
    assert (folder / "SIM_STOCK_5m_v3").is_dir()
    assert not (folder / "SIM_STOCK_5m_v2").exists()
    assert (folder / "SIM_STOCK_5m_latest").resolve().name == "SIM_STOCK_5m_v3"


def test_seeds_show_their_spread_and_ship_the_first(tmp_path: Path) -> None:
    example = STRATEGIES / "v3_test_example.yaml"
    arguments = ("--epochs", 1, "--seed", 5, "--no-importance")
    many = run_command("train", example, *arguments, "--seeds", 3, "--output", "many", cwd=tmp_path)
    assert many.code == 0, many.stderr
    assert run_command("train", example, *arguments, "--output", "one", cwd=tmp_path).code == 0
    report = json.loads((tmp_path / "many" / "metrics.json").read_text())
    assert [item["seed"] for item in report["seeds"]] == [5, 6, 7]
    assert [item["shipped"] for item in report["seeds"]] == [True, False, False]
    one = (tmp_path / "one" / "model.safetensors").read_bytes()
    assert (tmp_path / "many" / "model.safetensors").read_bytes() == one
