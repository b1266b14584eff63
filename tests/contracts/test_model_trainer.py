"""Every sentence of the ModelTrainer port and of FittedModel, over every adapter and type, by what each can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.fits import CLASSES, SPECS, TYPES, VALUE, artifact_of, mlp, rows, task
from samples.fitted import TARGETS, TRAINERS, fitted, task_of, trainer_of
from samples.watches import Onlooker, Recorder, raises

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models import MODELS
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, Pruned, TrainingInterrupted
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.settings import ModelSpec

ADAPTERS = list(TRAINERS)
NAMES = {spec.type: name for name, spec in SPECS.items()}
"""A specification of each type."""
VOTES = {name for name, spec in SPECS.items() if spec.architecture.get("vote") == "hard"}
"""Of classes alone."""
KINDS = [
    (name, kind)
    for name, spec in SPECS.items()
    for kind in TARGETS
    if kind in spec.kind.losses and not (kind == "regression" and name in VOTES)
]
CLASSIFIERS = [name for name, kind in KINDS if kind == "classification"]
MOMENTS = ("known_at", "label_end")
FITS = pytest.mark.parametrize(("spec", "kind"), KINDS, ids=[f"{name}: {kind}" for name, kind in KINDS])
BY_TYPE = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


def test_every_type_has_a_trainer_and_a_specification() -> None:
    assert list(MODELS) == list(MODEL_TYPES)
    assert TYPES.keys() == MODEL_TYPES.keys()


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def trainer(adapter: str) -> ModelTrainer:
    return trainer_of(adapter)


def n_outputs(kind: str, n_samples: int) -> tuple[int, ...]:
    return (n_samples, 3) if kind == "classification" else (n_samples,)


# --- predicting -------------------------------------------------------------------------------------------------------


@FITS
def test_model_names_its_features_in_order_and_predicts_raw_outputs(adapter: str, spec: str, kind: str) -> None:
    model = fitted(adapter, spec, kind)
    assert model.feature_ids == ("f0", "f1", "f2", "f3")
    assert model.window == SPECS[spec].window
    n_rows = model.window + 6
    outputs = model.predict(rows(n_rows).inputs)
    assert outputs.dtype == np.float64
    assert outputs.shape == n_outputs(kind, 7)
    assert np.isfinite(outputs).all()


@FITS
def test_no_rows_or_too_few_give_no_outputs(adapter: str, spec: str, kind: str) -> None:
    model = fitted(adapter, spec, kind)
    for n_rows in (0, model.window - 1):
        assert model.predict(np.zeros((n_rows, 4), dtype=np.float32)).shape == n_outputs(kind, 0)


@FITS
def test_ends_choose_the_rows_that_are_predicted(adapter: str, spec: str, kind: str) -> None:
    model = fitted(adapter, spec, kind)
    first = model.window - 1
    inputs = rows(first + 40).inputs
    ends = np.array([first + 39, first, first + 8, first + 8], dtype=np.int64)
    assert np.array_equal(model.predict(inputs, ends), model.predict(inputs)[ends - first])
    assert model.predict(inputs, ends[:0]).shape == n_outputs(kind, 0)


@BY_TYPE
def test_ends_without_a_whole_window_are_refused(adapter: str, name: str) -> None:
    model = fitted(adapter, name)
    for row in (model.window - 2, 40):
        with pytest.raises(InvalidInput, match="ends must be rows"):
            model.predict(rows(40).inputs, np.array([model.window, row], dtype=np.int64))


@FITS
def test_sample_does_not_depend_on_the_others_to_the_last_bit(adapter: str, spec: str, kind: str) -> None:
    model = fitted(adapter, spec, kind)
    first, n = model.window - 1, 500 if model.window == 1 else 120
    inputs = rows(n, seed=9).inputs
    whole = model.predict(inputs)
    alone = [model.predict(inputs[end - first : end + 1]) for end in range(first, n, 7)]
    assert np.array_equal(np.concatenate(alone), whole[::7])
    assert np.array_equal(model.predict(inputs, np.arange(n - 1, first - 1, -1)), whole[::-1])
    assert np.array_equal(model.predict(np.asfortranarray(inputs)), whole)


@BY_TYPE
@pytest.mark.parametrize("shape", [(5, 3), (5, 5), (4,), (1, 4, 1)])
def test_other_number_of_columns_is_refused(adapter: str, name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInput, match="4 features"):
        fitted(adapter, name).predict(np.zeros(shape, dtype=np.float32))


@pytest.mark.parametrize("target", [CLASSES, VALUE], ids=["classes", "value"])
def test_outputs_are_better_than_equal_shares_or_zero(trainer: ModelTrainer, target: Any) -> None:
    given = task(target=target, epochs=10, learning_rate=0.01)
    shifted = given.train.targets * 0 if target.is_classification else given.train.targets + np.float32(3)
    given = replace(given, train=replace(given.train, targets=shifted))
    outputs = trainer.fit(given).predict(given.train.inputs)
    if target.is_classification:
        assert (outputs.argmax(axis=1) == 0).mean() > 0.9
    else:
        assert np.abs(outputs - shifted).mean() < 3


# --- fitting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_samples_of_weight_zero_do_not_count_and_equal_weights_change_nothing(
    adapter: str, trainer: ModelTrainer, name: str
) -> None:
    given, plain = task_of(name), fitted(adapter, name)
    n, own = len(given.train.targets), given.train.weights
    whole = np.ones(given.train.targets.shape, dtype=np.float32) if own is None else own
    weighted = trainer.fit(replace(given, train=replace(given.train, weights=whole)))
    inputs = rows(40 + plain.window).inputs
    np.testing.assert_allclose(weighted.predict(inputs), plain.predict(inputs), atol=1e-5)
    kept = np.arange(n) % 3 > 0
    ends = np.arange(n) if given.train.ends is None else given.train.ends
    halved = replace(given.train, weights=(whole.T * np.where(kept, 1.5, 0)).T.astype(np.float32))
    when = {name: None if (found := getattr(given.train, name)) is None else found[kept] for name in MOMENTS}
    when["weights"] = None if own is None else own[kept]
    cut = replace(given.train, ends=ends[kept], targets=given.train.targets[kept], **when)
    by_weight, by_hand = (trainer.fit(replace(given, train=part)) for part in (halved, cut))
    tolerance = 0.02 if isinstance(trainer, PriorTrainer) else 1e-5  # the prior adds one row to each class
    np.testing.assert_allclose(by_weight.predict(inputs), by_hand.predict(inputs), atol=tolerance)
    assert not np.allclose(by_weight.predict(inputs), plain.predict(inputs), atol=1e-4)


@FITS
def test_equal_tasks_give_equal_bytes(trainer: ModelTrainer, spec: str, kind: str) -> None:
    given = task_of(spec, kind)
    wild = {"dropout": 0.3} if "dropout" in given.model.architecture else {}
    model = replace(given.model, architecture={**given.model.architecture, **wild})
    first, second = (trainer.fit(replace(given, model=model)) for _ in range(2))
    assert first.state() == second.state()
    assert {name.rpartition(".")[2] for name in first.state()} <= {"safetensors", "json"}
    assert first.history == second.history


@BY_TYPE
def test_provenance_is_text(adapter: str, name: str) -> None:
    assert all(isinstance(text, str) for item in fitted(adapter, name).provenance().items() for text in item)


def test_unknown_model_type_is_refused_with_the_nearest(trainer: ModelTrainer) -> None:
    with pytest.raises(InvalidInput, match=r"'mpl' is not known.*did you mean 'mlp'"):
        trainer.fit(replace(task(), model=ModelSpec("mpl", {})))


@BY_TYPE
def test_memberships_are_tuned_by_those_that_can(adapter: str, trainer: ModelTrainer, name: str) -> None:
    peak = Fuzzified(0, Membership("triangular", (-1.0, 0.0, 1.0)), ("set", "peak"))
    given = replace(task_of(name), fuzzify=(peak, Fuzzified(1), Fuzzified(2), Fuzzified(3)))
    if adapter == "memory":
        assert not trainer.fit(given).tuned
    elif SPECS[name].kind.learns_sets:
        assert set(trainer.fit(given).tuned) == {("set", "peak")}
    else:
        with pytest.raises(InvalidInput, match="can not tune fuzzy sets"):
            trainer.fit(given)


@BY_TYPE
def test_given_weights_are_begun_with_by_those_that_can(adapter: str, trainer: ModelTrainer, name: str) -> None:
    given = replace(task_of(name), initial=fitted(adapter, name).state())
    if adapter == "memory":
        assert trainer.fit(given).state() == fitted(adapter, name).state()
    elif SPECS[name].kind.can_begin:
        assert trainer.fit(given).state() != fitted(adapter, name).state()
    else:
        with pytest.raises(InvalidInput, match="can not begin with given weights"):
            trainer.fit(given)


# --- watching ---------------------------------------------------------------------------------------------------------


@BY_TYPE
def test_watch_hears_of_every_epoch_and_changes_nothing(adapter: str, trainer: ModelTrainer, name: str) -> None:
    watch = Onlooker()
    model = trainer.fit(task_of(name), watch)
    members = [epoch for member in model.members.values() for epoch in member.history.epochs]
    whole = (*members, *model.history.epochs)  # a member may be fitted to folds before
    heard = watch.seen[len(watch.seen) - len(whole) :] if members else watch.seen
    assert [replace(epoch, number=0) for epoch, _ in heard] == [replace(epoch, number=0) for epoch in whole]
    assert [epoch.number for epoch, _ in watch.seen] == list(range(1, len(watch.seen) + 1))
    assert all(planned >= len(watch.seen) for _, planned in watch.seen)
    assert model.state() == fitted(adapter, name).state()
    assert watch.states == []


@BY_TYPE
def test_fit_goes_on_from_what_was_kept_to_the_same_bytes(adapter: str, trainer: ModelTrainer, name: str) -> None:
    watch, whole = Recorder(), fitted(adapter, name)
    assert trainer.fit(task_of(name), watch).state() == whole.state()
    assert len(watch.states) in {0, len(watch.seen)}
    for state in watch.states:
        resumed = trainer.fit(task_of(name), Recorder(state=state))
        assert resumed.state() == whole.state()
        assert resumed.history == whole.history
        other = replace(task_of(name), settings=replace(task_of(name).settings, seed=9))
        with pytest.raises(InvalidInput, match="another fit"):
            trainer.fit(other, Recorder(state=state))


@BY_TYPE
@pytest.mark.parametrize(
    ("error", "family"), [(Pruned("given up"), Pruned), (KeyboardInterrupt(), TrainingInterrupted)], ids=str
)
def test_watch_ends_a_fit_and_a_stop_is_said(
    adapter: str, trainer: ModelTrainer, name: str, error: BaseException, family: type[Exception]
) -> None:
    watch = Onlooker(raises(error, 1))
    model = fitted(adapter, name)
    if model.history.epochs or any(member.history.epochs for member in model.members.values()):
        with pytest.raises(family):
            trainer.fit(task_of(name), watch)
    else:
        assert trainer.fit(task_of(name), watch).state() == fitted(adapter, name).state()


# --- restoring --------------------------------------------------------------------------------------------------------


def stored_of(adapter: str, name: str, kind: str = "") -> Artifact:
    return artifact_of(fitted(adapter, name, kind), task_of(name, kind))


def assert_restored(model: FittedModel, given: FitTask, trainer: ModelTrainer) -> None:
    restored = trainer.restore(artifact_of(model, given))
    inputs = rows(300, seed=4).inputs
    assert restored.predict(inputs).tobytes() == model.predict(inputs).tobytes()
    assert restored.state() == model.state()
    assert restored.feature_ids == model.feature_ids
    assert restored.history == model.history
    assert restored.window == model.window


@FITS
def test_restored_model_predicts_the_same_bytes_and_is_stored_as_the_same_bytes(
    adapter: str, trainer: ModelTrainer, spec: str, kind: str
) -> None:
    assert_restored(fitted(adapter, spec, kind), task_of(spec, kind), trainer)


def test_restored_batch_norm_predicts_the_same_bytes(trainer: ModelTrainer) -> None:
    given = task(model=mlp(hidden_layers=[7, 5], batch_norm=True))
    assert_restored(trainer.fit(given), given, trainer)


@BY_TYPE
def test_artifact_without_history_restores_with_an_empty_one(adapter: str, trainer: ModelTrainer, name: str) -> None:
    restored = trainer.restore(_without("history.json")(stored_of(adapter, name)))
    assert restored.history.epochs == ()


def _without(name: str) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, blobs={key: blob for key, blob in stored.blobs.items() if key != name})


def _blob(name: str, content: bytes) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, blobs={**stored.blobs, name: content})


def _manifest(**changes: object) -> Callable[[Artifact], Artifact]:
    return lambda stored: replace(stored, manifest=replace(stored.manifest, **changes))


def _model(**changes: object) -> Callable[[Artifact], Artifact]:
    return lambda stored: _manifest(model={**stored.manifest.model, **changes})(stored)


def _architecture(**changes: object) -> Callable[[Artifact], Artifact]:
    return lambda stored: _model(architecture={**stored.manifest.model["architecture"], **changes})(stored)


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
    "no model": _manifest(model={}),
    "unknown type": _model(type="mpl"),
    "type is no text": _model(type=["mlp"]),
    "no architecture": _model(architecture=None),
    "architecture is a list": _model(architecture=[]),
    "key of no type": _architecture(surprise=1),
    "inputs are no list": _model(input_features="f0"),
    "inputs repeat": _model(input_features=["f0"] * 4),
    "no inputs": _model(input_features=[]),
    "other number of classes": _manifest(
        target=TARGET | {"classes": ["a", "b"], "actions": ["buy", "sell"]},
    ),
    "actions missing": _manifest(target=TARGET | {"actions": []}),
    "unknown kind": _manifest(target=TARGET | {"kind": "ranking"}),
    "target is empty": _manifest(target={}),
}


@BY_TYPE
@pytest.mark.parametrize("spoil", ODD.values(), ids=ODD.keys())
def test_artifact_that_does_not_fit_is_refused(
    adapter: str, trainer: ModelTrainer, name: str, spoil: Callable[[Artifact], Artifact]
) -> None:
    with pytest.raises(CorruptArtifact):
        trainer.restore(spoil(stored_of(adapter, name)))


@BY_TYPE
def test_odd_parameter_of_the_architecture_is_refused(adapter: str, trainer: ModelTrainer, name: str) -> None:
    for parameter in SPECS[name].kind.parameters:
        rest = {key: value for key, value in SPECS[name].architecture.items() if key != parameter.name}
        idle = SPECS[name].kind.idle(SPECS[name].architecture)
        if parameter.name not in idle and not parameter.silent:  # documents leave these out
            with pytest.raises(CorruptArtifact, match=parameter.name):
                trainer.restore(_model(architecture=rest)(stored_of(adapter, name)))
        with pytest.raises(CorruptArtifact, match=parameter.name):
            trainer.restore(_architecture(**{parameter.name: {"odd": 1}})(stored_of(adapter, name)))


@BY_TYPE
def test_every_flipped_byte_of_the_weights_is_refused_or_a_number_changed(
    adapter: str, trainer: ModelTrainer, name: str
) -> None:
    stored, inputs = stored_of(adapter, name), rows(40).inputs
    blob = stored.blobs["model.safetensors"]
    for position in np.linspace(0, len(blob) - 1, min(len(blob), 100)).astype(int):
        spoiled = bytearray(blob)
        spoiled[position] ^= 0xFF
        try:
            model = trainer.restore(_blob("model.safetensors", bytes(spoiled))(stored))
        except CorruptArtifact:
            continue
        assert model.predict(inputs).shape[0] == 41 - model.window
