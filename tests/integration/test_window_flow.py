"""Models of windows from the strategy to the prediction: gaps, weights, importance, refusals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_one

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.application.use_cases.predict import Forecast, PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.importance import permutation_importance
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.weights import class_weights, sample_weights
from ktrdr.entrypoints.container import Container, make_container

BARS = simulate("SIM_STOCK", Timeframe("5m"), 1200, 4)
LENGTH = 12
LSTM = {"type": "LSTM", "architecture": {"seq_length": LENGTH, "hidden_size": 4, "num_layers": 1, "attention": True}}


def without(*rows: int) -> Bars:
    kept = np.ones(len(BARS), dtype=bool)
    kept[list(rows)] = False
    return BARS.take(kept)


def container_of(bars: Bars, storage: MemoryStorage | None = None) -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    container.model_storage.override(providers.Object(storage or MemoryStorage()))
    return container


def document(model: dict[str, Any] = LSTM, **training: Any) -> dict[str, Any]:
    result = changed("model", model)
    result["training"] |= training
    return result


@pytest.fixture(scope="module")
def trained() -> tuple[MemoryStorage, str, dict[str, Any]]:
    storage = MemoryStorage()
    orchestrator = container_of(without(500, 501, 900), storage).training_orchestrator()
    (model,) = orchestrator.execute(TrainingRequest(parse(document()))).models
    return storage, model.stored.reference, {"notes": model.notes, "report": model.report, "found": model.importance}


def predict(bars: Bars, storage: MemoryStorage, reference: str, last: int = 1) -> Forecast:
    return container_of(bars, storage).predict().execute(PredictRequest(reference, last=last))


def test_rows_behind_a_gap_are_left_out_counted_and_said_aloud() -> None:
    strategy = parse(document())
    plain, spoiled = (container_of(bars).dry_run().execute(TrainingRequest(strategy))[0] for bars in
                      (BARS, without(500, 501, 900)))  # fmt: skip
    assert plain.rows["windowless_rows"] == LENGTH - 1
    assert spoiled.rows["windowless_rows"] == 3 * (LENGTH - 1)
    assert any(f"{3 * (LENGTH - 1)} of " in note and "left out" in note for note in spoiled.notes)
    mlp = container_of(without(500)).dry_run().execute(TrainingRequest(parse(document({"type": "mlp"}))))[0]
    assert mlp.rows["windowless_rows"] == 0


def test_a_dry_run_says_that_windows_take_batches_of_64_by_default() -> None:
    given = document()
    del given["training"]["batch_size"]
    assert parse(given).training["batch_size"] == 64
    given["model"] = {"type": "mlp"}
    assert parse(given).training["batch_size"] == 32


def test_the_manifest_tells_all_that_restoring_needs(trained: tuple[MemoryStorage, str, dict[str, Any]]) -> None:
    storage, reference, said = trained
    manifest = storage.load(reference).manifest
    assert manifest.model["type"] == "lstm"
    assert manifest.model["architecture"]["sequence_length"] == LENGTH
    assert manifest.split["windowless"] == 3 * (LENGTH - 1)
    assert said["report"]["rows"] == manifest.split["parts"]["test"]["rows"]
    assert len(said["found"]["features"]) == len(manifest.resolved_features)


def test_a_row_is_predicted_from_its_own_window_whatever_else_there_is(
    trained: tuple[MemoryStorage, str, dict[str, Any]],
) -> None:
    storage, reference, _ = trained
    many = predict(BARS, storage, reference, 40)
    assert len(many.outputs) == 40
    for back in (0, 7):
        bars = BARS.take(slice(0, len(BARS) - back))
        assert np.array_equal(predict(bars, storage, reference).outputs[0], many.outputs[39 - back])


def test_a_newest_row_without_a_whole_window_is_refused_with_both_numbers(
    trained: tuple[MemoryStorage, str, dict[str, Any]],
) -> None:
    storage, reference, _ = trained
    n = len(BARS)
    with pytest.raises(InvalidInput, match=rf"reads {LENGTH} rows without a break, found 5"):
        predict(without(n - 6), storage, reference)
    forecast = predict(without(n - LENGTH - 3), storage, reference, 30)
    assert len(forecast.matrix) == 30
    assert any("11 bars between these are left out" in note for note in forecast.notes)


def test_windows_longer_than_any_run_are_refused_before_training() -> None:
    given = document({"type": "gru", "architecture": {"sequence_length": 100, "break_at_session": True}})
    with pytest.raises(InvalidInput, match=r"reads 100 rows .* found at most 78; .*break_at_session: false"):
        container_of(BARS).dry_run().execute(TrainingRequest(parse(given)))


@dataclass
class Seen(PriorTrainer):
    """Remembers what it was given to fit."""

    tasks: list[FitTask] = field(default_factory=list)

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        return super().fit(task, watch)


@pytest.mark.parametrize("model", [LSTM, {"type": "mlp"}], ids=["lstm", "mlp"])
@pytest.mark.parametrize("weighting", ["uniqueness", "sequential_bootstrap"])
def test_sample_weights_of_train_rows_alone_reach_the_trainer_with_the_seed(
    model: dict[str, Any], weighting: str
) -> None:
    labels = {"source": "triple_barrier", "max_holding_period": 12, "compute_weights": weighting}
    container, trainer = container_of(without(500)), Seen()
    container.model_trainer.override(providers.Object(trainer))
    given = document(model, labels=labels, seed=3, class_weights="balanced")
    container.training_orchestrator().execute(TrainingRequest(parse(given), seeds=2, importance=False))
    table = container.export_features().execute(TrainingRequest(parse(given))).frame
    stamps = without(500).known_at
    part = table[table["part"] == "train"]
    rows, ends = (
        np.searchsorted(stamps, part[name].astype("datetime64[ns, UTC]").astype("int64").to_numpy())
        for name in ("known_at", "label_end")
    )
    for seed, task in zip((3, 4), trainer.tasks, strict=True):
        expected = sample_weights(weighting, rows, ends, np.random.default_rng(seed))
        assert task.train.weights is not None
        assert np.array_equal(task.train.weights, expected)
        assert task.validation.weights is None
        assert np.array_equal(task.class_weights, class_weights(task.train.targets, 3))
    assert (trainer.tasks[0].train.weights != trainer.tasks[1].train.weights).any() == (weighting != "uniqueness")


@pytest.mark.parametrize(
    "labels",
    [
        {"source": "direction", "horizon": 4},
        {"source": "triple_barrier", "max_holding_period": 12, "cusum_threshold": 0.002},
    ],
)
@pytest.mark.parametrize("model", [LSTM, {"type": "mlp"}], ids=["lstm", "mlp"])
def test_the_export_has_every_row_that_training_reads_and_no_other(
    model: dict[str, Any], labels: dict[str, Any]
) -> None:
    container, trainer = container_of(without(500)), Seen()
    container.model_trainer.override(providers.Object(trainer))
    given = parse(document(model, labels=labels))
    container.training_orchestrator().execute(TrainingRequest(given, importance=False))
    table = container.export_features().execute(TrainingRequest(given)).frame
    prepared = prepare_one(container.data_repository(), container.feature_engineer(), given, BARS.symbol)
    window = LENGTH if model is LSTM else 1
    stamps = prepared.pool.stamps.tolist()
    samples = np.flatnonzero(prepared.pool.spans.learnable).tolist()
    expected = sorted({row - back for row in samples for back in range(window)})
    found = table["timestamp"].astype("datetime64[ns, UTC]").astype("int64").tolist()
    assert found == [stamps[row] for row in expected]
    assert found[-1] < stamps[-1]
    (task,) = trainer.tasks
    assert (table["part"] == "train").sum() == len(task.train.targets)
    if window == 1:
        assert not table["label"].isna().any()


def test_what_train_windows_read_does_not_depend_on_later_bars() -> None:
    seen = []
    for factor in (1.0, 1.7):
        later = slice(1000, None)
        columns = {name: getattr(BARS, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[later] *= factor
        bars = Bars(BARS.symbol, BARS.timeframe, BARS.stamps, **columns, volume=BARS.volume, sessions=BARS.sessions)
        container, trainer = container_of(bars), Seen()
        container.model_trainer.override(providers.Object(trainer))
        container.training_orchestrator().execute(TrainingRequest(parse(document()), importance=False))
        seen.append(trainer.tasks[0].train)
    first, second = seen
    assert np.array_equal(first.ends, second.ends)
    assert np.array_equal(first.targets, second.targets)
    last = int(first.ends[-1]) + 1
    assert np.array_equal(first.inputs[:last], second.inputs[:last])


def test_importance_of_windows_shuffles_the_looked_back_rows_too() -> None:
    """A model that reads the first feature two rows back: the second one says nothing."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(50, 2)).astype(np.float32)
    ends = np.arange(2, 50)
    truth = inputs[ends - 2, 0].astype(np.float64)
    order = rng.permutation(50)
    found = permutation_importance(
        lambda values, rows: values[rows - 2, 0].astype(np.float64),
        inputs,
        ends,
        lambda outputs: float(((outputs - truth) ** 2).mean()),
        order[None],
        70,
    )
    expected = ((inputs[order, 0][ends - 2] - truth) ** 2).mean()
    assert found.mean.tolist() == [pytest.approx(expected), 0.0]
    assert (found.loss, found.rows, found.of_rows) == (0.0, 48, 70)
