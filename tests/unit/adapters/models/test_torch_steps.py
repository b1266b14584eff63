"""A network with a head a step, against networks of one step each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from samples.fits import CLASSES, NO_STOPPING, VALUE, mlp, rows, task, window_spec
from samples.watches import Recorder

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask

STEPS = (1, 5, 20)
TRAINER = TorchTrainer("cpu")
PLAIN: dict[str, Any] = {
    "optimizer": "sgd",
    "batch_size": 1000,
    "gradient_clip": 0.0,
    "epochs": 4,
    "early_stopping": NO_STOPPING,
}
LINEAR = mlp(hidden_layers=[])


def alone(given: FitTask, place: int, initial: bytes) -> FitTask:
    """The task of one head: the rows that have a target of its step, and its share of the learning rate."""

    def own(part: Any) -> Any:
        has = part.weights[:, place] > 0
        ends = np.arange(len(part.targets)) if part.ends is None else part.ends
        weights = part.weights[has, place]
        return replace(part, targets=part.targets[has, place], ends=ends[has], weights=weights)

    settings = replace(given.settings, learning_rate=given.settings.learning_rate / len(STEPS))
    weights = None if given.class_weights is None else given.class_weights[place]
    return replace(
        given,
        train=own(given.train),
        validation=own(given.validation),
        settings=settings,
        class_weights=weights,
        initial={"model.safetensors": initial},
        steps=(),
        step=0,
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("target", [CLASSES, VALUE], ids=["classes", "values"])
def test_each_head_learns_what_a_network_of_its_step_would(target: Target, weighted: bool) -> None:
    given = task(model=LINEAR, target=target, steps=STEPS, learning_rate=0.3, **PLAIN)
    if weighted and target is CLASSES:
        given = replace(given, class_weights=np.array([[1, 2, 3], [3, 1, 1], [0.5, 1, 2]], dtype=np.float64))
    if weighted:
        drawn = np.random.default_rng(0).uniform(0.5, 2, given.train.targets.shape).astype(np.float32)
        given = replace(given, train=replace(given.train, weights=given.train.weights * drawn))
    width = len(target.classes) or 1
    generator = np.random.default_rng(1)
    start = {
        "layers.0.weight": generator.normal(size=(3 * width, 4)).astype(np.float32),
        "layers.0.bias": generator.normal(size=3 * width).astype(np.float32),
    }
    together = TRAINER.fit(replace(given, initial={"model.safetensors": save(start)}))
    inputs, losses = rows(50, seed=3).inputs, []
    for place, step in enumerate(STEPS):
        heads = {name: values[place * width : (place + 1) * width] for name, values in start.items()}
        model = TRAINER.fit(alone(given, place, save(heads)))
        np.testing.assert_allclose(together.at_step(step).predict(inputs), model.predict(inputs), atol=2e-5)
        losses.append(model.history.epochs[-1].val_loss)
    assert together.history.epochs[-1].val_loss == pytest.approx(np.mean(losses), rel=1e-4)


def test_accuracy_is_that_of_the_own_step_where_it_has_a_target() -> None:
    given = task(model=mlp(), steps=STEPS, epochs=2, early_stopping=NO_STOPPING)
    model = TRAINER.fit(replace(given, step=5))
    outputs, has = model.predict(given.validation.inputs), given.validation.weights[:, 1] > 0
    hits = outputs.argmax(axis=1) == given.validation.targets[:, 1]
    assert not has.all()
    assert model.history.epochs[-1].val_accuracy == pytest.approx(hits[has].mean())


@pytest.mark.parametrize("model", [mlp(), window_spec("gru")], ids=["rows", "windows"])
def test_targets_of_rows_that_a_step_has_not_change_nothing(model: Any) -> None:
    given = task(model=model, steps=STEPS)
    touched = np.where(given.train.weights > 0, given.train.targets, 2 - given.train.targets)
    assert not np.array_equal(touched, given.train.targets)
    other = replace(given, train=replace(given.train, targets=touched))
    assert TRAINER.fit(given).state() == TRAINER.fit(other).state()


def test_contributions_add_up_to_the_outputs_of_each_step() -> None:
    model = TRAINER.fit(task(model=mlp(), steps=STEPS))
    inputs = rows(5, seed=3).inputs
    for step in STEPS:
        one = model.at_step(step)
        found = one.contributions(inputs)
        assert found is not None
        np.testing.assert_allclose(found.outputs, one.predict(inputs), atol=1e-5)


def test_heads_are_one_file_and_other_steps_are_refused() -> None:
    model = TRAINER.fit(task(model=LINEAR, steps=STEPS))
    assert load(model.state()["model.safetensors"])["layers.0.weight"].shape == (9, 4)
    with pytest.raises(InvalidInput, match="forecasts no step 2; steps: 1, 5, 20"):
        model.at_step(2)


def test_targets_without_weights_or_of_other_steps_are_refused() -> None:
    given = task(model=mlp(), steps=STEPS)
    for wrong in (replace(given.train, weights=None), replace(given.train, targets=given.train.targets[:, :2])):
        with pytest.raises(InvalidInput, match="with steps one of each, and a weight"):
            TRAINER.fit(replace(given, train=wrong))


@pytest.mark.parametrize("own", [{"loss_at": "last", "chunk": 60}, {"loss_at": "every", "chunk": 9}], ids=str)
def test_fit_of_steps_goes_on_to_the_same_bytes(own: dict[str, Any]) -> None:
    given = task(model=window_spec("gru", dropout=0.2), steps=STEPS, own=own)
    groups = np.repeat([0, 1], [50, len(given.train.targets) - 50]).astype(np.int32)
    given = replace(given, train=replace(given.train, groups=groups))
    watch = Recorder()
    whole = TRAINER.fit(given, watch)
    assert len(watch.states) == 3
    for state in watch.states:
        assert TRAINER.fit(given, Recorder(state=state)).state() == whole.state()
    with pytest.raises(InvalidInput, match="another fit"):
        TRAINER.fit(replace(given, step=1), Recorder(state=watch.states[0]))
