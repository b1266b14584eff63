"""Reading ``training`` (and ``model.training`` behind it): labels, split, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.labels import IMPLIED_LABELS, LABELS, LabelSpec, find_label
from ktrdr.domain.catalogue.models import MODEL_TYPES, find_model_type, spellings
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import METRICS, SEED, SPLIT
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown
from ktrdr.domain.strategy.document import Labels, SplitShares
from ktrdr.domain.strategy.reading.combination import read_combination
from ktrdr.domain.strategy.reading.fitting import read_settings, refuse_shared, share, shared
from ktrdr.domain.strategy.reading.forecast_steps import check_steps, refuse_steps
from ktrdr.domain.strategy.reading.sections import COMMAND_LINE, Findings, Options, Section, named_model, read_layered

_METHOD = Parameter("method", "str", "supervised", choices=("supervised",), description="how the model learns")


def read_training(
    parent: Section, command_line: Mapping[str, Any], findings: Findings
) -> tuple[Labels, SplitShares, dict[str, Any]]:
    """Return labels, split shares, and effective settings by dotted name; those of members are read with these.

    Precedence: command line, ``training``, ``model.training``, defaults.
    """
    if "training" not in parent:
        findings.error("training", "is required")
    section = parent.section("training")
    fallback = Section(parent.written("model").get("training"), "model.training", findings)
    _owner("method", section, fallback).read(_METHOD)
    labels, spec = _read_labels(_owner("labels", section, fallback), findings)
    split = _read_split(_owner("data_split", section, fallback), findings)
    first = Options(command_line, section.path, findings)
    layers = [(first, COMMAND_LINE), (section, "training"), (fallback, "model.training")]
    named = named_model(parent)
    model = named or next(iter(MODEL_TYPES.values()))
    if model.of_members:
        for part, _ in layers:
            share(part, member_types(parent))
            refuse_steps(part)
        settings = {SEED.name: read_layered(SEED, layers, section.at(SEED.name), findings)}
    else:
        settings = read_settings(layers, model, spec, findings)
    settings |= read_combination(layers[1:], model, spec, findings)
    check_steps(settings, spec, labels.parameters, findings)
    settings["fitness_metrics.primary"] = _read_fitness(_owner("fitness_metrics", section, fallback), spec, findings)
    if named is not None:
        for part in (first, section, fallback):
            part.refuse_foreign(model, "training")
        section.warn_unknown()
        fallback.warn_unknown({item.name for item in model.all_settings})
    return labels, split, settings


def read_member_training(
    parent: Section, own: Section, model: ModelType, labels: Labels, command_line: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the settings of a member by dotted name.

    Precedence: command line, its own ``training``, then that of the strategy where its type has the key.

    Parameters
    ----------
    parent, own : Section
        The document, and the member's own ``training``.
    model : ModelType
    labels : Labels
    command_line : mapping
    """
    findings = own.findings
    spec = None if labels_refused(findings) else find_label(labels.source, labels.parameters.get("method"))
    first = Options(
        {key: value for key, value in command_line.items() if key in spellings(model, "training")}, "", findings
    )
    layers = [(first, COMMAND_LINE), (own, own.path)]
    layers += [
        (shared(Section(written, path, findings), own, model), path)
        for written, path in (
            (parent.written("training"), "training"),
            (parent.written("model").get("training"), "model.training"),
        )
    ]
    settings = read_settings(layers, model, spec, findings, own.path)
    refuse_shared(own)
    own.refuse_foreign(model, "training")
    own.warn_unknown()
    return settings


def member_types(parent: Section) -> list[ModelType]:
    """Return the types of the members that a document names; all types where it is not known which are meant."""
    written = parent.written("model").get("members")
    entries = written.values() if isinstance(written, Mapping) else written if isinstance(written, list | tuple) else ()
    kinds = [entry.get("type") if isinstance(entry, Mapping) else None for entry in entries]
    found = [find_model_type(kind) if isinstance(kind, str) else None for kind in kinds]
    known = {model.name: model for model in found if model is not None and not model.of_members}
    is_whole = found and all(model is not None and not model.of_members for model in found)
    return list((known if is_whole else MODEL_TYPES).values())


