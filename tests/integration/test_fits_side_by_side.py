"""Fits do not touch each other, and each is counted: over one matrix, in any order, at once, one line a fit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_pool

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.journal.trials import TrialLog
from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch import samples
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import inference_of, task_of
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import TrainingFailed, TrainingInterrupted, Unavailable
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.pool.combining import combine
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ("ONE_CRYPTO", "SIM_CRYPTO", "TWO_CRYPTO")
MARKET = repository_of("simulated", (*SYMBOLS, "NEW_CRYPTO"), Timeframe("5m"), bars=700)
LSTM = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4, "num_layers": 1, "dropout": 0.1}}
MLP = {"type": "mlp", "architecture": {"hidden_layers": [8], "dropout": 0.2}}


def strategy(model: dict[str, Any] = MLP, **training: Any) -> Strategy:
    base = changed("training_data", {"symbols": list(SYMBOLS), "timeframes": "5m", "history_required": 50})
    base["indicators"]["roc_a"] = {"type": "roc"}
    base["nn_inputs"].append({"raw_indicator": "roc_a", "normalization": "zscore"})
    base["training"] |= {"epochs": 3, "batch_size": 64} | training
    return parse(base | {"model": model})


def pool_for(model: dict[str, Any]) -> Prepared:
    found = prepare_pool(MARKET, TalibFeatureEngineer(), strategy(model), SYMBOLS)
    found.pool.values.flags.writeable = False
    return found


def tasks(prepared: Prepared, model: dict[str, Any]) -> list[FitTask]:
    """Return fits of all symbols and of each alone, scaled each in its own way, over one matrix."""
    found = []
    for seed, symbols in enumerate((SYMBOLS, *((symbol,) for symbol in SYMBOLS))):
        train, held_out = (
            np.concatenate([prepared.own(symbol, part) for symbol in symbols]) for part in ("train", "validation")
        )
        combined = combine("concatenate", prepared.pool, train, seed)
        inference = inference_of(prepared, strategy(model), combined)
        found.append(task_of(prepared, strategy(model), inference, combined, held_out, seed))
    return found


@pytest.fixture(params=[0, 2**40], ids=["scaled when read", "a scaled copy"])
def scaling(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_COPIED_BYTES", request.param)


@pytest.mark.usefixtures("scaling")
@pytest.mark.parametrize("model", [MLP, LSTM], ids=["rows", "windows"])
def test_fits_at_once_over_one_matrix_give_the_bytes_of_each_alone(model: dict[str, Any]) -> None:
    prepared = pool_for(model)
    given = tasks(prepared, model)
    before = prepared.pool.values.copy()
    alone = [TorchTrainer("cpu").fit(task).state() for task in given]
    assert len({state["model.safetensors"] for state in alone}) == len(given)
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda task: TorchTrainer("cpu").fit(task).state(), given))
    backwards = [TorchTrainer("cpu").fit(task).state() for task in reversed(given)][::-1]
    assert at_once == alone == backwards
    np.testing.assert_array_equal(prepared.pool.values, before)


@pytest.mark.usefixtures("scaling")
def test_a_fit_over_a_shared_matrix_is_that_over_a_scaled_copy_of_its_rows() -> None:
    task = tasks(pool_for(MLP), MLP)[0]
    assert task.scaler is not None
    copied = [
        replace(rows, inputs=task.scaler.transform(rows.inputs[rows.ends]), ends=None)
        for rows in (task.train, task.validation)
    ]
    apart = replace(task, train=copied[0], validation=copied[1], scaler=None)
    assert TorchTrainer("cpu").fit(apart).state() == TorchTrainer("cpu").fit(task).state()


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path / "models")
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


def lines(container: Container) -> list[dict[str, Any]]:
    return list(TrialLog(container.settings().models_dir).read())


def train(container: Container, **options: Any) -> Any:
    request = TrainingRequest(strategy(), importance=False, **options)
    return container.training_orchestrator().execute(request).models[0]


def test_every_fit_of_a_pooled_training_is_a_line(container: Container) -> None:
    """Two seeds and the own models of the three symbols, one of them held out: five fits, five lines."""
    model = train(container, mode=Mode.UNIVERSAL, seeds=2, hold_out=("TWO_CRYPTO",))
    found = lines(container)
    assert [(line["role"], line["outcome"], line["symbols"]) for line in found] == [
        ("seed", "judged", ["ONE_CRYPTO", "SIM_CRYPTO"]),
        ("rival", "judged", ["ONE_CRYPTO"]),
        ("rival", "judged", ["SIM_CRYPTO"]),
        ("rival", "judged", ["TWO_CRYPTO"]),
        ("model", "published", ["ONE_CRYPTO", "SIM_CRYPTO"]),
    ]
    assert [{item["symbol"] for item in line["data"]} for line in found[1:4]] == [{name} for name in SYMBOLS]
    assert all(line["looked_at_test"] for line in found)
    assert {line["strategy"] for line in found} == {strategy().name}
    assert {line["mode"] for line in found} == {"universal"}
    assert len({line["fit"] for line in found}) == 5
    published = found[4]
    artifact = container.model_storage().load(model.stored.reference)
    assert (published["model"], published["manifest_sha256"]) == (
        model.stored.reference,
        artifact.manifest.manifest_sha256,
    )
    assert published["data"] == artifact.manifest.data
    assert published["metrics"] == artifact.manifest.training_metrics


def test_folds_over_symbols_are_counted_with_their_rivals(container: Container) -> None:
    train(container, mode=Mode.UNIVERSAL, symbol_folds=3)
    found = [(line["role"], line["fold"], line["outcome"]) for line in lines(container)]
    folds = [entry for number in range(3) for entry in (("rival", number, "judged"), ("fold", number, "judged"))]
    assert found == [*folds, ("model", None, "published")]


class BreaksOff(TorchTrainer):
    """Fits like torch, up to the given fit, which ends with an error."""

    def __init__(self, error: BaseException, number: int) -> None:
        super().__init__("cpu")
        self._error, self._left = error, number

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        self._left -= 1
        if not self._left:
            raise self._error
        return super().fit(task, watch)


@pytest.mark.parametrize(
    ("error", "outcome"), [(TrainingFailed("nan"), "failed"), (TrainingInterrupted("stopped"), "interrupted")]
)
def test_a_seed_that_breaks_off_is_counted_with_those_before(
    container: Container, error: Exception, outcome: str
) -> None:
    container.model_trainer.override(providers.Object(BreaksOff(error, 2)))
    with pytest.raises(type(error)):
        train(container, mode=Mode.UNIVERSAL, seeds=3)
    assert [(line["seed"], line["outcome"], line["looked_at_test"]) for line in lines(container)] == [
        (0, outcome, False),
        (1, outcome, False),
    ]
    assert container.model_storage().versions() == ()


class Full(MemoryStorage):
    def publish(self, *_: Any, **__: Any) -> Any:
        raise Unavailable("no room")


def test_what_cannot_be_published_is_counted_and_its_verdict_said(container: Container) -> None:
    container.model_storage.override(providers.Object(Full()))
    with pytest.raises(Unavailable, match=r"no room; it was judged: Too few independent blocks"):
        train(container, mode=Mode.UNIVERSAL)
    assert [(line["outcome"], line["looked_at_test"]) for line in lines(container)] == [("unpublished", True)]


def test_nothing_is_published_that_cannot_be_written_down(container: Container) -> None:
    folder = container.settings().models_dir
    folder.mkdir()
    (folder / "trials.jsonl").mkdir()
    with pytest.raises(Unavailable, match="cannot add a line"):
        train(container, mode=Mode.UNIVERSAL)
    assert container.model_storage().versions() == ()


def test_someone_else_may_keep_the_journal(container: Container) -> None:
    journal = MemoryJournal()
    container.journal.override(providers.Object(journal))
    train(container, mode=Mode.UNIVERSAL)
    ((outcome, facts),) = journal.runs[0].ends
    assert (outcome, facts["model"]) == ("published", container.model_storage().versions()[0].reference)
    assert lines(container) == []
