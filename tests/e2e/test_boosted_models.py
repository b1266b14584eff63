"""Gradient boosting by the installed command: trained, judged, backtested, asked, and refused what it has not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from samples.command_line import STRATEGIES, Command

ARCHITECTURES = {"lightgbm": {"min_rows_in_leaf": 50}, "xgboost": {"min_child_weight": 10}}


def written(tmp_path: Path, kind: str, **training: object) -> Path:
    document = yaml.safe_load((STRATEGIES / "v3_test_example.yaml").read_text())
    document["model"] = {"type": kind, "architecture": ARCHITECTURES[kind]}
    for name in ("epochs", "batch_size", "learning_rate", "optimizer"):
        document["training"].pop(name, None)
    document["training"] |= {"rounds": 8, **training}
    path = tmp_path / f"{kind}.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_it_is_trained_backtested_and_asked(kind: str, ktrdr: Command, tmp_path: Path) -> None:
    strategy = written(tmp_path, kind)
    dry = ktrdr("train", strategy, "--dry-run")
    assert dry.code == 0, dry.stderr
    for said in ("training.rounds", "training.l2", "model.architecture.bins"):
        assert said in dry.stdout
    outcome = ktrdr("train", strategy, "--no-importance", "--json")
    assert outcome.code == 0, outcome.stderr
    (model,) = outcome.json["models"]
    folder = Path(model["path"])
    folder = folder if folder.is_absolute() else tmp_path / folder
    assert "8 epochs" in (folder / "report.html").read_text()
    reference = f"{folder.parent.name}/{folder.name}"
    assert ktrdr("models", "verify", "--all").code == 0
    predicted = ktrdr("predict", reference, "--last", 3, "--json")
    assert predicted.code == 0, predicted.stderr
    tested = ktrdr("backtest", reference, "--json")
    assert tested.code == 0, tested.stderr


def test_keys_of_other_types_and_other_sections_are_refused(ktrdr: Command, tmp_path: Path) -> None:
    foreign = ktrdr("strategy", "validate", written(tmp_path, "lightgbm", leaves=9, optimizer="adam", max_depth=3))
    assert foreign.code != 0
    said = " ".join((foreign.stdout + foreign.stderr).split())
    assert "training.leaves: is a key of model.architecture; write it there" in said
    assert "training.optimizer: is no key of model type lightgbm" in said
