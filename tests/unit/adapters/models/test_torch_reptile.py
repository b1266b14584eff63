"""Reptile: against the algorithm written out on a linear model, and as the other fits keep their promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from samples.fits import NO_STOPPING, VALUE, mlp, rows, task
from samples.watches import Recorder

import ktrdr.adapters.models.torch.reptile as module
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import Reptile

TRAINER = TorchTrainer("cpu")
LINEAR = mlp(hidden_layers=[])


def several(counts: tuple[int, ...] = (90, 40, 70), *, own: Reptile | None = None, **settings: Any) -> FitTask:
    """Tasks one after the other, whose targets lean on other inputs."""
    given = task(sum(counts), **settings)
    groups = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    return replace(
        given,
        train=replace(given.train, groups=groups),
        settings=replace(given.settings, reptile=own or Reptile(inner_steps=3, outer_rate=0.7)),
    )


def by_hand(weights: np.ndarray, given: FitTask, visits: np.ndarray, per_epoch: int) -> np.ndarray:
    """Nichol et al. (2018), algorithm 1, of a linear model with a squared error and gradient descent."""
    settings, inputs = given.settings, given.train.inputs.astype(np.float64)
    own, rate, size = settings.reptile, settings.learning_rate, settings.batch_size
    design, targets = np.column_stack([inputs, np.ones(len(inputs))]), given.train.targets.astype(np.float64)
    total = len(visits)
    for number, visit in enumerate(visits):
        fast = weights.copy()
        for step in range(own.inner_steps):
            batch = visit[step * size : (step + 1) * size]
            fast -= rate * 2 * design[batch].T @ (design[batch] @ fast - targets[batch]) / size
        weights = weights + own.outer_rate * (1 - number / total) * (fast - weights)
    assert total == per_epoch * settings.epochs
    return weights


def flat(state: Any) -> np.ndarray:
    arrays = load(state["model.safetensors"])
    (bias,) = (value for name, value in arrays.items() if name.endswith("bias"))
    (weight,) = (value for name, value in arrays.items() if name.endswith("weight"))
    return np.append(weight.reshape(-1), bias).astype(np.float64)


def test_the_start_moves_as_the_algorithm_says(monkeypatch: pytest.MonkeyPatch) -> None:
    given = several(
        target=VALUE, model=LINEAR, optimizer="sgd", learning_rate=0.05, batch_size=8, epochs=2, gradient_clip=0.0,
        early_stopping=NO_STOPPING,
    )  # fmt: skip
    drawn: list[np.ndarray] = []
    visits_of = module.ReptileLoop.visits
    starts: list[np.ndarray] = []

    def seen(loop: module.ReptileLoop) -> Any:
        found = visits_of(loop)
        starts.append(np.concatenate([value.detach().numpy().reshape(-1) for value in loop.network.parameters()]))
        drawn.append(found.numpy().reshape(-1, loop.visit))
        return found

    monkeypatch.setattr(module.ReptileLoop, "visits", seen)
    fitted = flat(TRAINER.fit(given).state())
    expected = by_hand(starts[0].astype(np.float64), given, np.concatenate(drawn), len(drawn[0]))
    np.testing.assert_allclose(fitted, expected, rtol=1e-4, atol=1e-6)


def test_an_epoch_visits_all_tasks_equally_often_each_with_rows_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given = several((200, 40, 60), batch_size=8, epochs=1)
    drawn: list[np.ndarray] = []
    visits_of = module.ReptileLoop.visits

    def seen(loop: module.ReptileLoop) -> Any:
        found = visits_of(loop)
        drawn.append(found.numpy().reshape(loop.rounds, len(loop.tasks), loop.visit))
        return found

    monkeypatch.setattr(module.ReptileLoop, "visits", seen)
    TRAINER.fit(given)
    (visits,) = drawn
    assert visits.size == round(300 / (3 * 24)) * 3 * 24
    owner = given.train.groups[visits]
    assert (owner == owner[:, :, :1]).all()
    assert all(sorted(turn) == [0, 1, 2] for turn in owner[:, :, 0].tolist())
    assert len({tuple(turn) for turn in owner[:, :, 0].tolist()}) > 1
    for place, count in enumerate((200, 40, 60)):
        times = np.bincount(visits[owner == place])
        assert np.ptp(times[times > 0]) <= 1
        assert (times > 0).sum() == min(count, (owner == place).sum())


@pytest.mark.parametrize("model", [mlp(dropout=0.4), mlp(batch_norm=True)], ids=["dropout", "batch norm"])
@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop"])
def test_a_fit_that_goes_on_from_any_epoch_ends_in_the_same_bytes(model: Any, optimizer: str) -> None:
    given = several(model=model, optimizer=optimizer, epochs=4)
    watch = Recorder()
    whole = TRAINER.fit(given, watch)
    assert TRAINER.fit(given).state() == whole.state()
    assert len(watch.seen) == len(whole.history.epochs)
    for state in watch.states:
        resumed = TRAINER.fit(given, Recorder(state=state))
        assert resumed.state() == whole.state()
        assert resumed.history == whole.history


def test_the_validation_loss_is_that_of_the_start_itself() -> None:
    given = several(epochs=3, early_stopping=NO_STOPPING)
    model = TRAINER.fit(given)
    logits = model.predict(given.validation.inputs)
    shifted = logits - logits.max(1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(shifted)), given.validation.targets]
    assert model.history.epochs[-1].val_loss == pytest.approx(losses.mean(), rel=1e-5)


def test_few_steps_from_a_learned_start_fit_a_new_task_better_than_from_random_weights() -> None:
    """Tasks that share one part and differ in the sign of another."""
    rng = np.random.default_rng(5)

    def made(sign: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        inputs = rng.normal(size=(n, 4)).astype(np.float32)
        return inputs, (np.abs(inputs[:, 1]) * sign + np.sin(2 * inputs[:, 0])).astype(np.float32)

    blocks = [made(sign, 300) for sign in (1.0, -1.0, 0.8, -0.8, 0.6, -0.6)]
    base = task(model=mlp(hidden_layers=[24]), target=VALUE, epochs=60, batch_size=16, early_stopping=NO_STOPPING)
    base = replace(base, settings=replace(base.settings, learning_rate=0.01))
    inputs, targets = (np.concatenate(part) for part in zip(*blocks, strict=True))
    train = replace(base.train, inputs=inputs, targets=targets, groups=np.repeat(np.arange(6), 300).astype(np.int32))
    learned = replace(base, train=train, settings=replace(base.settings, reptile=Reptile(8, 0.5)))
    starts = {
        "learned": TRAINER.fit(learned).state(),
        "random": None,
    }
    few, test = made(0.9, 60), made(0.9, 500)
    losses = {}
    for name, start in starts.items():
        own = replace(base.train, inputs=few[0], targets=few[1], groups=None)
        short = replace(base, train=own, initial=start, settings=replace(base.settings, epochs=3))
        losses[name] = float(((TRAINER.fit(short).predict(test[0]) - test[1]) ** 2).mean())
    assert losses["learned"] < 0.6 * losses["random"]


def test_rows_without_groups_are_one_task() -> None:
    given = replace(several(), train=rows(200, 4, 1))
    assert TRAINER.fit(given).history.epochs
