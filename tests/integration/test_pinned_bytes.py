"""Trainings give the bytes that they gave when they were pinned: weights, metrics, reports and manifests.

A failure here means that users who train again get another model. Where that is meant, pin anew as
``tests/golden/README.md`` says, and say it in the changelog.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from dependency_injector import providers
from pinned import PINS_ANEW, TOLERANCE, Pin, differences, machine, pin_of, read_pin, write_pin
from samples.documents import changed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.report.html import ReportingStorage
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import IMPORTANCE, Artifact
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.container import Container, make_container

ONE, TWO, THREE, FOUR = SYMBOLS = ["ONE_STOCK", "TWO_STOCK", "THREE_CRYPTO", "FOUR_STOCK"]
MARKET = repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=900)
Trained = tuple[Artifact, tuple[str, ...]]


def document(**parts: Any) -> dict[str, Any]:
    """Return the small document of symbol ONE with a raw input, and keys of its parts replaced."""
    written = changed("training_data", {"symbols": ONE, "timeframes": "5m", "history_required": 50})
    written["indicators"]["roc_a"] = {"type": "roc"}
    written["nn_inputs"].append({"raw_indicator": "roc_a", "normalization": "zscore"})
    written["training"] |= {"epochs": 3, "batch_size": 64, "learning_rate": 0.01}
    for name, values in parts.items():
        written[name] = values if isinstance(values, list) else written.get(name, {}) | values
    return written


def learnable() -> dict[str, Any]:
    written = document(nn_inputs=[{"fuzzy_set": "macd"}, {"fuzzy_set": "rsi"}])
    written["fuzzy_sets"]["rsi"] |= {"learnable": True, "high": {"type": "gaussian", "parameters": [70, 10]}}
    written["model"]["features"] = {"lookback_periods": 2}
    return written


def regression() -> dict[str, Any]:
    costs = {"output_format": "regression", "cost_model": {"round_trip_cost": 0.0003, "min_edge_multiplier": 2.0}}
    written = document(training={"labels": {"source": "forward_return", "horizon": 6}, "loss": "huber"})
    written["model"]["architecture"] = {"hidden_layers": [8, 4], "dropout": 0.2}
    return written | {"decisions": costs}


def weighted() -> dict[str, Any]:
    labels = {"source": "triple_barrier", "max_holding_period": 12, "compute_weights": True, "cusum_multiplier": 1.0}
    written = document(training={"labels": labels, "class_weights": "balanced"})
    written["training"]["data_split"] |= {"embargo_bars": 5}
    return written


def windows() -> dict[str, Any]:
    architecture = {"seq_length": 8, "hidden_size": 4, "num_layers": 1, "attention": True}
    return document() | {"model": {"type": "LSTM", "architecture": architecture}}


def several(written: dict[str, Any], *symbols: str) -> dict[str, Any]:
    return changed("training_data.symbols", list(symbols), written)


def train(container: Container, written: dict[str, Any], **options: Any) -> dict[str | None, Trained]:
    """Return what a training published, by symbol; None for a universal model."""
    result = container.training_orchestrator().execute(TrainingRequest(parse(written), **options))
    assert not result.failures, result.failures
    storage = container.model_storage()
    found = [(storage.load(model.stored.reference), (*model.notes, *model.warnings)) for model in result.models]
    return {artifact.manifest.symbol: (artifact, said) for artifact, said in found}


def new_container() -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MARKET))
    container.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    container.model_storage.override(providers.Object(ReportingStorage(MemoryStorage())))
    return container


def single(written: Callable[[], dict[str, Any]], **options: Any) -> Trained:
    return train(new_container(), written(), **options)[ONE]


def initialised() -> Trained:
    container = new_container()
    train(container, several(document(), ONE, TWO), mode=Mode.UNIVERSAL, importance=False)
    return train(container, document(training={"initialise": "from universal"}), importance=False)[ONE]


def pooled() -> Trained:
    return train(new_container(), several(document(), ONE, TWO, THREE), mode=Mode.UNIVERSAL, hold_out=(FOUR,))[None]


CASES: dict[str, Callable[[], Trained]] = {
    "mlp": lambda: single(document, seeds=2),
    "lstm": lambda: single(windows, importance=False),
    "learnable": lambda: single(learnable),
    "regression": lambda: single(regression),
    "triple_barrier_weights": lambda: single(weighted),
    "initialised": initialised,
    "universal": pooled,
}


@cache
def trained(name: str) -> Trained:
    return CASES[name]()


def check(name: str, pin: Pin) -> None:
    """Compare with what is pinned, to the byte where this machine has hashes of its own."""
    stored = read_pin(name)
    exact = stored["machines"].get(machine())
    tolerance = TOLERANCE if exact is None else 0.0
    changes = list(differences(stored["document"], pin.document, tolerance=tolerance))
    changes += differences(exact or {}, pin.hashes, "SHA-256") if exact else ()
    if PINS_ANEW:
        write_pin(name, pin)
        return
    assert not changes, "\n".join(changes)
    if exact is None:
        pytest.skip(f"equal to {TOLERANCE:g}; no bytes are pinned for {machine()}")


@pytest.mark.parametrize("name", CASES)
def test_a_training_gives_its_pinned_bytes(name: str) -> None:
    check(name, pin_of(*trained(name)))


def test_the_importance_of_windows_is_pinned_by_itself() -> None:
    artifact, said = single(windows)
    whole, without = pin_of(artifact, said), pin_of(*trained("lstm"))
    apart = {IMPORTANCE, "report.html"}
    assert whole.document == without.document
    assert [name for name in whole.hashes if whole.hashes[name] != without.hashes[name]] == sorted(apart)
    hashes = {name: whole.hashes[name] for name in sorted(apart)}
    ranked = {key: value for key, value in artifact.document(IMPORTANCE).items() if key != "contributions"}
    check("lstm_importance", Pin({"features": ranked}, hashes))


def test_many_symbols_one_by_one_give_the_bytes_of_each_alone() -> None:
    both = train(new_container(), several(document(), ONE, TWO), mode=Mode.MULTI, seeds=2)
    assert set(both) == {ONE, TWO}
    assert dict(both[ONE][0].blobs) == dict(trained("mlp")[0].blobs)
    assert pin_of(*both[ONE]) == pin_of(*trained("mlp"))
