"""A symbol's own model that begins with the weights of the universal one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK"]
MARKET = repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=700)


class SeenTrainer(TorchTrainer):
    """Remembers the tasks that it was given."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.tasks: list[FitTask] = []

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        return super().fit(task, watch)


def document(**training: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": SYMBOLS, "timeframes": "5m", "history_required": 50})
    written["indicators"] = {**written["indicators"], "roc_a": {"type": "roc"}}
    written["nn_inputs"] = [*written["nn_inputs"], {"raw_indicator": "roc_a", "normalization": "zscore"}]
    written["training"] |= {"epochs": 2, "batch_size": 64} | training
    return written


@pytest.fixture
def container() -> Container:
    built = make_container()
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    built.model_trainer.override(providers.Object(SeenTrainer()))
    return built


def train(container: Container, written: dict[str, Any], mode: Mode) -> dict[str, Artifact]:
    request = TrainingRequest(parse(written), importance=False, mode=mode)
    result = container.training_orchestrator().execute(request)
    assert not result.failures, result.failures
    storage = container.model_storage()
    return {model.stored.reference: storage.load(model.stored.reference) for model in result.models}


def test_a_symbols_model_begins_with_the_weights_and_cuts_of_the_universal_one(container: Container) -> None:
    (universal,) = train(container, document(), Mode.UNIVERSAL).values()
    models = train(container, document(initialise="from universal"), Mode.MULTI)
    assert len(models) == 2
    tasks = container.model_trainer().tasks[1:]
    for task, artifact in zip(tasks, models.values(), strict=True):
        assert task.initial["model.safetensors"] == universal.blobs["model.safetensors"]
        manifest = artifact.manifest
        assert manifest.model["initialised_from"] == "small/universal_v1"
        assert manifest.split["cuts"] == universal.manifest.split["cuts"]
        assert manifest.inference["scaler"] == universal.manifest.inference["scaler"]
        assert artifact.blobs["model.safetensors"] != universal.blobs["model.safetensors"]
        for name in ("fitted_until", "selected_until", "judged_until"):
            assert from_iso(getattr(manifest, name)) >= from_iso(getattr(universal.manifest, name))


def test_without_a_step_the_weights_stay_those_of_the_universal_model(container: Container) -> None:
    (universal,) = train(container, document(), Mode.UNIVERSAL).values()
    still = document(initialise="from universal", learning_rate=1e-30, optimizer="sgd", epochs=1)
    for artifact in train(container, still, Mode.MULTI).values():
        assert artifact.blobs["model.safetensors"] == universal.blobs["model.safetensors"]


def test_the_rows_it_is_fitted_to_lie_before_the_common_cut(container: Container) -> None:
    (universal,) = train(container, document(), Mode.UNIVERSAL).values()
    cuts = [from_iso(cut) for cut in universal.manifest.split["cuts"]]
    for artifact in train(container, document(initialise="from universal"), Mode.MULTI).values():
        parts = artifact.manifest.split["parts"]
        assert from_iso(parts["train"]["last"]) < cuts[0] <= from_iso(parts["validation"]["first"])
        assert from_iso(parts["validation"]["last"]) < cuts[1] <= from_iso(parts["test"]["first"])


def test_symbols_with_values_of_their_own_begin_with_it_if_these_are_still_the_same(container: Container) -> None:
    own = {"ONE_STOCK": {"indicators": {"rsi_14": {"period": 9}}, "labels": {"label_lookahead": 6}}}
    train(container, document() | {"symbol_overrides": own}, Mode.UNIVERSAL)
    models = train(container, document(initialise="from universal") | {"symbol_overrides": own}, Mode.MULTI)
    periods = [artifact.manifest.indicators["rsi_14"]["period"] for artifact in models.values()]
    assert sorted(periods) == [9, 14]
    other = document(initialise="from universal") | {"symbol_overrides": {"stock": own["ONE_STOCK"]}}
    other["training_data"]["symbols"] = "ONE_STOCK"
    with pytest.raises(InvalidInput, match="its symbol_overrides are others"):
        train(container, other, Mode.SINGLE)


def test_there_must_be_a_universal_model_and_it_must_fit(container: Container) -> None:
    one = document(initialise="from universal")
    one["training_data"]["symbols"] = "ONE_STOCK"
    with pytest.raises(ModelNotFound, match="no universal model of 'small'"):
        train(container, one, Mode.SINGLE)
    train(container, document(), Mode.UNIVERSAL)
    wider = one | {"model": {"type": "mlp", "architecture": {"hidden_layers": [9]}}}
    with pytest.raises(InvalidInput, match="small/universal_v1 can not be begun with: its network"):
        train(container, wider, Mode.SINGLE)
    fewer = one | {"nn_inputs": one["nn_inputs"][:1]}
    with pytest.raises(InvalidInput, match="its features are"):
        train(container, fewer, Mode.SINGLE)
    other = {**one, "training": {**one["training"], "labels": {"source": "direction", "horizon": 3}}}
    with pytest.raises(InvalidInput, match="its labels are others"):
        train(container, other, Mode.SINGLE)
    longer = {**one, "indicators": {**one["indicators"], "roc_a": {"type": "roc", "period": 11}}}
    with pytest.raises(InvalidInput, match="parameters was"):
        train(container, longer, Mode.SINGLE)


@pytest.mark.parametrize("last", [160, 560])
def test_bars_that_end_before_the_universal_cuts_are_refused_with_the_moments(last: int, container: Container) -> None:
    (universal,) = train(container, document(), Mode.UNIVERSAL).values()
    bars = [MARKET.load(name, Timeframe("5m")).take(slice(0, last)) for name in SYMBOLS]
    container.data_repository.override(providers.Object(MemoryRepository(bars)))
    one = document(initialise="from universal")
    one["training_data"]["symbols"] = "ONE_STOCK"
    cuts, end = universal.manifest.split["cuts"], iso(bars[0].known_at[-1])
    moments = f"small/universal_v1 was cut at {cuts[0]} and {cuts[1]}; the bars go from .* to {end}: "
    with pytest.raises(InvalidInput, match=rf"{moments}\d+ rows in train, \d+ in validation, 0 in test; 10 are needed"):
        train(container, one, Mode.SINGLE)


def test_the_universal_model_itself_begins_at_random_and_says_so(container: Container) -> None:
    plain = train(container, document(), Mode.UNIVERSAL)
    request = TrainingRequest(parse(document(initialise="from universal")), importance=False, mode=Mode.UNIVERSAL)
    (model,) = container.training_orchestrator().execute(request).models
    again = container.model_storage().load(model.stored.reference)
    assert again.blobs["model.safetensors"] == next(iter(plain.values())).blobs["model.safetensors"]
    assert any("began at random" in note for note in model.notes)


def test_a_fit_refuses_weights_that_are_none_or_of_another_shape() -> None:
    from samples.fits import mlp, task

    given = task()
    with pytest.raises(InvalidInput, match="to begin with"):
        TorchTrainer("cpu").fit(replace(given, initial={}))
    other = TorchTrainer("cpu").fit(task(model=mlp(hidden_layers=[5])))
    with pytest.raises(InvalidInput, match="initial model"):
        TorchTrainer("cpu").fit(replace(given, initial=other.state()))


def test_fitting_on_goes_where_the_weights_were() -> None:
    from samples.fits import task

    first = TorchTrainer("cpu").fit(task(epochs=30))
    on = TorchTrainer("cpu").fit(replace(task(epochs=1), initial=first.state()))
    anew = TorchTrainer("cpu").fit(task(epochs=1))
    assert on.history.epochs[0].train_loss < anew.history.epochs[0].train_loss
    assert np.isfinite(on.predict(task().train.inputs)).all()
