"""Each shipped strategy is loaded, resolved and trained by the installed command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from samples.command_line import STRATEGIES, Command

SHIPPED = sorted(STRATEGIES.glob("*.yaml"))


def test_there_are_strategies_to_ship() -> None:
    assert {path.stem for path in SHIPPED} >= {"neuro_mean_reversion", "v3_test_example", "mtf_adaptive_momentum"}


def test_the_example_trains_as_its_dry_run_says(ktrdr: Command, tmp_path: Path) -> None:
    strategy = STRATEGIES / "v3_test_example.yaml"
    dry = ktrdr("train", strategy, "--dry-run")
    assert dry.code == 0
    for name in ("rsi_14", "rsi_fast", "5m_rsi_fast_oversold"):
        assert name in dry.stdout
    assert not (tmp_path / "models").exists()

    features = ktrdr("strategy", "features", strategy, "--json").json["features"]
    positions = [dry.stdout.index(name) for name in features]
    assert positions == sorted(positions)

    assert ktrdr("train", strategy, "--epochs", 1, "--output", "out").code == 0
    metadata = json.loads((tmp_path / "out" / "metadata.json").read_text())
    assert metadata["strategy_version"] == "3.0"
    assert "5m_rsi_fast_oversold" in metadata["resolved_features"]
    assert metadata["resolved_features"] == features


@pytest.mark.parametrize("strategy", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_strategy_is_valid_and_trains(strategy: Path, ktrdr: Command, tmp_path: Path) -> None:
    checked = ktrdr("strategy", "validate", strategy, "--strict", "--json")
    assert checked.json == {"path": str(strategy), "valid": True, "errors": [], "warnings": []}
    few = ("--epochs", 1) if "epochs:" in strategy.read_text() else ()
    outcome = ktrdr("train", strategy, *few, "--no-importance", "--json", "--strict")
    assert outcome.code == 0, outcome.stderr
    (model,) = outcome.json["models"]
    folder = Path(model["path"])
    folder = folder if folder.is_absolute() else tmp_path / folder
    files = {path.name for path in folder.iterdir()}
    members = [member["name"] for member in json.loads((folder / "metrics.json").read_text()).get("members", ())]
    own = {
        f"{name}.{file}" for name in members if name != "class_shares" for file in ("model.safetensors", "history.json")
    }
    assert files == own | {
        "model.safetensors", "metadata.json", "metrics.json", "feature_importance.json", "config.yaml", "history.json",
        "reference.json", "report.html",
    }  # fmt: skip
    latest = folder.with_name(folder.name.replace("_v1", "_latest"))
    assert latest.resolve() == folder.resolve()
    assert ktrdr("models", "verify", "--all").code == 0


def test_the_adaptive_strategy_has_27_features(ktrdr: Command) -> None:
    outcome = ktrdr("strategy", "features", STRATEGIES / "mtf_adaptive_momentum.yaml", "--json")
    assert len(outcome.json["features"]) == 27
