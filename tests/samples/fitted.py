"""One fitted model per adapter, specification and kind of target, shared by all tests that only look at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.training.model import FitTask, FittedModel
from samples.fits import CLASSES, SETTINGS, SPECS, VALUE, target_for, task

TRAINERS: Mapping[str, Callable[[], ModelTrainer]] = {"memory": PriorTrainer, "table": lambda: TableTrainer("cpu")}
"""Every adapter of the port that is no decorator; the table is all trainers that it names."""
TARGETS = {target.kind: target for target in (CLASSES, VALUE)}


@cache
def trainer_of(adapter: str) -> ModelTrainer:
    return TRAINERS[adapter]()


@cache
def task_of(spec: str, kind: str = "") -> FitTask:
    """The task of a specification, and of a kind of target: without one of the first that its type can be fitted to."""
    model = SPECS[spec]
    target = target_for(model, kind or next(iter(model.kind.losses)))
    return task(model=model, target=target, **SETTINGS.get(spec, {}))


@cache
def fitted(adapter: str, spec: str, kind: str = "") -> FittedModel:
    return trainer_of(adapter).fit(task_of(spec, kind))
