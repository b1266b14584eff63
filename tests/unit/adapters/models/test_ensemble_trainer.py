"""What members of an ensemble are fitted to, and what is refused when one is brought back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from samples.fits import CLASSES, ensemble, mlp, task
from samples.fits import artifact_of as stored

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.ensemble.model import MemberModel
from ktrdr.adapters.models.ensemble.trainer import EnsembleTrainer
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, TrainingFailed
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.scaling import Scaler
from ktrdr.domain.training.settings import Member, TrainingSettings
from ktrdr.domain.training.watch import UNWATCHED, Watch


class Spy(PriorTrainer):
    """Remembers the tasks that it was given."""

    def __init__(self) -> None:
        self.tasks: list[FitTask] = []

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        return super().fit(task, watch)


def spied(given: FitTask) -> list[FitTask]:
    trainer, spy = EnsembleTrainer("cpu"), Spy()
    trainer._trainer = spy
    trainer.fit(given)
    return spy.tasks


def members(*found: Member, **combine: Any) -> FitTask:
    return task(model=ensemble(*found, **combine))


def test_a_member_reads_its_own_columns_scaled_alike() -> None:
    scaler = Scaler(np.arange(4.0), np.arange(1.0, 5.0))
    given = replace(members(method="voting"), scaler=scaler)
    wide, narrow = spied(given)
    assert wide.train.inputs is given.train.inputs
    assert narrow.feature_ids == ("f0", "f2")
    assert np.array_equal(narrow.train.inputs, given.train.inputs[:, [0, 2]])
    assert narrow.scaler is not None
    assert narrow.scaler.centre.tolist() == [0, 2]
    assert narrow.scaler.scale.tolist() == [1, 3]


def test_parts_that_share_a_matrix_share_its_copy() -> None:
    given = members(method="voting")
    ends = np.arange(150, 200)
    given = replace(given, validation=Rows(given.train.inputs, given.train.targets[ends], ends))
    _, narrow = spied(given)
    assert narrow.validation.inputs is narrow.train.inputs


def test_seeds_are_counted_from_that_of_the_fit() -> None:
    assert [found.settings.seed for found in spied(members(method="voting"))] == [0, 1]
    assert [found.settings.seed for found in spied(task(model=ensemble(method="voting"), seed=5))] == [5, 6]


def test_a_member_is_fitted_to_the_rows_of_its_symbol() -> None:
    one = Member("one", mlp(), TrainingSettings(epochs=1), symbol="BBB")
    given = members(one, method="voting")
    symbols = (np.arange(200) >= 120).astype(np.int32)
    given = replace(
        given,
        train=replace(given.train, symbols=symbols),
        validation=replace(given.validation, symbols=np.ones(60, np.int32)),
        symbols=("AAA", "BBB"),
    )
    (own,) = spied(given)
    assert own.train.ends is not None
    assert own.train.ends.tolist() == list(range(120, 200))
    with pytest.raises(TrainingFailed, match="member one: is fitted to BBB, which has no train rows here"):
        spied(replace(given, symbols=("AAA", "CCC")))


def test_class_weights_of_a_member_are_taken_back_from_its_probabilities() -> None:
    settings = TrainingSettings(epochs=1, class_weights="balanced")
    given = members(Member("one", mlp(), settings), method="voting", prior=False)
    (own,) = spied(given)
    counts = np.bincount(given.train.targets, minlength=3)
    assert own.class_weights is not None
    np.testing.assert_allclose(own.class_weights, 200 / (3 * counts))
    model = EnsembleTrainer("cpu").fit(given)
    member = model.members["one"]
    assert isinstance(member, MemberModel)
    raw = member.inner.predict(given.train.inputs) - np.log(own.class_weights)
    np.testing.assert_allclose(softmax(model.predict(given.train.inputs)), softmax(raw), atol=1e-12)


def test_no_member_that_is_forecast_by_was_fitted_to_an_overlapping_label() -> None:
    given = members(method="stacking", folds=3)
    rng = np.random.default_rng(1)
    known_at = rng.integers(0, 60, 200)
    train = replace(given.train, known_at=known_at, label_end=known_at + rng.integers(0, 9, 200))
    tasks = spied(replace(given, train=train))
    assert len(tasks) == given.model.fits == 8
    ordered = np.sort(known_at)
    starts = [ordered[200 * number // 4] for number in (1, 2, 3)]
    for number, start in enumerate(starts):
        for found in tasks[2 * number : 2 * number + 2]:
            assert found.train.label_end is not None
            assert (found.train.label_end < start).all()
            assert len(found.train.targets) == int((train.label_end < start).sum())
    assert all(len(found.train.targets) == 200 for found in tasks[6:])


def test_stacking_needs_moments() -> None:
    given = members(method="stacking")
    with pytest.raises(InvalidInput, match="from when each train row, and its label, is known"):
        spied(replace(given, train=replace(given.train, known_at=None)))


def test_an_error_of_a_member_names_it() -> None:
    given = members(Member("one", mlp(batch_norm=True), TrainingSettings(epochs=1, batch_size=1)), method="voting")
    with pytest.raises(InvalidInput, match="member one: "):
        TableTrainer("cpu").fit(given)


def test_inputs_that_are_none_are_refused() -> None:
    given = members(Member("one", mlp(), TrainingSettings(), ("f9",)), method="voting")
    with pytest.raises(InvalidInput, match="member one: f9 are none of the features"):
        TableTrainer("cpu").fit(given)


def test_what_a_member_refuses_of_a_piece_of_the_train_rows_is_said_of_the_piece() -> None:
    class NeedsAll(Spy):
        def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
            raise TrainingFailed(f"too few: {len(task.train.targets)}")

    trainer = EnsembleTrainer("cpu")
    trainer._trainer = NeedsAll()
    with pytest.raises(TrainingFailed) as caught:
        trainer.fit(members(method="stacking", folds=2))
    number = str(caught.value).split()[-1]
    assert str(caught.value) == f"member wide, on the first {number} train rows, for stacking: too few: {number}"


GIVEN = members(method="blending")
MODEL = TableTrainer("cpu").fit(GIVEN)
ARTIFACT = stored(MODEL, GIVEN)


def with_numbers(**changes: Any) -> Artifact:
    numbers = load(ARTIFACT.blobs["model.safetensors"]) | changes
    kept = {name: value for name, value in numbers.items() if value is not None}
    return replace(ARTIFACT, blobs={**ARTIFACT.blobs, "model.safetensors": save(kept)})


def with_model(**changes: Any) -> Artifact:
    model = {**ARTIFACT.manifest.model, **changes}
    return replace(ARTIFACT, manifest=replace(ARTIFACT.manifest, model=model))


def with_member(**changes: Any) -> Artifact:
    written = ARTIFACT.manifest.model["members"]
    return with_model(members=[{**written[0], **changes}, *written[1:]])


def without(name: str) -> Artifact:
    return replace(ARTIFACT, blobs={key: blob for key, blob in ARTIFACT.blobs.items() if key != name})


ODD = {
    "shares do not sum to 1": with_numbers(shares=np.array([0.5, 0.5, 0.5])),
    "a share below 0": with_numbers(shares=np.array([1.5, -0.5, 0.0])),
    "too few shares": with_numbers(shares=np.array([0.5, 0.5])),
    "shares of another type": with_numbers(shares=np.array([1, 0, 0])),
    "no shares": with_numbers(shares=None),
    "further numbers": with_numbers(other=np.ones(1)),
    "prior is none": with_numbers(prior=np.array([0.5, 0.6, 0.1])),
    "no prior": with_numbers(prior=None),
    "class weights are no numbers": with_numbers(log_class_weights=np.full((2, 3), np.nan)),
    "class weights of other shape": with_numbers(log_class_weights=np.zeros((3, 3))),
    "no weights of a member": without("narrow.model.safetensors"),
    "a file of no member": replace(ARTIFACT, blobs={**ARTIFACT.blobs, "thief.model.safetensors": b""}),
    "members are no list": with_model(members=5),
    "a member is none": with_model(members=["wide"]),
    "no members": with_model(members=[]),
    "a member of another name": with_member(name="tall"),
    "a member without a name": with_member(name=""),
    "a name that is a path": with_member(name="../x"),
    "a name that is taken": with_member(name="class_shares"),
    "two of one name": with_member(name="narrow"),
    "a member of members": with_member(type="ensemble", architecture=dict(GIVEN.model.architecture)),
    "an unknown type": with_member(type="mpl"),
    "another architecture": with_member(architecture={"hidden_layers": [9]}),
    "inputs that are none": with_member(input_features=["f9"]),
    "inputs twice": with_member(input_features=["f0", "f0"]),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_ensemble_is_refused(name: str) -> None:
    with pytest.raises(CorruptArtifact):
        TableTrainer("cpu").restore(ODD[name])


def test_three_hundred_mutants_are_refused_or_predict() -> None:
    rng = np.random.default_rng(5)
    names = sorted(name for name in ARTIFACT.blobs if name != "history.json")
    refused = 0
    for number in range(300):
        name = names[number % len(names)]
        blob = bytearray(ARTIFACT.blobs[name])
        for place in rng.integers(0, min(len(blob), 400), rng.integers(1, 4)):
            blob[place] = rng.integers(0, 256)
        cut = bytes(blob[: rng.integers(0, len(blob))]) if number % 5 == 0 else bytes(blob)
        try:
            found = TableTrainer("cpu").restore(replace(ARTIFACT, blobs={**ARTIFACT.blobs, name: cut}))
        except CorruptArtifact:
            refused += 1
            continue
        assert found.predict(GIVEN.validation.inputs[:3]).shape == (3, len(CLASSES.classes))
    assert refused > 100
