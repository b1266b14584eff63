"""From a strategy's effective settings to the typed ones that a trainer reads."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.catalogue.training import FORECAST_STEPS, REPTILE
from ktrdr.domain.strategy.document import MemberModel, Strategy
from ktrdr.domain.strategy.members import inputs_of, of_member
from ktrdr.domain.training.settings import EarlyStopping, Member, ModelSpec, Reptile, Scheduler, TrainingSettings


def training_settings(strategy: Strategy, seed: int | None = None) -> TrainingSettings:
    """Return the settings of one fit; `seed` replaces the strategy's own."""
    values = dict(strategy.training)
    if seed is not None:
        values["seed"] = seed
    shared = {item.name for item in fields(TrainingSettings)}
    own = {item.name for item in model_type(strategy.model.type).settings} - shared
    return TrainingSettings(
        **{name: value for name, value in values.items() if name in shared},
        early_stopping=EarlyStopping(**_nested(values, "early_stopping") or {"enabled": False}),
        lr_scheduler=Scheduler(**_nested(values, "lr_scheduler")),
        own={name: value for name, value in values.items() if name in own},
    )


def reptile(strategy: Strategy) -> Reptile:
    """Return how a start is learned."""
    said = _nested(dict(strategy.training), REPTILE)
    return Reptile(**{item.name: said[item.name] for item in fields(Reptile) if item.name in said})


def forecast_steps(strategy: Strategy) -> tuple[int, ...]:
    """Return how many bars ahead are forecast at once, ascending; empty where the labels' own number is all."""
    return tuple(sorted(strategy.training.get(FORECAST_STEPS.name) or ()))


def primary_step(strategy: Strategy) -> int:
    """Return how many bars ahead the labels themselves look, of labels that have several `forecast_steps`."""
    labels = find_label(strategy.labels.source, strategy.labels.parameters.get("method"))
    return int(strategy.labels.parameters[labels.step])


def model_spec(strategy: Strategy) -> ModelSpec:
    """Return model type and architecture, and the members where it is made of some."""
    model = strategy.model
    return ModelSpec(model.type, model.architecture, tuple(_member(strategy, item) for item in model.members))


def _member(strategy: Strategy, member: MemberModel) -> Member:
    alone = of_member(strategy, member)
    spec, settings, inputs = model_spec(alone), training_settings(alone), inputs_of(strategy, member)
    return Member(member.name, spec, settings, inputs, member.symbol, member.weight)


def _nested(values: dict[str, Any], section: str) -> dict[str, Any]:
    prefix = section + "."
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
