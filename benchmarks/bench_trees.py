"""Gradient boosting as a ratio of processor time to the bare library in the same run, and the trees' own forward."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from statistics import median
from typing import Any

import lightgbm
import numpy as np
import pytest
import xgboost

from ktrdr.adapters.models.trees import lightgbm as by_lightgbm
from ktrdr.adapters.models.trees import xgboost as by_xgboost
from ktrdr.adapters.models.trees.trainer import TreesTrainer
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import EarlyStopping, ModelSpec, TrainingSettings

N_ROWS, N_VALIDATION, N_INPUTS, PATIENCE, TURNS = 15_000, 3_000, 30, 300, 5
CLASSES = ("buy", "hold", "sell")


def rows(n: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, N_INPUTS)).astype(np.float32)
    score = inputs[:, 0] + inputs[:, 1] * inputs[:, 2] + rng.normal(size=n)
    return Rows(inputs, np.digitize(score, [-0.5, 0.5]).astype(np.int64))


def task(name: str) -> FitTask:
    kind = MODEL_TYPES[name]
    shared = {item.name for item in fields(TrainingSettings)}
    own = {item.name: item.default for item in kind.settings if item.name not in shared}
    stopping = EarlyStopping(patience=PATIENCE, min_delta=0.0)
    settings = TrainingSettings(learning_rate=0.05, early_stopping=stopping, own=own)
    ids = tuple(f"f{place}" for place in range(N_INPUTS))
    target = Target("classification", CLASSES, CLASSES)
    return FitTask(rows(N_ROWS, 0), rows(N_VALIDATION, 1), ids, target, ModelSpec(name, kind.example), settings)


def bare_lightgbm(given: FitTask) -> None:
    parameters = by_lightgbm._parameters(given, 1) | {"metric": "multi_logloss"}
    data = lightgbm.Dataset(given.train.inputs, given.train.targets, params=parameters)
    validation = data.create_valid(given.validation.inputs, given.validation.targets, params=parameters)
    stop = lightgbm.early_stopping(PATIENCE, verbose=False)
    lightgbm.train(parameters, data, given.settings.own["rounds"], valid_sets=[validation], callbacks=[stop])


def bare_xgboost(given: FitTask) -> None:
    parameters = by_xgboost._parameters(given, 1)
    data = xgboost.QuantileDMatrix(given.train.inputs, given.train.targets, max_bin=parameters["max_bin"], nthread=1)
    validation = xgboost.DMatrix(given.validation.inputs, given.validation.targets, nthread=1)
    xgboost.train(
        parameters,
        data,
        given.settings.own["rounds"],
        evals=[(validation, "validation")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )


def seconds(call: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> float:
    start = clock()
    call()
    return clock() - start


FITS: dict[str, tuple[TreesTrainer, Callable[[FitTask], None]]] = {
    "lightgbm": (by_lightgbm.LightGBMTrainer(), bare_lightgbm),
    "xgboost": (by_xgboost.XGBoostTrainer(), bare_xgboost),
}


@pytest.mark.parametrize("name", FITS)
def test_fit_against_the_bare_library(benchmark, name: str) -> None:
    (trainer, bare), given = FITS[name], task(name)
    pairs = [(seconds(lambda: trainer.fit(given)), seconds(lambda: bare(given))) for _ in range(TURNS)]
    ratios = sorted(own / other for own, other in pairs)
    print(f"\n{name}: fit {median(ratios):.2f} times the bare library's ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    benchmark.pedantic(lambda: trainer.fit(given), rounds=1)


@pytest.mark.parametrize("name", FITS)
def test_prediction_of_many_rows_and_of_one(benchmark, name: str) -> None:
    given = task(name)
    model, inputs = FITS[name][0].fit(given), given.train.inputs
    whole = seconds(lambda: model.predict(inputs))
    alone = median(seconds(lambda: model.predict(inputs[:1]), time.perf_counter) for _ in range(300))
    print(f"\n{name}: {len(model.trees.root)} trees, {N_ROWS / whole:,.0f} rows/s, one row {1e6 * alone:.0f} us")
    benchmark.pedantic(lambda: model.predict(inputs), rounds=1)
