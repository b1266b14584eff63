"""Reading ``nn_inputs``: what is fed to the model, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import did_you_mean, shown, unquoted
from ktrdr.domain.strategy.document import FuzzySet, Indicator, NetworkInput, TimeframeChoice
from ktrdr.domain.strategy.reading.indicators import read_reference
from ktrdr.domain.strategy.reading.sections import Findings, Section, named_model

NORMALIZATION = Parameter(
    "normalization",
    "str",
    "none",
    choices=("none", "minmax", "zscore"),
    description="fitted on train rows, raw inputs only",
)
KINDS = ("fuzzy_set", "raw_indicator", "catalogue")


def read_inputs(
    parent: Section,
    fuzzy_sets: Mapping[str, FuzzySet],
    indicators: Mapping[str, Indicator],
    timeframes: TimeframeChoice,
    findings: Findings,
) -> tuple[NetworkInput, ...]:
    """Return the entries that could be read, in order; none before a model that reads none."""
    written = parent.get("nn_inputs")
    model = named_model(parent)
    if model is not None and not model.reads_inputs:
        if written is not None and written != []:
            findings.warning("nn_inputs", f"has no effect: {model.name} reads the returns of the bars alone")
        return ()
    if not isinstance(written, list | tuple) or not written:
        findings.error("nn_inputs", f"is required and must be a non-empty list, found {shown(written)}")
        return ()
    declared_sets, declared_indicators = parent.written("fuzzy_sets"), parent.written("indicators")
    entries: list[NetworkInput] = []
    for index, value in enumerate(written):
        section = Section(value, f"nn_inputs[{index}]", findings)
        if not isinstance(value, Mapping):
            if value is None:
                findings.error(section.path, f"needs exactly one of {', '.join(KINDS)}; found nothing")
            continue
        entry = _read_entry(section, declared_sets, indicators, declared_indicators, timeframes, findings)
        section.warn_unknown()
        if entry is None:
            continue
        if entry.kind != "fuzzy_set" or entry.name in fuzzy_sets:
            entries.append(entry)
    return tuple(entries)


def _read_entry(
    section: Section,
    declared_sets: Mapping[str, Any],
    indicators: Mapping[str, Indicator],
    declared_indicators: Mapping[str, Any],
    timeframes: TimeframeChoice,
    findings: Findings,
) -> NetworkInput | None:
    given = [kind for kind in KINDS if section.get(kind) is not None]
    spans = _read_timeframes(section, timeframes, findings)
    normalization = _read_normalization(section, findings)
    if len(given) != 1:
        findings.error(section.path, f"needs exactly one of {', '.join(KINDS)}; found {', '.join(given) or 'none'}")
        return None
    kind, name, path = given[0], section.get(given[0]), section.at(given[0])
    if kind == "catalogue":
        return _catalogue_entry(name, path, spans, normalization, findings)
    if kind == "fuzzy_set":
        if normalization != "none":
            findings.warning(section.at("normalization"), "has no effect on a fuzzy set: memberships lie in 0..1")
        if not declared_sets and findings.refused("fuzzy_sets"):
            return None
        if not isinstance(name, str) or name not in declared_sets:
            known = ", ".join(declared_sets)
            hint = did_you_mean(name, declared_sets)
            findings.error(path, f"fuzzy set {shown(name)} is not defined; defined: {known}{hint}{unquoted(name)}")
            return None
        return NetworkInput("fuzzy_set", name, spans)
    reference = read_reference(name, path, indicators, declared_indicators, findings)
    if reference is None:
        return None
    return NetworkInput("raw_indicator", reference.text, spans, reference, normalization)


def _catalogue_entry(
    name: Any, path: str, spans: tuple[str, ...], normalization: Any, findings: Findings
) -> NetworkInput | None:
    if isinstance(name, str) and name in CATALOGUES:
        return NetworkInput("catalogue", name, spans, normalization=normalization)
    hint = did_you_mean(name, CATALOGUES)
    findings.error(path, f"feature catalogue {shown(name)} is not known; allowed: {', '.join(CATALOGUES)}{hint}")
    return None


def needed_definitions(parent: Section) -> tuple[bool, bool]:
    """Return whether the inputs need indicators, and whether they need fuzzy sets; a catalogue needs neither."""
    written, model = parent.values.get("nn_inputs"), named_model(parent)
    if model is not None and not model.reads_inputs:
        return False, False
    if not isinstance(written, list | tuple) or not written:
        return True, True
    kinds = {kind for entry in written if isinstance(entry, Mapping) for kind in KINDS if entry.get(kind) is not None}
    return kinds != {"catalogue"}, "fuzzy_set" in kinds


def _read_normalization(section: Section, findings: Findings) -> Any:
    value = section.get("normalization")
    message = None if value is None else fault(NORMALIZATION, value)
    if message:
        findings.error(section.at("normalization"), message)
    return "none" if value is None or message else coerced(NORMALIZATION, value)


def _read_timeframes(section: Section, timeframes: TimeframeChoice, findings: Findings) -> tuple[str, ...]:
    value = section.get("timeframes")
    if value is None or value == "all":
        return timeframes.timeframes
    names = [value] if isinstance(value, str) else value
    path = section.at("timeframes")
    if not isinstance(names, list | tuple) or not names:
        findings.error(path, f"must be all, a timeframe or a list of timeframes, found {shown(value)}")
        return timeframes.timeframes
    if "all" in names:
        findings.error(path, f"write all alone, not in a list; found {shown(value)}")
        return timeframes.timeframes
    for name in names:
        if name not in timeframes.timeframes and not findings.refused("training_data", "training_data.timeframes"):
            allowed = ", ".join(timeframes.timeframes)
            findings.error(path, f"timeframe {shown(name)} is not among the strategy's; allowed: all, {allowed}")
    texts = [name for name in names if isinstance(name, str)]
    if len(set(texts)) < len(texts):
        findings.error(path, f"lists a timeframe twice: {shown(value)}")
    return tuple(dict.fromkeys(texts))
