"""Boosting: the bits of the libraries from arrays alone, whatever the threads; weights, stopping, small rows."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from samples.boosted import BOTH, GROWERS, ROUNDS, TARGETS, boosting_task, fitted_by, native_outputs
from samples.fits import CLASSES, VALUE, rows

from ktrdr.domain.errors import InvalidInput, TrainingFailed
from ktrdr.domain.training.settings import EarlyStopping, ModelSpec

BY_NAME = pytest.mark.parametrize("name", GROWERS)
WEIGHTS = "model.safetensors"


@BY_NAME
@pytest.mark.parametrize("target", TARGETS)
def test_outputs_are_the_librarys_own_to_the_bit(name: str, target: str) -> None:
    given = boosting_task(name, TARGETS[target])
    inputs = np.concatenate([given.train.inputs, rows(300, 8, 4).inputs])
    inputs[::7] = np.nan
    inputs[5::11, 6] = np.nan
    outputs, native = fitted_by(name, given).predict(inputs), native_outputs(name, given, inputs)
    if TARGETS[target] is BOTH:
        assert np.array_equal(outputs, native * np.array([-0.5, 0.5]))
    else:
        assert np.array_equal(outputs.reshape(native.shape), native)


@BY_NAME
@pytest.mark.parametrize("n_threads", [2, 8])
def test_bytes_are_the_same_for_any_number_of_threads(name: str, n_threads: int) -> None:
    given = boosting_task(name, CLASSES)
    assert fitted_by(name, given, n_threads).state() == fitted_by(name, given).state()


@BY_NAME
def test_another_process_gives_the_same_bytes(name: str) -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from hashlib import sha256\n"
        "from samples.boosted import CLASSES, boosting_task, fitted_by\n"
        f"print(sha256(fitted_by({name!r}, boosting_task({name!r}, CLASSES)).state()[{WEIGHTS!r}]).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == sha256(fitted_by(name, boosting_task(name, CLASSES)).state()[WEIGHTS]).hexdigest()


@BY_NAME
def test_best_round_is_kept_and_the_losses_are_those_of_the_model(name: str) -> None:
    stopping = EarlyStopping(True, 5, 0.0)
    given = boosting_task(name, CLASSES, learning_rate=1.0, early_stopping=stopping)
    model = fitted_by(name, given)
    history, losses = model.history, [epoch.val_loss for epoch in model.history.epochs]
    assert history.ended_by == "early_stopping"
    assert len(losses) == history.best_epoch + 5 < ROUNDS
    assert history.best_epoch == int(np.argmin(losses)) + 1
    assert len(model.trees.root) == 3 * history.best_epoch
    outputs = model.predict(given.validation.inputs)
    shares = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    chosen = shares[np.arange(len(shares)), given.validation.targets]
    best = history.epochs[history.best_epoch - 1]
    assert best.val_loss == pytest.approx(-np.log(chosen).mean(), rel=1e-5)
    assert best.val_accuracy == (outputs.argmax(axis=1) == given.validation.targets).mean()


@BY_NAME
@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_losses_of_values_are_those_of_the_model(name: str, loss: str) -> None:
    given = boosting_task(name, VALUE, loss=loss, huber_delta=0.5)
    if loss not in given.model.kind.losses["regression"]:
        pytest.skip("not a loss of this type")
    model = fitted_by(name, given)
    errors = np.abs(model.predict(given.validation.inputs) - given.validation.targets)
    huber = np.where(errors <= 0.5, errors**2 / 2, 0.5 * (errors - 0.25))
    assert model.history.epochs[-1].val_loss == pytest.approx(
        (huber if loss == "huber" else errors**2).mean(), rel=1e-5
    )


@BY_NAME
def test_class_weights_move_the_shares_as_they_move_a_loss(name: str) -> None:
    given = boosting_task(name, BOTH)
    weights = np.array([1.0, 4.0])
    plain, weighted = (fitted_by(name, replace(given, class_weights=item)) for item in (None, weights))
    by_hand = replace(given, train=replace(given.train, weights=weights[given.train.targets].astype(np.float32)))
    inputs = given.train.inputs
    assert np.array_equal(fitted_by(name, by_hand).predict(inputs), weighted.predict(inputs))
    assert weighted.predict(inputs)[:, 1].mean() > plain.predict(inputs)[:, 1].mean()


@BY_NAME
def test_groups_have_equal_shares(name: str) -> None:
    given = boosting_task(name, BOTH)
    groups = (np.arange(900) >= 100).astype(np.int32)
    shares = np.where(groups == 0, 4.5, 0.5625).astype(np.float32)
    by_group = replace(given, train=replace(given.train, groups=groups))
    by_weight = replace(given, train=replace(given.train, weights=shares))
    assert fitted_by(name, by_group).state() == fitted_by(name, by_weight).state()


@BY_NAME
@pytest.mark.parametrize("kind", ["one class", "constant columns"])
def test_nothing_to_learn_gives_a_constant(name: str, kind: str) -> None:
    given = boosting_task(name, CLASSES)
    train = given.train
    train = (
        replace(train, targets=train.targets * 0)
        if kind == "one class"
        else replace(train, inputs=train.inputs * 0 + 1)
    )
    if kind == "constant columns":
        train = replace(train, inputs=np.ones_like(train.inputs))
    outputs = fitted_by(name, replace(given, train=train)).predict(given.validation.inputs)
    assert np.isfinite(outputs).all()
    assert (outputs == outputs[0]).all()


SMALL = {"lightgbm": ("min_rows_in_leaf", 400), "xgboost": ("min_child_weight", 200.0)}


@BY_NAME
def test_rows_too_few_for_a_single_split_are_refused_with_the_setting(name: str) -> None:
    setting, value = SMALL[name]
    given = boosting_task(name, CLASSES)
    model = ModelSpec(name, {**given.model.architecture, setting: value})
    with pytest.raises(
        TrainingFailed, match=f"{setting} {value:g} leaves no room for a single split in 900 train rows"
    ):
        fitted_by(name, replace(given, model=model))


@BY_NAME
def test_loss_that_is_not_finite_is_named(name: str) -> None:
    given = boosting_task(name, VALUE)
    spoiled = replace(given.validation, targets=np.full(60, np.nan, dtype=np.float32))
    with pytest.raises(TrainingFailed, match=r"broke down in round 1 of 25: .*validation loss nan"):
        fitted_by(name, replace(given, validation=spoiled))


@BY_NAME
def test_another_device_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="fitted on the CPU; allowed: auto, cpu"):
        GROWERS[name][0]("cuda").fit(boosting_task(name, VALUE))


@BY_NAME
@pytest.mark.parametrize("n_features", [2, 300])
def test_few_and_many_columns(name: str, n_features: int) -> None:
    given = boosting_task(name, VALUE)
    train, validation = rows(900, n_features, 1, VALUE), rows(60, n_features, 2, VALUE)
    ids: Any = tuple(f"f{place}" for place in range(n_features))
    model = fitted_by(name, replace(given, train=train, validation=validation, feature_ids=ids))
    assert np.corrcoef(model.predict(validation.inputs), validation.targets)[0, 1] > 0.3
