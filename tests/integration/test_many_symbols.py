"""One model per symbol in one run: its own labels, the same bytes however it is run, failures, and resuming."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.features import random_bars

from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.application.use_cases.train import TrainingRequest, TrainingResult
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import DataNotFound, TrainingFailed, TrainingInterrupted
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.request import Execution, Mode
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ("AAA", "BBB", "CCC")
BAND = 0.004


def bars(symbol: str, seed: int | None = None) -> Bars:
    made = random_bars(1200, seed=SYMBOLS.index(symbol) if seed is None else seed)
    return replace(made, symbol=symbol)


def request(symbols: tuple[str, ...] = SYMBOLS, *, workers: int = 1, resume: bool = False, **training: Any) -> Any:
    document = changed("training_data.symbols", list(symbols))
    document["training"] |= {"labels": {"source": "direction", "horizon": 1, "neutral_band": BAND}, **training}
    execution = Execution(workers, resume)
    return TrainingRequest(parse(document), importance=False, mode=Mode.MULTI, execution=execution)


class SeenTrainer(PriorTrainer):
    """Remembers what it was given to fit, and fails where it is told to."""

    def __init__(self, failing: dict[int, BaseException] | None = None) -> None:
        self.tasks: list[FitTask] = []
        self.failing = failing or {}

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        if len(self.tasks) in self.failing:
            raise self.failing[len(self.tasks)]
        return super().fit(task, watch)


class CountedRepository(MemoryRepository):
    """Counts what is loaded."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.loads: Counter[str] = Counter()

    def load(self, symbol: str, *given: Any) -> Bars:
        self.loads[symbol] += 1
        return super().load(symbol, *given)


def fakes(data: MemoryRepository | None = None, trainer: PriorTrainer | None = None) -> Container:
    container = make_container()
    repository = data or MemoryRepository([bars(name) for name in SYMBOLS])
    container.data_repository.override(providers.Object(repository))
    container.model_trainer.override(providers.Object(trainer or PriorTrainer()))
    container.model_storage.override(providers.Object(MemoryStorage()))
    return container


def run(container: Container, wanted: TrainingRequest) -> TrainingResult:
    result: TrainingResult = container.training_orchestrator().execute(wanted)
    return result


def own_labels(close: np.ndarray) -> np.ndarray:
    """Label by a plain loop: 0 up, 1 neutral, 2 down over the next bar."""
    found = []
    for now, then in pairwise(close):
        change = then / now - 1
        found.append(0 if change > BAND else 2 if change < -BAND else 1)
    return np.array(found)


