"""The programs of examples/ run, and decide what the batch decides."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers

from ktrdr.application.serving.opened import decided_on, serve
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import ModelNotFound
from ktrdr.entrypoints.container import Container, make_container

ROOT = Path(__file__).parents[2]
STRATEGY, SYMBOL = "neuro_mean_reversion", "MINE"
TRAIN_END = "2018-12-31"


def example(name: str) -> ModuleType:
    spec = spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def frame(seed: int, days: int = 2400) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    close = 100 * np.exp(draw.normal(0, 0.015, days).cumsum())
    open_ = close * np.exp(draw.normal(0, 0.004, days))
    spread = 1 + draw.exponential(0.004, days)
    return pd.DataFrame(
        {
            "timestamp": pd.bdate_range("2012-01-02", periods=days, tz="UTC"),
            "open": open_,
            "high": np.maximum(open_, close) * spread,
            "low": np.minimum(open_, close) / spread,
            "close": close,
            "volume": draw.lognormal(12, 0.5, days),
        }
    )


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    made = make_container(models_dir=tmp_path_factory.mktemp("models"))
    frames = {SYMBOL: frame(1), "ALIKE": frame(2)}
    made.data_repository.override(providers.Object(example("small_backtest").FrameRepository(frames)))
    text = (ROOT / f"strategies/{STRATEGY}.yaml").read_text(encoding="utf-8")
    file = tmp_path_factory.mktemp("lively") / f"{STRATEGY}.yaml"  # trades often, on a market without a pattern
    file.write_text(text.replace("{atr: 0.6}", "0.005").replace("confidence_threshold: 0.5", "confidence_threshold: 0"))
    options = {"symbol": SYMBOL, "end": TRAIN_END, "epochs": 3}
    strategy = made.read_strategy().execute(file, **options)
    made.training_orchestrator().execute(TrainingRequest(strategy, importance=False))
    return made


def batch_positions(container: Container, start: str) -> tuple[np.ndarray, np.ndarray]:
    """Positions and moments of a batch that begins flat on that day."""
    storage, trainer = container.model_storage(), container.model_trainer()
    reference = f"{STRATEGY}/{SYMBOL}_1d_v1"
    opened = OpenedModel.of(storage.load(reference), trainer.restore(storage.load(reference)), reference)
    served = serve(container.data_repository(), container.feature_engineer(), opened, SYMBOL)
    rows = np.flatnonzero(served.matrix.stamps >= pd.Timestamp(start, tz="UTC").value)
    return decided_on(served, rows).decisions.positions, served.matrix.stamps[rows]


def test_the_small_backtest_decides_as_the_batch(container: Container) -> None:
    start = "2020-01-01"
    outcome = example("small_backtest").backtest(container, STRATEGY, SYMBOL, start)
    positions, stamps = batch_positions(container, start)
    assert outcome.model == f"{STRATEGY}/{SYMBOL}_1d_v1"
    assert SYMBOL in outcome.reason
    assert outcome.course["position"].tolist() == positions.tolist()
    bars = container.data_repository().load(SYMBOL, example("small_backtest").DAY).between(stamps[0], None)
    held = np.concatenate(([0], positions[:-1]))
    before = np.concatenate(([0], held[:-1]))
    overnight = np.concatenate(([0.0], bars.open[1:] / bars.close[:-1] - 1))
    within = np.where(np.arange(len(bars)) > 0, bars.close / bars.open - 1, 0.0)
    np.testing.assert_allclose(outcome.course["equity"], np.cumprod(1 + before * overnight + held * within))
    assert len(np.unique(positions)) > 1


def test_without_a_model_it_says_what_was_looked_for(container: Container) -> None:
    with pytest.raises(ModelNotFound, match=STRATEGY):
        example("small_backtest").backtest(container, STRATEGY, SYMBOL, "2013-01-01")


def test_the_small_backtest_reads_files(
    container: Container, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bars").mkdir()
    frame(1).to_csv(tmp_path / "bars" / f"{SYMBOL}.csv", index=False)
    monkeypatch.setenv("KTRDR_MODELS_DIR", str(container.settings().models_dir))
    example("small_backtest").main(STRATEGY, SYMBOL, "2020-01-01", str(tmp_path / "bars"))
    assert f"{STRATEGY}/{SYMBOL}_1d_v1" in capsys.readouterr().out


def test_bt_holds_the_positions_of_the_batch(container: Container) -> None:
    pytest.importorskip("bt", reason="bt is a test dependency: pip install -e '.[test]'")
    start = "2020-01-01"
    request = PredictorRequest(f"{STRATEGY}/{SYMBOL}_1d_v1", SYMBOL, known_until=start)
    predictor = container.open_predictor().execute(request)
    day = example("small_backtest").DAY
    bars = container.data_repository().load(SYMBOL, day, start=pd.Timestamp(start, tz="UTC").value)
    result = example("with_bt").run(predictor, bars)
    positions, _ = batch_positions(container, start)
    held = result.get_security_weights()[SYMBOL].reindex(pd.to_datetime(bars.stamps)).fillna(0.0)
    np.testing.assert_allclose(held[1:], positions[:-1], atol=1e-9)
    returns = np.concatenate(([0.0], bars.open[1:] / bars.open[:-1] - 1))
    wanted = np.cumprod(1 + np.concatenate(([0, 0], positions[:-2])) * returns)
    equity = result.prices["ktrdr"].reindex(pd.to_datetime(bars.stamps)) / 100
    np.testing.assert_allclose(equity, wanted, rtol=1e-9)
