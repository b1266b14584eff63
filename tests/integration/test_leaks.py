"""A strategy that sees tomorrow is told to look for a leak, wherever its verdict is shown; honest ones are not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import small

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.report.backtests import backtest_page
from ktrdr.adapters.report.html import ReportingStorage
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.list_models import ListModels
from ktrdr.application.use_cases.load_model import LoadRequest
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.show_model import ShownModel
from ktrdr.application.use_cases.train import TrainedModel, TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.cli.model_text import list_text, show_text, which_text
from ktrdr.entrypoints.cli.outcome import outcome_text
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ("AAA", "BBB", "CCC")


def market(symbol: str, *, leak: bool, rows: int = 900) -> Bars:
    """A walk of days; with a leak, a day's volume is high where the next close is higher."""
    rng = np.random.default_rng(sum(map(ord, symbol)))
    volatility = 0.01 * np.exp(0.8 * np.sin(np.arange(rows) / 30))
    close = 100 * np.exp(np.cumsum(rng.standard_normal(rows) * volatility))
    open_ = np.append(close[:1], close[:-1])
    tomorrow = np.append(np.diff(close) > 0, False)
    volume = rng.uniform(900, 1100, rows) + (1000 * tomorrow if leak else 0)
    stamps = from_iso("2020-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * NS_PER_DAY
    top, bottom = np.maximum(open_, close) * 1.002, np.minimum(open_, close) * 0.998
    return Bars(symbol, Timeframe("1d"), stamps, open_, top, bottom, close, volume)


def document(labels: dict[str, Any], *symbols: str) -> dict[str, Any]:
    """Momentum, range and volume; regression where the labels are numbers."""
    written = small()
    written["training_data"] = {"symbols": list(symbols), "timeframes": "1d", "history_required": 50}
    written["indicators"] = {
        "rsi_14": {"type": "rsi"},
        "volume_2": {"type": "ema", "period": 2, "source": "volume"},
        "range_5": {"type": "natr", "period": 5},
    }
    written["fuzzy_sets"] = {"rsi": written["fuzzy_sets"]["rsi"]}
    raw = [{"raw_indicator": name, "normalization": "zscore"} for name in ("volume_2", "range_5")]
    written["nn_inputs"] = [{"fuzzy_set": "rsi"}, *raw]
    written["training"] |= {"labels": labels, "epochs": 30, "batch_size": 32, "learning_rate": 0.01, "seed": 1}
    if labels["source"] in {"forward_return", "volatility"}:
        written["decisions"] = {"output_format": "regression"}
    return written


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def built(storage: ModelStorage, *, leak: bool) -> Container:
    container = make_container()
    bars = [market(symbol, leak=leak) for symbol in SYMBOLS]
    container.data_repository.override(providers.Object(MemoryRepository(bars)))
    container.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    container.model_storage.override(providers.Object(storage))
    return container


def train(written: dict[str, Any], *, leak: bool, **options: Any) -> tuple[TrainedModel, Artifact, ReportingStorage]:
    storage = ReportingStorage(MemoryStorage())
    result = built(storage, leak=leak).training_orchestrator().execute(TrainingRequest(parse(written), **options))
    assert not result.failures
    (model,) = result.models
    return model, storage.load(model.stored.reference), storage


DIRECTION = {"source": "direction", "neutral_band": 0.0}


@pytest.mark.parametrize("importance", [True, False])
def test_a_direction_that_volume_gives_away(importance: bool) -> None:
    model, artifact, storage = train(document(DIRECTION, "AAA"), leak=True, importance=importance)
    report = json.loads(artifact.blobs["metrics.json"])
    verdict = report["verdict"]
    assert verdict == model.report["verdict"]
    assert verdict["outcome"] == "look_for_a_leak"
    assert verdict["suspicion"]["outcome"] == "better"
    assert verdict["suspicion"]["lifted_by"] is None
    carrier = verdict["suspicion"]["carrier"]
    assert (carrier["feature"], carrier["by"]) == ("1d_volume_2_raw", "importance" if importance else "association")
    assert report["diagnosis"][0]["topic"] == "leak"
    assert "1d_volume_2_raw" in report["diagnosis"][0]["suggestion"]
    assert {item["topic"] for item in report["diagnosis"]} <= {"leak", "classes"}

    page = artifact.blobs["report.html"].decode()
    assert '<p class="outcome">Look for a leak</p>' in page
    assert "<code>1d_volume_2_raw</code>" in page
    for text in (outcome_text(model), show_text(ShownModel(artifact))):
        assert text.count("Look for a leak: log loss is ") == 1
        assert text.count("is believable") == 1
        assert "Nothing to do" not in text
        assert verdict["detectable"]["sentence"] in text
    assert verdict["detectable"]["sentence"].replace("'", "&#39;") in page
    assert "look for a leak" in list_text(ListModels(storage).execute())


def said_by_all_that_serve(container: Container, reference: str) -> list[list[str]]:
    """What is said aloud by the ways to use a model, of it by name and of its strategy."""
    strategy, said = reference.partition("/")[0], []
    for model in (strategy, reference):
        predicted = container.predict().execute(PredictRequest(model, "AAA"))
        live = container.open_predictor().execute(PredictorRequest(model, "AAA")).live
        traded = container.backtest().execute(BacktestRequest(strategy, "AAA", None if model == strategy else model))
        page = backtest_page(traded).decode().replace("&#39;", "'")
        assert all(note in page for note in traded.notes)
        assert predicted.as_dict()["notes"] == list(predicted.notes)
        assert traded.as_dict()["notes"] == list(traded.notes)
        said += [list(predicted.notes), list(live.notes), list(traded.notes)]
    chosen = container.load_model().execute(LoadRequest(strategy, "AAA"))
    assert all(note in which_text(chosen) for note in chosen.doubts)
    return [*said, chosen.as_dict()["notes"]]


def test_a_leaky_model_is_not_used_without_a_word() -> None:
    model, artifact, storage = train(document(DIRECTION, "AAA"), leak=True, importance=False)
    reference = model.stored.reference
    note = f"{reference}: its verdict is: look for a leak (`1d_volume_2_raw` carries the most of its skill)"
    for notes in said_by_all_that_serve(built(storage, leak=True), reference):
        assert notes.count(note) == 1
    report = json.loads(artifact.blobs["metrics.json"])
    for verdict in (report["verdict"] | {"outcome": "better"}, {}, None, "look_for_a_leak"):
        other = MemoryStorage()
        metrics = {} if verdict is None else {"metrics.json": json.dumps(report | {"verdict": verdict}).encode()}
        blobs = {name: blob for name, blob in artifact.blobs.items() if name != "metrics.json"}
        other.publish(replace(artifact, blobs=blobs | metrics))
        for notes in said_by_all_that_serve(built(other, leak=True), reference):
            assert not any("leak" in note for note in notes)


def test_an_average_names_each_model_that_is_leaky() -> None:
    storage = MemoryStorage()
    request = TrainingRequest(parse(document(DIRECTION, "AAA", "BBB")), mode=Mode.MULTI, importance=False)
    container = built(storage, leak=True)
    assert len(container.training_orchestrator().execute(request).models) == 2
    notes = container.predict().execute(PredictRequest("small", "AAA", ensemble=True)).notes
    for symbol in ("AAA", "BBB"):
        assert sum(f"small/{symbol}_1d_v1: its verdict is: look for a leak" in note for note in notes) == 1


def test_a_return_that_volume_gives_away_by_half() -> None:
    """A leak that is noisy: the sign of the next return, and nothing of its size."""
    model, _, _ = train(document({"source": "forward_return", "horizon": 1}, "AAA"), leak=True, importance=False)
    assert model.report["verdict"]["outcome"] == "look_for_a_leak"
    assert "of a return 1 bar ahead no more than 10% is believable" in model.report["verdict"]["sentence"]
    assert "correlation below" in model.report["verdict"]["detectable"]["sentence"]


def test_a_pool_that_sees_tomorrow_says_so_of_each_symbol() -> None:
    options = {"mode": Mode.UNIVERSAL, "hold_out": ("CCC",)}
    model, _, _ = train(document(DIRECTION, "AAA", "BBB"), leak=True, **options)
    verdict, table = model.report["verdict"], model.report["by_symbol"]
    assert verdict["outcome"] == "look_for_a_leak"
    assert verdict["suspicion"]["carrier"]["feature"] == "1d_volume_2_raw"
    assert {row["baseline"]["outcome"] for row in table["symbols"]} == {"look_for_a_leak"}
    assert {group["baseline"]["outcome"] for group in table["groups"].values()} == {"look_for_a_leak"}
    assert "look for a leak" in outcome_text(model)


@pytest.mark.parametrize(
    "labels",
    [
        DIRECTION,
        {"source": "direction", "neutral_band": 0.01},
        {"source": "forward_return", "horizon": 5},
        {"source": "volatility", "window": 5},
        {"source": "zigzag", "zigzag_threshold": 0.03, "label_lookahead": 10},
        {"source": "zigzag", "method": "segments", "zigzag_threshold": 0.05},
        {"source": "triple_barrier", "max_holding_period": 10},
    ],
    ids=lambda labels: "_".join(map(str, labels.values())),
)
def test_what_can_be_foreseen_honestly_is_not_suspected(labels: dict[str, Any]) -> None:
    """Volatility that comes in waves makes the size of moves easy to foresee, and their direction not."""
    model, _, _ = train(document(labels, "AAA"), leak=False, importance=False)
    assert model.report["verdict"]["suspicion"] is None
    assert model.report["verdict"]["outcome"] != "look_for_a_leak"
    assert all(item["topic"] != "leak" for item in model.report["diagnosis"])
