"""Reading ``training`` (and ``model.training`` behind it): labels, split, settings."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any

from ktrdr.domain.catalogue.labels import IMPLIED_LABELS, LABELS, LabelSpec, find_label
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CHUNK, EVERY, LOSS_AT, METRICS, SPLIT
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown
from ktrdr.domain.strategy.document import Labels, SplitShares
from ktrdr.domain.strategy.reading.combination import read_combination
from ktrdr.domain.strategy.reading.forecast_steps import check_steps
from ktrdr.domain.strategy.reading.sections import COMMAND_LINE, Findings, Options, Section, named_model, read_layered

_ONE_WORD = {"early_stopping": "enabled", "lr_scheduler": "type"}
"""What a section says that is written as one word."""
FEW_CHUNKS = 8
"""Chunks a batch below which a network of windows spends its time on calls, and neighbouring rows decide each step."""
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
    _owner("method", section, fallback).read(_METHOD)
    labels, spec = _read_labels(_owner("labels", section, fallback), findings)
    split = _read_split(_owner("data_split", section, fallback), findings)
    first = Options(command_line, section.path, findings)
    layers = [(first, COMMAND_LINE), (section, "training"), (fallback, "model.training")]
    named = named_model(parent)
    model = named or next(iter(MODEL_TYPES.values()))
    settings = {item.name: read_layered(item, layers, section.at(item.name), findings) for item in model.all_settings}
    for name in model.sections:
        settings |= _read_nested(layers, name, model, findings)
    settings |= read_combination(layers[1:], model, spec, findings)
    _check_rates(settings, findings)
    _check_chunks(settings, findings)
    check_steps(settings, spec, labels.parameters, findings)
    settings["loss"] = _read_loss(layers, spec, model, findings)
    settings["fitness_metrics.primary"] = _read_fitness(_owner("fitness_metrics", section, fallback), spec, findings)
    if settings.get("early_stopping.monitor") == "val_accuracy" and spec is not None and spec.kind == "regression":
        findings.error("training.early_stopping.monitor", "val_accuracy needs classes; a regression has val_loss")
    if named is not None:
        for part in (first, section, fallback):
            part.refuse_foreign(model, "training")
        section.warn_unknown()
        fallback.warn_unknown({item.name for item in model.all_settings})
    return labels, split, settings


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


def _read_nested(layers: list[tuple[Section, str]], name: str, model: ModelType, findings: Findings) -> dict[str, Any]:
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
        f"{name}.{item.name}": read_layered(item, nested, f"training.{name}.{item.name}", findings)
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


def _check_rates(settings: Mapping[str, Any], findings: Findings) -> None:
    rate, least = settings.get("learning_rate", inf), settings.get("lr_scheduler.min_lr", 0)
    refused = any(problem.path.endswith(("learning_rate", "min_lr", "learning-rate")) for problem in findings.errors)
    if settings.get("lr_scheduler.type") != "constant" and least > rate and not refused:
        default = {item.path: " (the default)" for item in findings.settings if item.origin == "default"}
        own, other = default.get("training.lr_scheduler.min_lr", ""), default.get("training.learning_rate", "")
        message = f"{least:g}{own} lies above training.learning_rate, {rate:g}{other}: a schedule lowers the rate"
        findings.error("training.lr_scheduler.min_lr", message)


def _check_chunks(settings: Mapping[str, Any], findings: Findings) -> None:
    if settings.get(LOSS_AT.name) != EVERY or findings.refused_within("training"):
        return
    batch, chunk = settings["batch_size"], settings[CHUNK.name]
    if batch < FEW_CHUNKS * chunk:
        message = f"{batch} rows are fewer than {FEW_CHUNKS} chunks of {chunk}, which is slow; write {16 * chunk}"
        findings.warning("training.batch_size", message)


def _read_loss(layers: list[tuple[Section, str]], spec: LabelSpec | None, model: ModelType, findings: Findings) -> str:
    if spec is not None and spec.kind not in model.losses:
        others = [item.name for item in MODEL_TYPES.values() if spec.kind in item.losses]
        message = f"{model.name} does not fit {spec.kind} labels ({spec.source}); types that do: {', '.join(others)}"
        findings.error("model.type", message)
    if spec is not None and model.labels and spec.source not in model.labels and spec.kind in model.losses:
        message = (
            f"{model.name} fits labels of {' and '.join(model.labels)} alone, found {spec.source}; write "
            f"training.labels: {{source: {model.labels[0]}}}, or another type"
        )
        findings.error("model.type", message)
    known = tuple(name for names in model.losses.values() for name in names)
    allowed = known if spec is None else model.losses.get(spec.kind, known)
    loss: str = read_layered(Parameter("loss", "str", allowed[0], choices=known), layers, "training.loss", findings)
    if spec is not None and loss not in allowed:
        message = f"{loss!r} does not fit {spec.kind} labels ({spec.source}); allowed: {', '.join(allowed)}"
        findings.error("training.loss", message)
    return loss


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
