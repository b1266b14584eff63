"""Reading ``indicators``, and references to their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec, find_indicator, plain_name
from ktrdr.domain.catalogue.indicators.scale import SCALE, contradiction
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import did_you_mean, shown, unquoted
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.strategy.document import Indicator, Reference
from ktrdr.domain.strategy.reading.context_data import read_data_source
from ktrdr.domain.strategy.reading.sections import Findings, Section

_LOOKS_AHEAD = ("zigzag",)


def read_indicators(
    parent: Section, sources: Sequence[ContextSource], findings: Findings, *, required: bool = True
) -> dict[str, Indicator]:
    """Return the named indicators that could be read, with every parameter filled in.

    `sources` are what ``data_source`` may name; without `required` there may be no indicator at all.
    """
    section = parent.section("indicators")
    if not section.values and required:
        findings.error("indicators", "is required and names at least one indicator")
    section.refuse_empty_names()
    indicators = {}
    for name, value in section.values.items():
        if value is not None and not isinstance(value, Mapping):
            section.section(name)
            continue
        indicator = _read_indicator(section.section(name), sources, findings)
        if indicator is not None:
            indicators[name] = indicator
    _refuse_ambiguous(section, indicators)
    return indicators


def _refuse_ambiguous(section: Section, indicators: Mapping[str, Indicator]) -> None:
    """Refuse an id that reads as an output of another indicator: what refers to it may mean either."""
    for name in indicators:
        other, _, output = name.rpartition(".")
        if other in indicators and output in INDICATORS[indicators[other].type].outputs:
            message = f"is also how output {output!r} of indicator {other!r} is referred to; give it another id"
            section.findings.error(section.at(name), message)


def _read_indicator(section: Section, sources: Sequence[ContextSource], findings: Findings) -> Indicator | None:
    if "type" not in section:
        _refuse_without_type(section)
        return None
    written = section.text("type")
    spec = find_indicator(written)
    if spec is None:
        if plain_name(written) in _LOOKS_AHEAD:
            findings.error(section.at("type"), f"{written!r} looks ahead: it may label (training.labels), never feed")
        elif written:
            hint = did_you_mean(written, _known_names()) or f"; known: {', '.join(sorted(INDICATORS))}"
            findings.error(section.at("type"), f"indicator type {written!r} is not known{hint}")
        return None
    parameters = _read_parameters(section, spec, findings)
    readable = not any(problem.path.startswith("context_data") for problem in findings.errors)
    data_source = read_data_source(section, sources, readable)
    parameters |= _read_scale(section, spec, data_source, findings)
    section.warn_unknown()
    wrong = None if spec.check is None or findings.refused_within(section.path) else spec.check(parameters)
    if wrong:
        findings.error(section.path, section.with_defaults(wrong, spec.parameters))
    return Indicator(spec.name, parameters, data_source)


def _read_scale(section: Section, spec: IndicatorSpec, data_source: str | None, findings: Findings) -> dict[str, Any]:
    """Return the scale as a parameter; nothing where values stay as they are.

    A number is none: where a parameter has ``scale`` as another name, it means that parameter.
    """
    written = section.get(SCALE.name)
    another = any(SCALE.name in parameter.aliases for parameter in spec.parameters)
    if written is None or written == SCALE.default or (another and not isinstance(written, str)):
        return {}
    message = fault(SCALE, written) or contradiction(coerced(SCALE, written), spec.scale, spec.name)
    if data_source is not None:
        message = "a context series is the same for all symbols, and is not scaled"
    if message:
        findings.error(section.at(SCALE.name), message)
        return {}
    scale = coerced(SCALE, written)
    return {} if scale == SCALE.default else {SCALE.name: scale}


def _refuse_without_type(section: Section) -> None:
    """Ask for the type, and say under which other key there is one."""
    section.know("type", "data_source")
    written = ((key, value, find_indicator(value)) for key, value in section.values.items() if isinstance(value, str))
    key, value, spec = next((item for item in written if item[2] is not None), ("", "", None))
    if spec is None:
        section.findings.error(section.at("type"), "is required, such as type: rsi")
        return
    lower = "; keys are written in lower case" if key.casefold() == "type" else ""
    section.findings.error(section.at("type"), f"is required: found {key!r}, write type: {value}{lower}")
    section.know(*(name for item in spec.parameters for name in (item.name, *item.aliases)))
    section.warn_unknown()


def _read_parameters(section: Section, spec: IndicatorSpec, findings: Findings) -> dict[str, Any]:
    values = {}
    for parameter in spec.parameters:
        scaled = isinstance(section.get(SCALE.name), str)
        aliases = (alias for alias in parameter.aliases if not (scaled and alias == SCALE.name))
        written = section.get(parameter.name, *aliases)
        message = None if written is None else fault(parameter, written)
        if message:
            findings.error(section.at(section.spelling(parameter)), message)
        values[parameter.name] = parameter.default if written is None or message else coerced(parameter, written)
    return values


def _known_names() -> list[str]:
    return [name for spec in INDICATORS.values() for name in (spec.name, *spec.aliases)]


def read_reference(
    value: Any, path: str, indicators: Mapping[str, Indicator], declared: Mapping[str, Any], findings: Findings
) -> Reference | None:
    """Return the indicator output that ``id`` or ``id.output`` means.

    Parameters
    ----------
    value : object
        As written.
    path : str
    indicators : mapping
        The indicators that could be read.
    declared : mapping
        All ids under ``indicators``, so that a faulty one is not reported twice.
    findings : Findings
    """
    if not isinstance(value, str) or not value:
        findings.error(path, f"must name an indicator, found {shown(value)}{unquoted(value)}")
        return None
    name, _, output = (value, "", "") if value in declared else value.rpartition(".")
    if name not in declared and findings.refused("indicators"):
        return None
    if name not in declared:
        known = ", ".join(declared)
        findings.error(path, f"indicator {value!r} is not defined; defined: {known}{did_you_mean(value, declared)}")
        return None
    if name not in indicators:
        return None
    outputs = INDICATORS[indicators[name].type].outputs
    if output and not outputs:
        findings.error(path, f"{name!r} has a single output; write {name!r} without {'.' + output!r}")
        return None
    if output and output not in outputs:
        hint = did_you_mean(output, outputs)
        findings.error(path, f"{name!r} has no output {output!r}; allowed: {', '.join(outputs)}{hint}")
        return None
    return Reference(name, output or INDICATORS[indicators[name].type].primary, value)
