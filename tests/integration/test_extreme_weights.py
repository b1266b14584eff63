"""A model whose outputs are no finite numbers is damaged, whichever way it is asked: no NaN, and no traceback."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from samples.command_line import ROOT, run_here
from samples.predictors import feed_of

from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.training.request import Execution, Mode
from ktrdr.entrypoints.container import Container, make_container

STRATEGY = "neuro_mean_reversion"
WAYS = {
    "one model": ("predict", f"{STRATEGY}/MSFT_1d_latest"),
    "one of a strategy": ("predict", STRATEGY, "--symbol", "MSFT"),
    "an ensemble": ("predict", STRATEGY, "--symbol", "AAPL", "--ensemble"),
    "a backtest": ("backtest", STRATEGY, "--symbol", "MSFT"),
    "a backtest of an ensemble": ("backtest", STRATEGY, "--symbol", "AAPL", "--ensemble"),
    "an explanation": ("explain", "rules", f"{STRATEGY}/MSFT_1d_latest"),
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of two symbols, of which one was published anew with the largest weights that there are."""
    folder = tmp_path_factory.mktemp("extreme")
    container = make_container(models_dir=folder)
    names = ["AAPL", "MSFT"]
    strategy = container.read_strategy().execute(ROOT / f"strategies/{STRATEGY}.yaml", symbols=names, epochs=1)
    request = TrainingRequest(strategy, importance=False, mode=Mode.MULTI, execution=Execution(workers=1))
    container.training_orchestrator().execute(request)
    storage = container.model_storage()
    artifact = storage.load(f"{STRATEGY}/MSFT_1d_latest")
    tensors = safetensors.numpy.load(artifact.blobs["model.safetensors"])
    largest = np.finfo(np.float32).max
    extreme = {name: np.resize([largest, largest, -largest], found.shape) for name, found in tensors.items()}
    weights = safetensors.numpy.save({name: found.astype(np.float32) for name, found in extreme.items()})
    storage.publish(Artifact(artifact.manifest, artifact.blobs | {"model.safetensors": weights}))
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_a_command_says_that_the_model_is_damaged(way: str, models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(*WAYS[way], "--models-dir", models, "--json", capsys=capsys)
    error = said.json["error"]
    assert (said.code, error["family"]) == (2, "invalid_input")
    assert error["message"].startswith(f"model {STRATEGY}/MSFT_1d_v2: its outputs are no finite numbers")
    assert "Traceback" not in said.stderr
    assert "Warning" not in said.stderr


@pytest.mark.parametrize("ensemble", [False, True], ids=["one model", "an ensemble"])
def test_a_live_bar_says_so_too_and_moves_nothing(ensemble: bool, models: Path) -> None:
    container: Container = make_container(models_dir=models)
    request = PredictorRequest(STRATEGY, "MSFT", timeframe="1d", ensemble=ensemble)
    predictor = container.open_predictor().execute(request)
    bars = container.data_repository().load("MSFT", Timeframe("1d")).take(slice(0, 1000))
    predictor.observe_all({"1d": bars.take(slice(0, 990))})
    for name, bar in feed_of({"1d": bars}, "1d")[990:]:
        with pytest.raises(CorruptArtifact, match=r"MSFT_1d_v2: its outputs are no finite numbers"):
            predictor.update(name, bar)
    assert predictor.position == 0
    going_on = container.open_predictor().execute(request)
    going_on.restore(predictor.state())
    assert going_on.state() == predictor.state()