def _owner(name: str, section: Section, fallback: Section) -> Section:
    """Return the section that a key is read from as a whole: ``training``, or where only it has the key, the other."""
    section.know(name)
    fallback.know(name)
    if name in section and name in fallback:
        fallback.findings.warning(fallback.at(name), f"has no effect: {section.at(name)} has precedence")
    return fallback if name in fallback and name not in section else section


def labels_refused(findings: Findings) -> bool:
    """Return whether it is not known which labels are meant, so that what has to fit them is not reported."""
    names = ("training", "training.labels", "training.labels.source", "training.labels.method")
    return findings.refused(*names, *(f"model.{name}" for name in names))


def _read_labels(section: Section, findings: Findings) -> tuple[Labels, LabelSpec | None]:
    """Return the labels, and what the catalogue says of them; for labels that are refused, any and None."""
    implied = "labels" not in section
    if implied:
        nested = Section(IMPLIED_LABELS, section.at("labels"), Findings())
        if not findings.refused("training"):
            findings.warning(nested.path, "is not given: zigzag over 20 bars with a threshold of 2 ATR is used")
    elif isinstance(alone := section.values["labels"], str) and alone.casefold() in LABELS:
        findings.error(section.at("labels"), f"must be a mapping: write {{source: {alone}}}")
        return Labels("zigzag", {}), None
    else:
        nested = section.section("labels")
        if "source" not in nested and not findings.refused(nested.path):
            findings.warning(nested.at("source"), "is not given: zigzag is used")
    source = nested.text("source", default="zigzag").casefold()
    method = nested.text("method", default=LABELS[source][0].method if source in LABELS else "")
    if labels_refused(findings):
        return Labels("zigzag", {}), None
    try:
        spec = find_label(source, method or None)
    except InvalidInput as error:
        findings.error(nested.at("method" if source in LABELS else "source"), str(error))
        return Labels("zigzag", {}), None
    findings.setting(nested.at("source"), source, "default" if implied else nested.origin("source"))
    parameters = nested.read_all(spec.parameters)
    _check_labels(nested, spec, parameters)
    if implied:
        for name, value in parameters.items():
            findings.setting(nested.at(name), value, "default")
    nested.warn_unknown()
    return Labels(source, parameters, implied), spec


def _check_labels(section: Section, spec: LabelSpec, parameters: Mapping[str, Any]) -> None:
    wrong = None if section.findings.refused_within(section.path) else spec.contradiction(parameters)
    if wrong is not None:
        message = section.with_defaults(wrong.message, spec.parameters, wrong.parameter)
        section.findings.error(section.at(wrong.parameter), message)
    for item in spec.parameters:
        if item.name in spec.without_effect and section.spelling(item) in section:
            section.findings.warning(section.at(item.name), spec.without_effect[item.name])
    for spelling, (decisive, remark) in spec.remarks.items():
        if spelling in section and decisive not in section:
            section.findings.warning(section.at(spelling), remark)


def _read_split(section: Section, findings: Findings) -> SplitShares:
    nested = section.section("data_split")
    values = nested.read_all(SPLIT)
    shares = (values["train"], values["validation"], values["test"])
    missing = [name for name in ("train", "validation", "test") if nested.values and name not in nested]
    if missing:
        findings.error(nested.path, f"needs train, validation and test; missing: {', '.join(missing)}")
    elif not findings.refused_within(nested.path) and abs(sum(shares) - 1) > 1e-6:
        written = " + ".join(f"{share:g}" for share in shares)
        findings.error(nested.path, f"train + validation + test must sum to 1, found {written} = {sum(shares):g}")
    nested.warn_unknown()
    return SplitShares(*shares, embargo_bars=values["embargo_bars"])


def _read_fitness(section: Section, spec: LabelSpec | None, findings: Findings) -> str:
    nested = section.section("fitness_metrics")
    allowed = METRICS["classification"] if spec is None else (*METRICS[spec.kind], *spec.metrics)
    primary: str = nested.read(Parameter("primary", "str", allowed[0]))
    if spec is not None and primary not in allowed:
        hint = did_you_mean(primary, allowed)
        known = f"known for {spec.kind}: {', '.join(allowed)}{hint}"
        findings.warning(nested.at("primary"), f"{shown(primary)} is not known, {allowed[0]} decides instead; {known}")
        primary = allowed[0]
    secondary = nested.get("secondary")
    if secondary is not None:
        findings.warning(nested.at("secondary"), "decides nothing: every metric is in the report")
    nested.warn_unknown()
    return primary
