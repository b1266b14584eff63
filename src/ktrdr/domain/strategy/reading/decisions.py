"""Reading ``decisions``: how outputs become signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.strategy.document import Decisions, Labels
from ktrdr.domain.strategy.reading.sections import Findings, Section
from ktrdr.domain.strategy.reading.training import labels_refused

THRESHOLD = Parameter(
    "confidence_threshold", "float", 0.5, low=0, high=1, description="smallest probability that is acted on"
)
POSITION = (
    Parameter("position_awareness", "bool", True, description="pass over a signal that asks for what is held already"),
    Parameter("allow_short_from_flat", "bool", True, description="let a sell open a short position, not only close"),
)
SEPARATION = Parameter(
    "min_signal_separation", "int", 0, low=0, high=1_000_000, description="base bars between two signals, at least"
)
VOLUME_FILTER = Parameter(
    "volume_filter",
    "float",
    None,
    low=0,
    high=1000,
    above=True,
    description="smallest multiple of its trailing mean that the volume must reach; true means 1, false none",
)
COSTS = (
    Parameter("round_trip_cost", "float", 0.0, low=0, high=1, description="cost of entry and exit, fraction"),
    Parameter("min_edge_multiplier", "float", 1.0, low=0, description="how many times the cost a move must promise"),
)
_ENABLED = Parameter("enabled", "bool", True)
_MULTIPLE = ("min_ratio", "multiple", "multiplier", "threshold", "min_volume_ratio")
"""How files call the multiple where they write the volume filter as a mapping."""


def read_decisions(parent: Section, labels: Labels, findings: Findings) -> Decisions:
    """Return the decision settings; they must fit the labels."""
    if "decisions" not in parent:
        findings.error("decisions", "is required, with at least output_format: classification or regression")
    section = parent.section("decisions")
    kind = find_label(labels.source, labels.parameters.get("method")).kind
    formats = Parameter("output_format", "str", kind, choices=("classification", "regression"))
    output_format = section.read(formats)
    if labels_refused(findings):
        kind = output_format
    if output_format != kind:
        message = f"{output_format!r} contradicts the labels: {labels.source} gives {kind}"
        findings.error(section.at("output_format"), message)
    threshold = section.read(THRESHOLD)
    position = section.read_all(POSITION)
    filters = section.section("filters")
    separation, volume_filter = filters.read(SEPARATION), read_volume_filter(filters)
    filters.warn_unknown()
    costs_section = section.section("cost_model")
    costs = costs_section.read_all(COSTS)
    if costs_section.values and kind == "classification":
        findings.warning(costs_section.path, "has no effect on classification: probabilities are held to a threshold")
    costs_section.warn_unknown()
    section.warn_unknown()
    return Decisions(
        output_format, threshold, **costs, **position, min_signal_separation=separation, volume_filter=volume_filter
    )


def read_volume_filter(section: Section) -> float | None:
    """Return the multiple of ``true``, a number, or ``{enabled, min_ratio}``; None for no filter."""
    value, findings, path = section.get("volume_filter"), section.findings, section.at("volume_filter")
    if isinstance(value, Mapping):
        value = _from_mapping(Section(value, path, findings))
    multiple = None
    if isinstance(value, bool):
        multiple = 1.0 if value else None
    elif value is not None and (message := fault(VOLUME_FILTER, value)):
        findings.error(path, message.replace("must be a number", "must be true, false or a number"))
    elif value is not None:
        multiple = coerced(VOLUME_FILTER, value)
    findings.setting(path, multiple, section.origin("volume_filter"))
    return multiple


def _from_mapping(section: Section) -> Any:
    value = section.get("enabled")
    message = None if value is None else fault(_ENABLED, value)
    if message:
        section.findings.error(section.at("enabled"), message)
    multiple = section.get(*_MULTIPLE)
    section.warn_unknown()
    if value is False:
        for name in _MULTIPLE:
            if name in section:
                section.findings.warning(section.at(name), "has no effect with enabled: false")
        return False
    return True if multiple is None else multiple
