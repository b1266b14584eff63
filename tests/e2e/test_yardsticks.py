"""A linear model and a forest, from the strategy file to decisions, by the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from samples.command_line import STRATEGIES, Command


@pytest.mark.parametrize(
    ("kind", "settings"), [("logistic", {"l2": 0.5}), ("random_forest", {"trees": 12, "class_weights": "balanced"})]
)
def test_it_is_trained_backtested_and_served(
    kind: str, settings: dict[str, object], ktrdr: Command, tmp_path: Path
) -> None:
    document = yaml.safe_load((STRATEGIES / "yardstick.yaml").read_text())
    document["model"] = {"type": kind}
    del document["training"]["l2"]
    document["training"] |= settings
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document))
    trained = ktrdr("train", path, "--json", "--strict", "--no-importance")
    assert trained.code == 0, trained.stderr
    (model,) = trained.json["models"]
    assert ktrdr("backtest", path, "--json").code == 0
    said = ktrdr("predict", model["model"] if "model" in model else model["path"], "--last", 3, "--json")
    assert said.code == 0, said.stderr
    foreign = ktrdr("train", path, "--epochs", 3)
    assert (foreign.code, f"is no key of model type {kind}" in foreign.stderr) == (2, True)
