"""One fitted model per adapter, specification and kind of target, shared by all tests that only look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.training.model import FitTask, FittedModel
from samples.fits import CLASSES, SETTINGS, SPECS, VALUE, task

TRAINERS: Mapping[str, Callable[[], ModelTrainer]] = {"memory": PriorTrainer, "table": lambda: TableTrainer("cpu")}
"""Every adapter of the port that is no decorator; the table is all trainers that it names."""
TARGETS = {target.kind: target for target in (CLASSES, VALUE)}


@cache
def trainer_of(adapter: str) -> ModelTrainer:
    return TRAINERS[adapter]()


@cache
def task_of(spec: str, kind: str = "classification") -> FitTask:
    return task(model=SPECS[spec], target=TARGETS[kind], **SETTINGS.get(spec, {}))


@cache
def fitted(adapter: str, spec: str, kind: str = "classification") -> FittedModel:
    return trainer_of(adapter).fit(task_of(spec, kind))
