"""Laws 4 (scaling on train rows alone), 6 (seeds) and 8 (restore) of training, on random tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from dependency_injector import providers
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.documents import changed
from samples.fits import CLASSES, VALUE, artifact_of, mlp, rows, task

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import make_container

ARCHITECTURES = st.fixed_dictionaries({
    "hidden_layers": st.lists(st.integers(1, 12), max_size=2),
    "activation": st.sampled_from(["relu", "tanh", "gelu"]),
    "dropout": st.sampled_from([0.0, 0.3]),
    "batch_norm": st.booleans(),
})  # fmt: skip


@st.composite
def tasks(draw: st.DrawFn) -> FitTask:
    return task(
        draw(st.integers(20, 90)),
        target=draw(st.sampled_from([CLASSES, VALUE])),
        model=mlp(**draw(ARCHITECTURES)),
        n_inputs=draw(st.integers(1, 5)),
        epochs=draw(st.integers(1, 3)),
        batch_size=draw(st.integers(2, 40)),
        optimizer=draw(st.sampled_from(["adam", "adamw", "sgd", "rmsprop"])),
        seed=draw(st.integers(0, 2**31)),
    )


@settings(max_examples=examples(25))
@given(tasks(), st.integers(0, 2**31))
def test_equal_tasks_give_equal_bytes_whatever_the_callers_random_state(given_task: FitTask, other_seed: int) -> None:
    first = TorchTrainer("cpu").fit(given_task)
    torch.manual_seed(other_seed)
    before = torch.get_rng_state()
    second = TorchTrainer("cpu").fit(given_task)
    assert dict(first.state()) == dict(second.state())
    assert first.history == second.history
    assert torch.equal(torch.get_rng_state(), before)


@settings(max_examples=examples(25))
@given(tasks(), st.integers(1, 700))
def test_a_restored_model_predicts_the_same_bytes_in_the_order_it_was_fitted(given_task: FitTask, count: int) -> None:
    model = TorchTrainer("cpu").fit(given_task)
    restored = TorchTrainer("cpu").restore(artifact_of(model, given_task))
    inputs = rows(count, len(given_task.feature_ids), 5, given_task.target).inputs
    assert restored.feature_ids == model.feature_ids == given_task.feature_ids
    assert restored.predict(inputs).tobytes() == model.predict(inputs).tobytes()
    assert dict(restored.state()) == dict(model.state())


@dataclass
class SeenTask(PriorTrainer):
    """Remembers what it was given to fit."""

    task: FitTask | None = None

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.task = task
        return super().fit(task, watch)


def prepared_task(close: np.ndarray) -> tuple[FitTask, dict[str, Any]]:
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(len(close), dtype=np.int64) * 300 * 10**9
    bars = Bars("X", Timeframe("5m"), stamps, close, close * 1.001, close * 0.999, close, np.ones(len(close)))
    document = changed("training_data.symbols", "X")
    document["nn_inputs"].append({"raw_indicator": "rsi_14", "normalization": "minmax"})
    document["model"]["features"] = {"scale_features": True, "include_price_context": True}
    document["training"]["labels"] = {"source": "forward_return", "horizon": 5}
    document["decisions"] = {"output_format": "regression"}
    container, trainer = make_container(), SeenTask()
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    container.model_trainer.override(providers.Object(trainer))
    container.model_storage.override(providers.Object(MemoryStorage()))
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(document), importance=False)).models
    assert trainer.task is not None
    return trainer.task, container.model_storage().load(model.stored.reference).manifest.inference


WALK = 100 * np.exp(np.cumsum(np.random.default_rng(11).normal(0, 0.002, 700)))
TRAIN_BARS = 480  # all that the train rows and their labels look at
CHANGES: list[Callable[[np.ndarray], np.ndarray]] = [lambda tail: tail * 3, lambda tail: tail[::-1], np.sqrt, np.square]


@settings(max_examples=examples(12))
@given(st.integers(TRAIN_BARS + 20, 690), st.sampled_from(CHANGES), st.floats(0.1, 10))
def test_scaling_and_train_rows_do_not_see_later_parts(
    row: int, change: Callable[..., np.ndarray], factor: float
) -> None:
    before, inference = prepared_task(WALK)
    spoiled = np.concatenate((WALK[:row], change(WALK[row:]) * factor))
    after, spoiled_inference = prepared_task(spoiled)
    assert inference == spoiled_inference
    read = [task.scaler.transform(task.train.inputs[task.train.ends]) for task in (before, after)]
    assert read[0].tobytes() == read[1].tobytes()
    assert before.train.targets.tobytes() == after.train.targets.tobytes()