def test_every_symbol_is_trained_on_its_own_labels() -> None:
    trainer = SeenTrainer()
    container = fakes(trainer=trainer)
    result = run(container, request())
    assert [model.stored.key.symbol for model in result.models] == list(SYMBOLS)
    for symbol, task in zip(SYMBOLS, trainer.tasks, strict=True):
        labels = own_labels(bars(symbol).close)
        first = 33  # MACD(12, 26, 9) has its first value at bar 26 + 9 - 2
        count = len(task.train.targets)
        assert count > 700
        np.testing.assert_array_equal(task.train.targets, labels[first : first + count])
    first_symbol, *others = (task.train.targets for task in trainer.tasks)
    assert all((first_symbol != other).mean() > 0.3 for other in others)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of bars that worker processes can read."""
    place = tmp_path_factory.mktemp("bars")
    for name in SYMBOLS:
        ParquetStore(place).save(bars(name), SymbolCharacteristics(name, "crypto", "SIM", "24/7", "UTC"))
    return place


def in_folder(folder: Path, models: Path) -> Container:
    return make_container(data_dir=folder, models_dir=models, device="cpu")


def essence(artifact: Artifact) -> tuple[Any, ...]:
    """Return everything of an artifact but when it was published."""
    document = artifact.manifest.as_dict()
    report = {name: blob for name, blob in artifact.blobs.items() if name != "report.html"}
    del document["created_at"], document["manifest_sha256"], document["checksums"]
    return document, report


def test_processes_threads_and_single_runs_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    one, two, alone = (in_folder(folder, tmp_path / name) for name in ("one", "two", "alone"))
    in_process = run(one, request())
    spawned = run(two, request(workers=2))
    for symbol, first, second in zip(SYMBOLS, in_process.models, spawned.models, strict=True):
        single = replace(request((symbol,)), mode=Mode.SINGLE)
        (only,) = run(alone, single).models
        essences = [
            essence(container.model_storage().load(model.stored.reference))
            for container, model in ((one, first), (two, second), (alone, only))
        ]
        assert essences[0] == essences[1] == essences[2]
        assert first.report == second.report == only.report
        assert (first.rows, first.notes) == (second.rows, second.notes)


def test_spawned_failures_are_reported_and_steps_come_back(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    container = in_folder(folder, tmp_path)
    with caplog.at_level(logging.INFO, "ktrdr"):
        result = run(container, request((*SYMBOLS, "NOPE"), workers=2, epochs=1))
    assert [model.stored.key.symbol for model in result.models] == list(SYMBOLS)
    (failure,) = result.failures
    assert (failure.symbols, failure.family) == (("NOPE",), "not_found")
    assert "no bars of NOPE" in failure.reason
    steps = Counter(record.getMessage() for record in caplog.records)
    assert steps["published"] == steps["fitted"] == 3


@pytest.mark.parametrize(
    ("error", "family", "words"),
    [
        (TrainingFailed("epoch 3"), "training_failed", "epoch 3"),
        (RuntimeError("a bug"), "error", "RuntimeError: a bug"),
    ],
)
def test_a_failing_symbol_does_not_stop_the_others(error: Exception, family: str, words: str) -> None:
    result = run(fakes(trainer=SeenTrainer({2: error})), request())
    assert [model.stored.key.symbol for model in result.models] == ["AAA", "CCC"]
    (failure,) = result.failures
    assert (failure.symbols, failure.family, failure.reason) == (("BBB",), family, words)


def test_the_only_symbol_raises_its_error() -> None:
    with pytest.raises(DataNotFound, match="NOPE"):
        run(fakes(), request(("NOPE",)))


def test_an_interruption_stops_all_and_keeps_what_was_published() -> None:
    container = fakes(trainer=SeenTrainer({2: TrainingInterrupted("stopped")}))
    with pytest.raises(TrainingInterrupted):
        run(container, request())
    assert [version.key.symbol for version in container.model_storage().versions()] == ["AAA"]
    result = run(container, request(resume=True))
    assert [(model.kept, model.stored.number) for model in result.models] == [(True, 1), (False, 1), (False, 1)]


def test_an_overridden_port_keeps_the_jobs_in_this_process_and_is_said_aloud(
    caplog: pytest.LogCaptureFixture,
) -> None:
    trainer = SeenTrainer()
    run(fakes(trainer=trainer), request(workers=2))
    assert len(trainer.tasks) == 3
    assert "container.data_repository is overridden" in caplog.text


def test_a_container_of_another_class_keeps_the_jobs_in_this_process(caplog: pytest.LogCaptureFixture) -> None:
    class Own(Container):
        further = providers.Object("of an embedding app")

    container = Own()
    container.data_repository.override(providers.Object(MemoryRepository([bars(name) for name in SYMBOLS])))
    container.model_trainer.override(providers.Object(PriorTrainer()))
    container.model_storage.override(providers.Object(MemoryStorage()))
    assert len(run(container, request(workers=2)).models) == 3
    assert "a class of its own" in caplog.text


def test_outcomes_are_told_as_they_come() -> None:
    orchestrator = fakes().training_orchestrator()
    jobs = orchestrator.plan(request(("AAA", "NOPE")))
    outcomes = orchestrator.run(jobs)
    assert (next(outcomes).name, next(outcomes).name) == ("small/AAA_5m_v1", "NOPE")
    assert list(outcomes) == []


def trained_again(container: Container, wanted: TrainingRequest) -> dict[str, int]:
    """Return the version that each symbol has after resuming, for those that were trained again."""
    result = run(container, wanted)
    return {str(model.stored.key.symbol): model.stored.number for model in result.models if not model.kept}


def test_resuming_trains_what_is_missing_or_stale() -> None:
    container = fakes(data := CountedRepository([bars(name) for name in SYMBOLS]))
    assert trained_again(container, request(("AAA", "BBB"), resume=True)) == {"AAA": 1, "BBB": 1}
    assert trained_again(container, request(resume=True)) == {"CCC": 1}
    assert trained_again(container, request(resume=True)) == {}
    kept = run(container, request(resume=True))
    assert [model.rows["train"] > 700 for model in kept.models] == [True] * 3
    assert all(model.report["verdict"] for model in kept.models)
    container.data_repository.override(
        providers.Object(data := CountedRepository([bars("AAA"), bars("BBB", seed=9), bars("CCC")]))
    )
    assert trained_again(container, request(resume=True)) == {"BBB": 2}
    assert set(data.loads.values()) == {1}  # looked at and trained on, read once
    assert trained_again(container, request(resume=True, epochs=3)) == {"AAA": 2, "BBB": 3, "CCC": 2}
    assert trained_again(container, request(resume=True, seed=5)) == {"AAA": 3, "BBB": 4, "CCC": 3}


def test_an_override_of_one_symbol_makes_only_its_model_stale() -> None:
    trainer = SeenTrainer()
    container, plain = fakes(trainer=trainer), request(resume=True)
    overrides = {"symbols": {"BBB": {"indicators": {"rsi_14": {"period": 9}}}}}
    document = render(plain.strategy) | {"symbol_overrides": overrides}
    own = replace(plain, strategy=parse(document))
    assert trained_again(container, plain) == {"AAA": 1, "BBB": 1, "CCC": 1}
    assert trained_again(container, own) == {"BBB": 2}
    assert trained_again(container, own) == {}
    first, again = trainer.tasks[1], trainer.tasks[3]
    assert first.feature_ids == again.feature_ids
    assert first.train.inputs[:500].tobytes() != again.train.inputs[:500].tobytes()


def test_a_damaged_model_is_trained_again(folder: Path, tmp_path: Path) -> None:
    container = in_folder(folder, tmp_path)
    container.model_trainer.override(providers.Object(PriorTrainer()))
    run(container, request(resume=True))
    (tmp_path / "small" / "BBB_5m_v1" / "metrics.json").write_text("{}")
    assert trained_again(container, request(resume=True)) == {"BBB": 2}


def test_another_calendar_makes_a_model_stale() -> None:
    given = [bars(name) for name in SYMBOLS]
    container = fakes(MemoryRepository(given))
    run(container, request(resume=True))
    facts = SymbolCharacteristics("CCC", "forex", "OTC", "24/5", "UTC")
    container.data_repository.override(providers.Object(MemoryRepository(given, [facts])))
    assert trained_again(container, request(resume=True)) == {"CCC": 2}


def test_other_kernels_make_a_model_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    container = fakes()
    run(container, request())
    engineer = container.feature_engineer()
    kernels = engineer.kernels
    monkeypatch.setattr(type(engineer), "kernels", lambda _, features: dict.fromkeys(kernels(features), "other 9.9"))
    assert trained_again(container, request(resume=True)) == {"AAA": 2, "BBB": 2, "CCC": 2}
