"""No key of a model type that is fitted otherwise than networks are is dead: another value gives another model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from samples.fits import TYPES, rows, task
from samples.fitted import target_for, trainer_of
from samples.parameters import other_values

from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import InvalidInput, TrainingFailed
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import ModelSpec, TrainingSettings

SHARED = {item.name for item in fields(TrainingSettings)}
ELSEWHERE = {"class_weights"}
"""Reaches a fit as weights of the task, which the contract is about."""
LOSSES = {"huber_delta": "huber"}
"""The loss without which a setting counts for nothing."""


def keys() -> Iterator[tuple[str, Parameter]]:
    for name, kind in MODEL_TYPES.items():
        stepwise = "epochs" in {item.name for item in kind.settings}
        if not kind.of_members and not kind.can_begin:
            yield from ((name, item) for item in kind.parameters if len(item.choices) != 1 and not item.models)
            yield from ((name, item) for item in kind.settings if item.name not in ELSEWHERE and not stepwise)


CASES = list(keys())


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[f"{name}-{item.name}" for name, item in CASES])
def test_another_value_gives_another_model(name: str, parameter: Parameter) -> None:
    start = given(name, LOSSES.get(parameter.name, ""))
    before = outcome(start)
    values: list[Any] = (
        [0.9]
        if parameter.name == "columns"
        else [[1, 3, 9]]
        if parameter.kind == "ints"
        else list(other_values(parameter))
    )
    assert any(outcome(with_value(start, parameter, value)) != before for value in values)


def given(name: str, loss: str) -> FitTask:
    spec = TYPES[name]
    kind = "regression" if loss or "classification" not in spec.kind.losses else "classification"
    made = task(600, model=spec, target=target_for(spec, kind))
    return replace(made, settings=replace(made.settings, loss=loss)) if loss else made


def with_value(made: FitTask, parameter: Parameter, value: Any) -> FitTask:
    model, settings = made.model, made.settings
    if parameter in model.kind.parameters:
        return replace(made, model=ModelSpec(model.type, {**model.architecture, parameter.name: value}))
    if parameter.name in SHARED:
        return replace(made, settings=replace(settings, **{parameter.name: value}))
    return replace(made, settings=replace(settings, own={**settings.own, parameter.name: value}))


def outcome(made: FitTask) -> object:
    try:
        model = trainer_of("table").fit(made)
    except (InvalidInput, TrainingFailed) as error:
        return str(error)
    return dict(model.state()), model.predict(rows(120).inputs).tobytes()
