"""Reading ``decisions``: how outputs become signals."""

from __future__ import annotations

from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.strategy.document import Decisions, Labels
from ktrdr.domain.strategy.reading import Findings, Section

_THRESHOLD = Parameter(
    "confidence_threshold", "float", 0.5, low=0, high=1, description="smallest probability that is acted on"
)
COSTS = (
    Parameter("round_trip_cost", "float", 0.0, low=0, high=1, description="cost of entry and exit, fraction"),
    Parameter("min_edge_multiplier", "float", 1.0, low=0, description="how many times the cost a move must promise"),
)
_NOT_YET = ("position_awareness", "allow_short_from_flat", "filters")


def read_decisions(parent: Section, labels: Labels, findings: Findings) -> Decisions:
    """Return the decision settings; they must fit the labels."""
    if "decisions" not in parent:
        findings.error("decisions", "is required, with at least output_format: classification or regression")
    section = parent.section("decisions")
    kind = find_label(labels.source, labels.parameters.get("method")).kind
    formats = Parameter("output_format", "str", kind, choices=("classification", "regression"))
    output_format = section.read(formats)
    if output_format != kind:
        message = f"{output_format!r} contradicts the labels: {labels.source} gives {kind}"
        findings.error(section.at("output_format"), message)
    threshold = section.read(_THRESHOLD)
    costs_section = section.section("cost_model")
    costs = costs_section.read_all(COSTS)
    if costs_section.values and kind == "classification":
        findings.warning(costs_section.path, "has no effect on classification: probabilities are held to a threshold")
    costs_section.warn_unknown()
    for name in _NOT_YET:
        if section.get(name) is not None:
            findings.warning(section.at(name), "has no effect yet: only a backtest acts on it, which comes later")
    section.warn_unknown()
    return Decisions(output_format, threshold, costs["round_trip_cost"], costs["min_edge_multiplier"])
