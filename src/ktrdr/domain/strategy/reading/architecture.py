"""Reading the parameters of a model, whoever's it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.errors import did_you_mean
from ktrdr.domain.strategy.reading.sections import Section


def read_architecture(parent: Section, spec: ModelType) -> dict[str, Any]:
    """Return all parameters of a model of that type, which stands in `parent`."""
    section = parent.section(spec.section)
    architecture = section.read_all(spec.parameters)
    _mention_ignored(section, spec.ignored)
    section.refuse_foreign(spec, spec.section)
    section.warn_unknown()
    if spec.of_members:
        _refuse_idle(section, spec, architecture)
    _check(section, spec, architecture)
    return architecture


def _check(section: Section, spec: ModelType, architecture: Mapping[str, Any]) -> None:
    contradiction = None if section.findings.refused_within(section.path) else spec.check(architecture)
    if contradiction is not None:
        name, message = contradiction
        section.findings.error(section.at(name), section.with_defaults(message, spec.parameters, name))


def _refuse_idle(section: Section, spec: ModelType, architecture: Mapping[str, Any]) -> None:
    """Refuse keys of another way of combining; each of these is a type of its own but for the name."""
    idle = spec.idle(architecture)
    own = [item.name for item in spec.parameters if item.name not in idle]
    for item in spec.parameters:
        if item.name in idle and section.spelling(item) in section:
            section.findings.error(section.at(item.name), f"{idle[item.name]}{did_you_mean(item.name, own)}")


def _mention_ignored(section: Section, ignored: Mapping[str, str]) -> None:
    for name, reason in ignored.items():
        if section.get(name) is not None:
            section.findings.warning(section.at(name), reason)
