"""``ktrdr backtest`` as a user runs it."""

from __future__ import annotations

from pathlib import Path

from samples.command_line import STRATEGIES, Outcome, run_command


def test_a_trained_model_is_backtested_by_file(trained: tuple[Path, Outcome]) -> None:
    folder, outcome = trained
    done = run_command(
        "backtest", STRATEGIES / "neuro_mean_reversion.yaml", "--report", "backtest.html", "--json", cwd=folder
    )
    assert done.code == 0, done.stderr
    assert {"metrics", "benchmark", "trades", "model"} <= done.json.keys()
    assert Path(done.json["model"]["path"]) == Path(outcome.json["models"][0]["path"])
    assert done.json["span"]["marks"] == ["already judged"]
    assert (folder / "backtest.html").stat().st_size > 10_000
