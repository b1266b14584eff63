"""Every sentence of the ModelTrainer port and of FittedModel, over every adapter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from samples.fits import CLASSES, SPECS, VALUE, artifact_of, mlp, rows, task, window_spec

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import ModelSpec

ADAPTERS: dict[str, Callable[[], ModelTrainer]] = {"memory": PriorTrainer, "torch": lambda: TorchTrainer("cpu")}
MODELS = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
TARGETS = pytest.mark.parametrize("target", [CLASSES, VALUE], ids=["classes", "value"])


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS.keys())
def trainer(request: pytest.FixtureRequest) -> ModelTrainer:
    return request.param()


@TARGETS
@MODELS
def test_model_names_its_features_in_order_and_predicts_raw_outputs(
    trainer: ModelTrainer, target: Target, spec: ModelSpec
) -> None:
    model = trainer.fit(task(target=target, model=spec))
    assert model.feature_ids == ("f0", "f1", "f2", "f3")
    assert model.window == (5 if spec.reads_windows else 1)
    outputs = model.predict(rows(7).inputs)
    n_samples = 7 - model.window + 1
    assert outputs.dtype == np.float64
    assert outputs.shape == ((n_samples, 3) if target.is_classification else (n_samples,))
    assert np.isfinite(outputs).all()


@TARGETS
@MODELS
@pytest.mark.parametrize("n_rows", [0, 4])
def test_no_rows_or_too_few_give_no_outputs(
    trainer: ModelTrainer, target: Target, spec: ModelSpec, n_rows: int
) -> None:
    n_samples = 0 if spec.reads_windows else n_rows
    outputs = trainer.fit(task(target=target, model=spec)).predict(np.zeros((n_rows, 4), dtype=np.float32))
    assert outputs.shape == ((n_samples, 3) if target.is_classification else (n_samples,))


@MODELS
def test_ends_choose_the_rows_that_are_predicted(trainer: ModelTrainer, spec: ModelSpec) -> None:
    model = trainer.fit(task(model=spec))
    inputs, first = rows(40).inputs, model.window - 1
    ends = np.array([39, first, 12, 12], dtype=np.int64)
    assert np.array_equal(model.predict(inputs, ends), model.predict(inputs)[ends - first])
    assert model.predict(inputs, ends[:0]).shape == (0, 3)


@MODELS
@pytest.mark.parametrize("end", ["too early", 40])
def test_ends_without_a_whole_window_are_refused(trainer: ModelTrainer, spec: ModelSpec, end: object) -> None:
    model = trainer.fit(task(model=spec))
    row = model.window - 2 if end == "too early" else 40
    with pytest.raises(InvalidInput, match="ends must be rows"):
        model.predict(rows(40).inputs, np.array([20, row], dtype=np.int64))


@MODELS
def test_samples_of_weight_zero_do_not_count_and_equal_weights_change_nothing(
    trainer: ModelTrainer, spec: ModelSpec
) -> None:
    given = task(model=spec)
    plain, n = trainer.fit(given), len(given.train.targets)
    weighted = trainer.fit(replace(given, train=replace(given.train, weights=np.ones(n, dtype=np.float32))))
    inputs = rows(40).inputs
    np.testing.assert_allclose(weighted.predict(inputs), plain.predict(inputs), atol=1e-5)
    kept = np.arange(n) % 3 > 0
    ends = np.arange(n) if given.train.ends is None else given.train.ends
    halved = replace(given.train, weights=np.where(kept, 1.5, 0).astype(np.float32))
    cut = replace(given.train, ends=ends[kept], targets=given.train.targets[kept])
    by_weight, by_hand = (trainer.fit(replace(given, train=part)) for part in (halved, cut))
    tolerance = 0.02 if isinstance(trainer, PriorTrainer) else 1e-5  # the prior adds one row to each class
    np.testing.assert_allclose(by_weight.predict(inputs), by_hand.predict(inputs), atol=tolerance)
    assert not np.allclose(by_weight.predict(inputs), plain.predict(inputs), atol=1e-4)


@TARGETS
def test_outputs_are_better_than_equal_shares_or_zero(trainer: ModelTrainer, target: Target) -> None:
    given = task(target=target, epochs=10, learning_rate=0.01)
    shifted = given.train.targets * 0 if target.is_classification else given.train.targets + np.float32(3)
    given = replace(given, train=replace(given.train, targets=shifted))
    outputs = trainer.fit(given).predict(given.train.inputs)
    if target.is_classification:
        assert (outputs.argmax(axis=1) == 0).mean() > 0.9
    else:
        assert np.abs(outputs - shifted).mean() < 3


@TARGETS
@pytest.mark.parametrize(
    "spec", [window_spec("lstm", attention=True, num_layers=2), window_spec("gru"), window_spec("transformer")]
)
def test_window_does_not_depend_on_the_other_rows_to_the_last_bit(
    trainer: ModelTrainer, target: Target, spec: ModelSpec
) -> None:
    model = trainer.fit(task(target=target, model=spec))
    inputs = rows(120, seed=9).inputs
    whole = model.predict(inputs)
    alone = [model.predict(inputs[end - 4 : end + 1]) for end in range(4, 120, 7)]
    assert np.array_equal(np.concatenate(alone), whole[::7])
    assert np.array_equal(model.predict(inputs, np.arange(119, 3, -1)), whole[::-1])
    assert np.array_equal(model.predict(np.asfortranarray(inputs)), whole)


@TARGETS
def test_row_does_not_depend_on_the_other_rows_to_the_last_bit(trainer: ModelTrainer, target: Target) -> None:
    model = trainer.fit(task(target=target))
    inputs = rows(500, seed=9).inputs
    whole = model.predict(inputs)
    assert np.array_equal(np.concatenate([model.predict(inputs[i : i + 1]) for i in range(0, 500, 7)]), whole[::7])
    assert np.array_equal(model.predict(inputs[::-1]), whole[::-1])
    assert np.array_equal(model.predict(np.asfortranarray(inputs)), whole)


@pytest.mark.parametrize("shape", [(5, 3), (5, 5), (4,), (1, 4, 1)])
def test_other_number_of_columns_is_refused(trainer: ModelTrainer, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="4 features"):
        trainer.fit(task()).predict(np.zeros(shape, dtype=np.float32))


@TARGETS
@MODELS
def test_equal_tasks_give_equal_bytes(trainer: ModelTrainer, target: Target, spec: ModelSpec) -> None:
    with_dropout = replace(spec, architecture={**spec.architecture, "dropout": 0.3})
    first, second = (trainer.fit(task(target=target, model=with_dropout)) for _ in range(2))
    assert first.state() == second.state()
    assert set(first.state()) == {"model.safetensors"}
    assert first.history == second.history


@TARGETS
@pytest.mark.parametrize("spec", [mlp(hidden_layers=[7, 5], batch_norm=True), *SPECS.values()])
def test_restored_model_predicts_the_same_bytes_and_is_stored_as_the_same_bytes(
    trainer: ModelTrainer, target: Target, spec: ModelSpec
) -> None:
    given = task(target=target, model=spec)
    model = trainer.fit(given)
    restored = trainer.restore(artifact_of(model, given))
    inputs = rows(300, seed=4).inputs
    assert restored.predict(inputs).tobytes() == model.predict(inputs).tobytes()
    assert restored.state() == model.state()
    assert restored.feature_ids == model.feature_ids
    assert restored.history == model.history
    assert restored.window == model.window


def test_artifact_without_history_restores_with_an_empty_one(trainer: ModelTrainer) -> None:
    given = task()
    stored = artifact_of(trainer.fit(given), given)
    restored = trainer.restore(Artifact(stored.manifest, {"model.safetensors": stored.blobs["model.safetensors"]}))
    assert restored.history.epochs == ()


def test_provenance_is_text(trainer: ModelTrainer) -> None:
    provenance = trainer.fit(task()).provenance()
    assert all(isinstance(text, str) for item in provenance.items() for text in item)


def test_unknown_model_type_is_refused_with_the_nearest(trainer: ModelTrainer) -> None:
    with pytest.raises(InvalidInput, match=r"'mpl' is not known.*did you mean 'mlp'"):
        trainer.fit(replace(task(), model=ModelSpec("mpl", {})))


def _without(name: str) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, blobs={key: blob for key, blob in stored.blobs.items() if key != name})


def _blob(name: str, content: bytes) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, blobs={**stored.blobs, name: content})


def _manifest(**changes: object) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, manifest=replace(stored.manifest, **changes))


MODEL = {"type": "mlp", "architecture": {}, "input_features": ["f0", "f1", "f2", "f3"]}
TARGET = {"kind": "classification", "classes": ["a", "b", "c"], "actions": ["buy", "hold", "sell"], "unit": ""}
ODD = {
    "no weights": _without("model.safetensors"),
    "empty weights": _blob("model.safetensors", b""),
    "pickle as weights": _blob("model.safetensors", b"\x80\x04cos\nsystem\n(S'true'\ntR."),
    "absurd header length": _blob("model.safetensors", b"\xff" * 8 + b"{}"),
    "history is not JSON": _blob("history.json", b"{"),
    "history is too deep": _blob("history.json", b"[" * 100_000),
    "history is a list": _blob("history.json", b"[]"),
    "history lacks keys": _blob("history.json", b'{"epochs": []}'),
    "no model type": _manifest(model={}),
    "inputs are no list": _manifest(model=MODEL | {"input_features": "f0"}),
    "inputs repeat": _manifest(model=MODEL | {"input_features": ["f0"] * 4}),
    "no inputs": _manifest(model=MODEL | {"input_features": []}),
    "other number of classes": _manifest(
        target=TARGET | {"classes": ["a", "b"], "actions": ["buy", "sell"]},
    ),
    "actions missing": _manifest(target=TARGET | {"actions": []}),
    "length is no integer": _manifest(model=MODEL | {"architecture": {"sequence_length": "5"}}),
    "unknown kind": _manifest(target=TARGET | {"kind": "ranking"}),
    "target is empty": _manifest(target={}),
}


@pytest.mark.parametrize("spoil", ODD.values(), ids=ODD.keys())
def test_artifact_that_does_not_fit_is_refused(trainer: ModelTrainer, spoil: Callable[[Artifact], Artifact]) -> None:
    given = task()
    stored = artifact_of(trainer.fit(given), given)
    with pytest.raises(CorruptArtifact):
        trainer.restore(spoil(stored))


def test_every_flipped_byte_of_the_weights_is_refused_or_a_number_changed(trainer: ModelTrainer) -> None:
    given: FitTask = task()
    stored = artifact_of(trainer.fit(given), given)
    blob = stored.blobs["model.safetensors"]
    for position in range(0, len(blob), 3):
        spoiled = bytearray(blob)
        spoiled[position] ^= 0xFF
        try:
            model = trainer.restore(_blob("model.safetensors", bytes(spoiled))(stored))
        except CorruptArtifact:
            continue
        assert model.predict(given.train.inputs[:1]).shape == (1, 3)
