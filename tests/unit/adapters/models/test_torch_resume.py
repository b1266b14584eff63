"""A fit that was interrupted and goes on from what was kept gives the bytes of one that was not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from safetensors.torch import save as torch_save
from samples.fits import CLASSES, NO_STOPPING, SETTINGS, SPECS, VALUE, mlp, rows, task
from samples.watches import Recorder, raises

from ktrdr.adapters.models import MODELS
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput, Pruned, TrainingInterrupted
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import EarlyStopping, Scheduler

TRAINER = TorchTrainer("cpu")
PLATEAU = Scheduler("reduce_on_plateau", patience=0)


def _grouped() -> FitTask:
    given = task(model=mlp(dropout=0.4), epochs=6)
    n = len(given.train.targets)
    weights = np.random.default_rng(3).uniform(0, 2, n).astype(np.float32)
    groups = np.repeat([0, 1], [n // 3, n - n // 3]).astype(np.int32)
    return replace(given, train=replace(given.train, weights=weights, groups=groups))


def _learnable() -> FitTask:
    given = task(n_inputs=2, epochs=6)
    peak = Membership("triangular", (-1.0, 0.0, 1.0))
    return replace(given, fuzzify=(Fuzzified(0, peak, ("set", "peak")), Fuzzified(1)))


TASKS: dict[str, Callable[[], FitTask]] = {
    **{
        name: lambda name=name, spec=spec: task(model=_wild(spec), epochs=6, **SETTINGS.get(name, {}))
        for name, spec in SPECS.items()
        if MODELS[spec.type] == MODELS["mlp"]
    },
    "batch norm": lambda: task(model=mlp(batch_norm=True, dropout=0.4), epochs=6),
    "value": lambda: task(target=VALUE, model=mlp(dropout=0.4), epochs=6),
    "groups and weights": _grouped,
    "learnable sets": _learnable,
    "all epochs kept": lambda: task(epochs=6, early_stopping=NO_STOPPING),
    "plateau": lambda: task(epochs=6, learning_rate=0.3, lr_scheduler=PLATEAU),
    "cosine": lambda: task(epochs=6, lr_scheduler=Scheduler("cosine")),
    "accuracy watched": lambda: task(epochs=9, early_stopping=EarlyStopping(patience=2, monitor="val_accuracy")),
    "stopped early": lambda: task(epochs=30, learning_rate=0.3, early_stopping=EarlyStopping(patience=4)),
    **{name: lambda name=name: task(epochs=6, optimizer=name) for name in ("adamw", "sgd", "rmsprop")},
}


def _wild(spec: Any) -> Any:
    return replace(spec, architecture={**spec.architecture, "dropout": 0.4})


@pytest.mark.parametrize("make", TASKS.values(), ids=TASKS.keys())
def test_fit_goes_on_to_the_same_bytes_after_any_epoch(make: Callable[[], FitTask]) -> None:
    given = make()
    whole = TRAINER.fit(given)
    watch = Recorder()
    watched = TRAINER.fit(given, watch)
    assert watched.state() == whole.state()
    assert len(watch.states) == len(watch.seen) == len(whole.history.epochs)
    for number, state in enumerate(watch.states, start=1):
        rest = Recorder(state=state)
        resumed = TRAINER.fit(given, rest)
        assert resumed.state() == whole.state()
        assert resumed.history == whole.history
        assert [epoch.number for epoch, _ in rest.seen] == list(range(number + 1, len(whole.history.epochs) + 1))
        assert rest.states == watch.states[number:]


def test_fit_goes_on_after_it_was_stopped_whatever_was_drawn_meanwhile() -> None:
    given = task(model=mlp(dropout=0.4), epochs=5)
    stopped = Recorder(raises(KeyboardInterrupt(), 3))
    with pytest.raises(TrainingInterrupted, match="after epoch 3 of 5"):
        TRAINER.fit(given, stopped)
    assert len(stopped.states) == 2
    torch.manual_seed(99)
    before = torch.get_rng_state()
    resumed = TRAINER.fit(given, Recorder(state=stopped.states[-1]))
    assert torch.equal(torch.get_rng_state(), before)
    assert resumed.state() == TRAINER.fit(given).state()


def test_a_watch_gives_a_fit_up() -> None:
    state = torch.get_rng_state()
    watch = Recorder(raises(Pruned("others promise more"), 2))
    with pytest.raises(Pruned, match="others promise more"):
        TRAINER.fit(task(epochs=9), watch)
    assert [epoch.number for epoch, _ in watch.seen] == [1, 2]
    assert torch.equal(torch.get_rng_state(), state)


def _kept() -> bytes:
    watch = Recorder()
    TRAINER.fit(task(), watch)
    return watch.states[0]


def _resealed(state: bytes) -> bytes:
    return hashlib.sha256(state).digest() + state


def _rewritten(state: bytes, **arrays: np.ndarray) -> bytes:
    return _resealed(state[32:64] + save(load(state[64:]) | arrays))


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda state: b"",
    "cut": lambda state: state[:-1],
    "a bit": lambda state: state[:500] + bytes([state[500] ^ 1]) + state[501:],
    "pickle": lambda state: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "forged: no tensors": lambda state: _resealed(state[32:64]),
    "forged: header": lambda state: _resealed(state[32:64] + b"\xff" * 8 + state[72:]),
    "forged: other history": lambda state: _resealed(state[32:].replace(b'"epochs"', b'"epoch5"')),
    "forged: other names": lambda state: _resealed(state[32:].replace(b"best.weights", b"best.weightz")),
    "forged: other types": lambda state: _resealed(state[32:].replace(b'"F32"', b'"I32"')),
    "forged: random state": lambda state: _rewritten(state, **{"random.cpu": np.full(5056, 255, np.uint8)}),
    "forged: shuffler": lambda state: _rewritten(state, **{"random.shuffler": np.full(5056, 255, np.uint8)}),
    "forged: a type that numpy has not": lambda state: _resealed(
        state[32:64] + torch_save({"weights": torch.zeros(2, dtype=torch.bfloat16)})
    ),
    "forged: a shape": lambda state: _rewritten(state, weights=np.zeros(3, np.float32)),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_state_is_refused(damage: Callable[[bytes], bytes]) -> None:
    state = _kept()
    assert damage(state) != state
    with pytest.raises(InvalidInput):
        TRAINER.fit(task(), Recorder(state=damage(state)))


def test_state_of_another_fit_is_refused() -> None:
    other = replace(task(), train=rows(200, 4, 9, CLASSES))
    with pytest.raises(InvalidInput, match="of another fit"):
        TRAINER.fit(other, Recorder(state=_kept()))
