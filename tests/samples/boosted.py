"""Tasks of boosting with missing values, extremes and a constant column, and the same fit by the library alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ktrdr.adapters.models.trees.lightgbm import LightGBMGrower, LightGBMTrainer
from ktrdr.adapters.models.trees.model import TreesModel
from ktrdr.adapters.models.trees.rounds import Seen
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.adapters.models.trees.xgboost import XGBoostGrower, XGBoostTrainer
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask
from samples.fits import CLASSES, NO_STOPPING, SPECS, VALUE, task

BOTH = Target("classification", ("buy", "sell"), ("buy", "sell"))
TARGETS = {"three classes": CLASSES, "two classes": BOTH, "value": VALUE}
GROWERS: dict[str, Any] = {
    "lightgbm": (LightGBMTrainer, LightGBMGrower),
    "xgboost": (XGBoostTrainer, XGBoostGrower),
}
ROUNDS = 25


def boosting_task(name: str, target: Target, **settings: Any) -> FitTask:
    """A task of 8 columns whose missing values mean something."""
    made = task(900, target=CLASSES if target is BOTH else target, model=SPECS[name], n_inputs=8)
    rng = np.random.default_rng(5)
    inputs = made.train.inputs.copy()
    inputs[:, 1] = np.where(rng.random(900) < 0.2, np.nan, inputs[:, 1])
    inputs[:, 0] = np.where(made.train.targets > 1, np.nan, inputs[:, 0])
    inputs[:, 6], inputs[:, 7] = 1.5, rng.integers(0, 3, 900)
    inputs[:9, 3], inputs[9:20, 3] = 3.4e38, -3.4e38
    own = made.settings.own | {"rounds": ROUNDS}
    chosen = {"own": own, "learning_rate": 0.1, "early_stopping": NO_STOPPING} | settings
    parts = [replace(made.train, inputs=inputs), made.validation]
    if target is BOTH:
        parts = [replace(part, targets=(part.targets > 0).astype(np.int64)) for part in parts]
    return replace(made, target=target, train=parts[0], validation=parts[1], settings=replace(made.settings, **chosen))


def fitted_by(name: str, given: FitTask, n_threads: int = 1) -> TreesModel:
    return GROWERS[name][0](None, n_threads).fit(given)


def native_outputs(name: str, given: FitTask, inputs: Any) -> Any:
    """What the library itself says of rows, shape (n_rows, n_outputs): one output for two classes."""
    train, validation = (Samples.of(part, given, grouped=False) for part in (given.train, given.validation))
    grower = GROWERS[name][1](train, Seen.of(train, validation, given), given, 1)
    for _ in range(ROUNDS):
        grower.grow()
    booster = grower._booster
    if name == "lightgbm":
        raw = booster.predict(inputs, raw_score=True)
    else:
        from xgboost import DMatrix

        raw = booster.predict(DMatrix(inputs), output_margin=True).astype(np.float64)
    return raw.reshape(len(inputs), -1)
