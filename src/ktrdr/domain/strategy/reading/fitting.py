"""Reading how a model is fitted: every setting that its type has, out of layers of sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

from ktrdr.domain.catalogue.labels import LabelSpec
from ktrdr.domain.catalogue.models import MODEL_TYPES, spellings
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CHUNK, EVERY, FORECAST_STEPS, INITIALISE, LOSS_AT, SEED
from ktrdr.domain.strategy.reading.sections import Findings, Section, read_layered

Layers = Sequence[tuple[Section, str]]
_ONE_WORD = {"early_stopping": "enabled", "lr_scheduler": "type"}
"""What a section says that is written as one word."""
FEW_CHUNKS = 8
"""Chunks a batch below which a network of windows spends its time on calls, and neighbouring rows decide each step."""
_OF_ALL = frozenset({SEED.name, INITIALISE.name, FORECAST_STEPS.name})
"""Settings that a member has not for itself."""


def read_settings(
    layers: Layers, model: ModelType, spec: LabelSpec | None, findings: Findings, path: str = "training"
) -> dict[str, Any]:
    """Return the effective settings of one model by dotted name.

    Parameters
    ----------
    layers : sequence of (Section, origin)
        The first that has a setting decides.
    model : ModelType
    spec : LabelSpec or None
        What it is fitted to; None where the labels were refused.
    findings : Findings
    path : str
        Where its settings stand; those of a member are not those of all.
    """
    own = [item for item in model.all_settings if path == "training" or item.name not in _OF_ALL]
    settings = {item.name: read_layered(item, layers, f"{path}.{item.name}", findings) for item in own}
    for name in model.sections:
        settings |= _read_nested(layers, name, model, findings, path)
    _check_rates(settings, findings, path)
    _check_chunks(settings, findings, path)
    settings["loss"] = _read_loss(layers, spec, model, findings, path)
    if settings.get("early_stopping.monitor") == "val_accuracy" and spec is not None and spec.kind == "regression":
        findings.error(f"{path}.early_stopping.monitor", "val_accuracy needs classes; a regression has val_loss")
    return settings


def _read_nested(layers: Layers, name: str, model: ModelType, findings: Findings, path: str) -> dict[str, Any]:
    """Return the settings of a section that may also be written as one word (``true``, ``cosine``)."""
    nested = []
    for section, origin in layers:
        value = section.get(name)
        if isinstance(value, bool) and name == "lr_scheduler":
            value = {"type": "reduce_on_plateau" if value else "constant"}
        elif isinstance(value, bool | str):
            value = {_ONE_WORD[name]: value}
        nested.append((Section(value, section.at(name), findings), origin))
    if name == "lr_scheduler":
        _imply_schedule([section for section, _ in nested if section.given], findings)
    values = {
        f"{name}.{item.name}": read_layered(item, nested, f"{path}.{name}.{item.name}", findings)
        for item in model.sections[name]
    }
    for section, _ in nested:
        section.refuse_foreign(model, name)
        section.warn_unknown()
    return values


def _imply_schedule(written: list[Section], findings: Findings) -> None:
    """Read a schedule without a type as one that waits for a plateau, which is what ``true`` means too."""
    if written and not any("type" in section for section in written):
        findings.warning(written[0].at("type"), "is not given: reduce_on_plateau is used")
        written[0].values["type"] = "reduce_on_plateau"


def _check_rates(settings: Mapping[str, Any], findings: Findings, path: str) -> None:
    rate, least = settings.get("learning_rate", inf), settings.get("lr_scheduler.min_lr", 0)
    refused = any(problem.path.endswith(("learning_rate", "min_lr", "learning-rate")) for problem in findings.errors)
    if settings.get("lr_scheduler.type") != "constant" and least > rate and not refused:
        default = {item.path: " (the default)" for item in findings.settings if item.origin == "default"}
        own, other = default.get(f"{path}.lr_scheduler.min_lr", ""), default.get(f"{path}.learning_rate", "")
        message = f"{least:g}{own} lies above {path}.learning_rate, {rate:g}{other}: a schedule lowers the rate"
        findings.error(f"{path}.lr_scheduler.min_lr", message)


def _check_chunks(settings: Mapping[str, Any], findings: Findings, path: str) -> None:
    if settings.get(LOSS_AT.name) != EVERY or findings.refused_within(path):
        return
    batch, chunk = settings["batch_size"], settings[CHUNK.name]
    if batch < FEW_CHUNKS * chunk:
        message = f"{batch} rows are fewer than {FEW_CHUNKS} chunks of {chunk}, which is slow; write {16 * chunk}"
        findings.warning(f"{path}.batch_size", message)


def _read_loss(layers: Layers, spec: LabelSpec | None, model: ModelType, findings: Findings, path: str) -> str:
    refuse_misfit(model, spec, f"{path.removesuffix('training') or 'model.'}type", findings)
    known = tuple(name for names in model.losses.values() for name in names)
    allowed = known if spec is None else model.losses.get(spec.kind, known)
    loss: str = read_layered(Parameter("loss", "str", allowed[0], choices=known), layers, f"{path}.loss", findings)
    if spec is not None and loss not in allowed:
        message = f"{loss!r} does not fit {spec.kind} labels ({spec.source}); allowed: {', '.join(allowed)}"
        findings.error(f"{path}.loss", message)
    return loss


def refuse_misfit(model: ModelType, spec: LabelSpec | None, path: str, findings: Findings) -> None:
    """Refuse labels that a type can not be fitted to."""
    if spec is not None and spec.kind not in model.losses:
        others = [item.name for item in MODEL_TYPES.values() if spec.kind in item.losses]
        message = f"{model.name} does not fit {spec.kind} labels ({spec.source}); types that do: {', '.join(others)}"
        findings.error(path, message)
    elif spec is not None and model.labels and spec.source not in model.labels:
        message = (
            f"{model.name} fits labels of {' and '.join(model.labels)} alone, found {spec.source}; write "
            f"training.labels: {{source: {model.labels[0]}}}, or another type"
        )
        findings.error(path, message)


def share(section: Section, types: Sequence[ModelType]) -> None:
    """Count as known what a section shares among models of these types; refuse and warn within its own sections."""
    for model in types:
        section.know(*_keys(model))
    for name in dict.fromkeys(name for model in types for name in model.sections):
        owners = [model for model in types if name in model.sections]
        value = section.get(name)
        if isinstance(value, Mapping):
            nested = Section(value, section.at(name), section.findings)
            nested.know(*(key for model in owners for key in spellings(model, name)))
            nested.refuse_foreign(owners[0], name)
            nested.warn_unknown()


def shared(section: Section, own: Section, model: ModelType) -> Section:
    """Return what a section says for a model of some type that does not say it in its own."""
    items = [item for item in model.all_settings if item.name not in _OF_ALL]
    keys = {name for item in items if own.spelling(item) not in own for name in (item.name, *item.aliases)}
    keys |= {name for name in (*model.sections, "loss") if name not in own}
    values = {name: _filtered(value, name, model) for name, value in section.values.items() if name in keys}
    if values.get("loss") not in {name for names in model.losses.values() for name in names}:
        values.pop("loss", None)
    return Section(values, section.path, section.findings)


def _filtered(value: Any, section: str, model: ModelType) -> Any:
    """Return a section without what a model's type has not; anything else as it is."""
    if section not in model.sections or not isinstance(value, Mapping):
        return value
    return {name: item for name, item in value.items() if name in spellings(model, section)}


def refuse_shared(own: Section) -> None:
    """Refuse in a member's ``training`` what counts for all members together, or for none."""
    for name in sorted(_OF_ALL):
        if own.get(name) is not None:
            hint = "; write `seed` beside it" if name == SEED.name else ""
            own.findings.error(own.at(name), f"is no setting of a member{hint}")


def _keys(model: ModelType) -> tuple[str, ...]:
    own = (*spellings(model, "training"), "loss")
    return tuple(name for name in own if name not in _OF_ALL)
