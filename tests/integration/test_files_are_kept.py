"""No command writes over, or into, a file that it did not make."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from samples.command_line import Command
from samples.documents import small

VERSION_2 = small() | {
    "version": "2.0",
    "indicators": [{"name": "rsi", "feature_id": "rsi_14", "period": 14}],
    "fuzzy_sets": {"rsi_14": {"low": [0, 20, 40]}},
}


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(small(), sort_keys=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "words",
    [
        ("strategy", "schema", "kept.json"),
        ("strategy", "new", "--output", "kept.yaml"),
        ("fuzzy", "fit", "mine.yaml", "--output", "kept.yaml"),
        ("features", "export", "mine.yaml", "--out", "kept.csv"),
        ("train", "mine.yaml", "--dry-run", "--log-file", "kept.yaml"),
    ],
)
def test_a_file_that_is_there_stays(words: tuple[str, ...], ktrdr: Command, tmp_path: Path, strategy: Path) -> None:
    kept = tmp_path / words[-1]
    kept.write_text("precious\n", encoding="utf-8")
    outcome = ktrdr(*words)
    assert (outcome.code, "is there already" in outcome.stderr) == (4, True), outcome.stderr
    assert kept.read_text(encoding="utf-8") == "precious\n"
    assert {path.name for path in tmp_path.iterdir()} == {"mine.yaml", kept.name}


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_an_older_export_is_written_over_and_bars_are_not(
    name: str, ktrdr: Command, tmp_path: Path, strategy: Path
) -> None:
    assert ktrdr("features", "export", strategy, "--out", name).code == 0
    written = (tmp_path / name).read_bytes()
    assert ktrdr("features", "export", strategy, "--out", name).code == 0
    assert (tmp_path / name).read_bytes() == written
    bars = pd.DataFrame({"timestamp": ["2024-01-02"], "open": [1.0]})
    bars.to_csv(tmp_path / name, index=False) if name.endswith("csv") else bars.to_parquet(tmp_path / name)
    kept = (tmp_path / name).read_bytes()
    assert ktrdr("features", "export", strategy, "--out", name).code == 4
    assert (tmp_path / name).read_bytes() == kept


def test_a_log_of_steps_goes_on(ktrdr: Command, tmp_path: Path, strategy: Path) -> None:
    for times in (1, 2):
        assert ktrdr("train", strategy, "--epochs", 1, "--no-importance", "--log-file", "steps.log").code == 0
        steps = (tmp_path / "steps.log").read_text(encoding="utf-8").count('"step": "fitted"')
        assert steps >= times


def test_migration_through_a_link_writes_the_file_itself(ktrdr: Command, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "old.yaml").write_text(yaml.safe_dump(VERSION_2), encoding="utf-8")
    (tmp_path / "link.yaml").symlink_to(there / "old.yaml")
    assert ktrdr("strategy", "migrate", "link.yaml", "--write").code == 0
    assert (tmp_path / "link.yaml").is_symlink()
    assert yaml.safe_load((there / "old.yaml").read_text(encoding="utf-8"))["indicators"] == {
        "rsi_14": {"type": "rsi", "period": 14}
    }
