"""Several watches as one, nobody watching, and which fit a kept state belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from samples.fits import VALUE, mlp, task
from samples.watches import Onlooker, Recorder, raises

from ktrdr.domain.errors import Pruned, TrainingFailed
from ktrdr.domain.training.checkpoints import task_digest
from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import UNWATCHED, both
from ktrdr.domain.training.work import Work

EPOCH = Epoch(1, 0.5, 0.6, None, 0.001, 1.0)


def test_nobody_watching_wants_nothing_and_has_kept_nothing() -> None:
    UNWATCHED.epoch(EPOCH, 3)
    UNWATCHED.keep(b"state")
    assert UNWATCHED.kept() is None
    assert not UNWATCHED.keeps
    assert both().kept() is None
    assert not both(UNWATCHED, both()).keeps


def test_both_tell_all_and_keep_with_those_that_want_it() -> None:
    keeper, onlooker = Recorder(), Onlooker()
    watch = both(onlooker, UNWATCHED, keeper)
    watch.epoch(EPOCH, 3)
    assert watch.keeps
    watch.keep(b"state")
    assert onlooker.seen == keeper.seen == [(EPOCH, 3)]
    assert (keeper.states, onlooker.states) == ([b"state"], [])


def test_both_of_onlookers_want_nothing_and_one_alone_is_itself() -> None:
    onlooker = Onlooker()
    assert not both(onlooker, Onlooker()).keeps
    assert both(UNWATCHED, onlooker) is onlooker


def test_first_state_that_was_kept_is_the_one_to_go_on_from() -> None:
    assert both(Recorder(), Recorder(state=b"first"), Recorder(state=b"second")).kept() == b"first"


def test_a_watch_that_prunes_ends_it_for_all() -> None:
    after = Recorder()
    with pytest.raises(Pruned):
        both(Recorder(raises(Pruned("others promise more"), 1)), after).epoch(EPOCH, 3)
    assert after.seen == []
    assert issubclass(Pruned, TrainingFailed)


def _flipped(given: FitTask) -> FitTask:
    inputs = given.validation.inputs.copy()
    inputs[-1, -1] = np.nextafter(inputs[-1, -1], np.float32(9))
    return replace(given, validation=replace(given.validation, inputs=inputs))


OTHERS: dict[str, Callable[[FitTask], FitTask]] = {
    "last bit of a validation row": _flipped,
    "seed": lambda given: replace(given, settings=replace(given.settings, seed=1)),
    "architecture": lambda given: replace(given, model=mlp(hidden_layers=[9])),
    "order of features": lambda given: replace(given, feature_ids=given.feature_ids[::-1]),
    "target": lambda given: replace(given, target=VALUE),
    "class weights": lambda given: replace(given, class_weights=np.array([1.0, 2.0, 1.0])),
    "beginning": lambda given: replace(given, initial={"model.safetensors": b"weights"}),
    "weights": lambda given: replace(
        given, train=replace(given.train, weights=np.ones(len(given.train.targets), np.float32))
    ),
    "groups": lambda given: replace(
        given, train=replace(given.train, groups=np.zeros(len(given.train.targets), np.int32))
    ),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS.keys())
def test_all_that_decides_a_fit_is_in_its_digest(change: Callable[[FitTask], FitTask]) -> None:
    assert task_digest(change(task())) != task_digest(task())


def test_who_a_fit_is_and_how_its_rows_lie_in_memory_are_not() -> None:
    given = task()
    moved = replace(given.train, inputs=np.asfortranarray(given.train.inputs))
    same = replace(given, train=moved, work=Work("s", ("A", "B"), "universal", 3, fold=1))
    assert task_digest(same) == task_digest(given)
