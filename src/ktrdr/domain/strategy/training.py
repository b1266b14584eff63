"""Reading ``training`` (and ``model.training`` behind it): labels, split, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.labels import IMPLIED_LABELS, LABELS, LabelSpec, find_label
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import EARLY_STOPPING, LOSSES, METRICS, SCHEDULER, SETTINGS, SPLIT
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown
from ktrdr.domain.strategy.document import Labels, SplitShares
from ktrdr.domain.strategy.reading import Findings, Section, Setting, read_layered

_METHOD = Parameter("method", "str", "supervised", choices=("supervised",), description="how the model learns")


def read_training(
    parent: Section, command_line: Mapping[str, Any], findings: Findings
) -> tuple[Labels, SplitShares, dict[str, Any]]:
    """Return labels, split shares, and effective settings by dotted name.

    Precedence: command line, ``training``, ``model.training``, defaults.
    """
    if "training" not in parent:
        findings.error("training", "is required")
    section = parent.section("training")
    fallback = Section(parent.written("model").get("training"), "model.training", findings)
    section.read(_METHOD)
    labels, spec = _read_labels(section, findings)
    split = _read_split(section, fallback, findings)
    first = Section(command_line, "command line", findings)
    layers = [(first, "command line"), (section, "training"), (fallback, "model.training")]
    settings = {item.name: read_layered(item, layers, section.at(item.name), findings) for item in SETTINGS}
    settings |= _read_nested(layers, "early_stopping", EARLY_STOPPING, "enabled", findings)
    settings |= _read_nested(layers, "lr_scheduler", SCHEDULER, "type", findings)
    settings["loss"] = _read_loss(layers, spec, findings)
    settings["fitness_metrics.primary"] = _read_fitness(section, spec, findings)
    section.warn_unknown()
    fallback.know("labels", "data_split", "method", "fitness_metrics")
    fallback.warn_unknown({item.name for item in SETTINGS})
    return labels, split, settings


def _read_labels(section: Section, findings: Findings) -> tuple[Labels, LabelSpec]:
    implied = "labels" not in section
    if implied:
        nested = Section(IMPLIED_LABELS, section.at("labels"), Findings())
        section.know("labels")
        findings.warning(nested.path, "is not given: zigzag over 20 bars with a threshold of 2 ATR is used")
    else:
        nested = section.section("labels")
    source = nested.text("source", default="zigzag").casefold()
    method = nested.text("method", default=LABELS[source][0].method if source in LABELS else "")
    try:
        spec = find_label(source, method or None)
    except InvalidInput as error:
        findings.error(nested.at("method" if source in LABELS else "source"), str(error))
        return Labels("zigzag", {}), LABELS["zigzag"][0]
    parameters = nested.read_all(spec.parameters)
    if implied:
        findings.settings.extend(Setting(nested.at(name), value, "default") for name, value in parameters.items())
    nested.warn_unknown()
    return Labels(source, parameters, implied), spec


def _read_split(section: Section, fallback: Section, findings: Findings) -> SplitShares:
    owner = section if "data_split" in section else fallback
    section.know("data_split")
    nested = owner.section("data_split")
    values = nested.read_all(SPLIT)
    shares = (values["train"], values["validation"], values["test"])
    missing = [name for name in ("train", "validation", "test") if nested.values and name not in nested]
    if missing:
        findings.error(nested.path, f"needs train, validation and test; missing: {', '.join(missing)}")
    elif abs(sum(shares) - 1) > 1e-6:
        written = " + ".join(f"{share:g}" for share in shares)
        findings.error(nested.path, f"train + validation + test must sum to 1, found {written} = {sum(shares):g}")
    nested.warn_unknown()
    return SplitShares(*shares, embargo_bars=values["embargo_bars"])


def _read_nested(
    layers: list[tuple[Section, str]],
    name: str,
    parameters: tuple[Parameter, ...],
    shorthand: str,
    findings: Findings,
) -> dict[str, Any]:
    """Return the settings of a section that may also be written as one word (``true``, ``cosine``)."""
    nested = []
    for section, origin in layers:
        value = section.get(name)
        if isinstance(value, bool) and name == "lr_scheduler":
            value = {"type": "reduce_on_plateau" if value else "constant"}
        elif isinstance(value, bool | str):
            value = {shorthand: value}
        nested.append((Section(value, section.at(name), findings), origin))
    values = {
        f"{name}.{item.name}": read_layered(item, nested, f"training.{name}.{item.name}", findings)
        for item in parameters
    }
    for section, _ in nested:
        section.warn_unknown()
    return values


def _read_loss(layers: list[tuple[Section, str]], spec: LabelSpec, findings: Findings) -> str:
    allowed = LOSSES[spec.kind]
    parameter = Parameter("loss", "str", allowed[0], choices=tuple(name for names in LOSSES.values() for name in names))
    loss: str = read_layered(parameter, layers, "training.loss", findings)
    if loss not in allowed:
        message = f"{loss!r} does not fit {spec.kind} labels ({spec.source}); allowed: {', '.join(allowed)}"
        findings.error("training.loss", message)
    return loss


def _read_fitness(section: Section, spec: LabelSpec, findings: Findings) -> str:
    nested = section.section("fitness_metrics")
    allowed = METRICS[spec.kind]
    primary: str = nested.read(Parameter("primary", "str", allowed[0]))
    if primary not in allowed:
        hint = did_you_mean(primary, allowed)
        known = f"known for {spec.kind}: {', '.join(allowed)}{hint}"
        findings.warning(nested.at("primary"), f"{shown(primary)} is not known, {allowed[0]} decides instead; {known}")
        primary = allowed[0]
    secondary = nested.get("secondary")
    if secondary is not None:
        findings.warning(nested.at("secondary"), "decides nothing: every metric is in the report")
    nested.warn_unknown()
    return primary
