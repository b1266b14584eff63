"""Reading ``fuzzy_sets``: memberships over an indicator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.memberships import MEMBERSHIPS, SHORTHAND
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.values import coerced, fault, is_number, quoted_number
from ktrdr.domain.errors import did_you_mean, shown
from ktrdr.domain.strategy.document import FuzzySet, Indicator, MembershipFunction
from ktrdr.domain.strategy.reading.indicators import read_reference
from ktrdr.domain.strategy.reading.sections import Findings, Section

LEARNABLE = Parameter("learnable", "bool", False, description="let a neural model tune the parameters")
_NOT_MEMBERSHIPS = ("indicator", "learnable")


def read_fuzzy_sets(
    parent: Section, indicators: Mapping[str, Indicator], findings: Findings, *, required: bool = True
) -> dict[str, FuzzySet]:
    """Return the named fuzzy sets that could be read; without `required` there may be none."""
    section = parent.section("fuzzy_sets")
    if not section.values and required:
        findings.error("fuzzy_sets", "is required and names at least one fuzzy set")
    declared = parent.written("indicators")
    section.refuse_empty_names()
    sets = {}
    for name in section.values:
        fuzzy_set = _read_fuzzy_set(section.section(name), indicators, declared, findings)
        if fuzzy_set is not None:
            sets[name] = fuzzy_set
    return sets


def _read_fuzzy_set(
    section: Section, indicators: Mapping[str, Indicator], declared: Mapping[str, Any], findings: Findings
) -> FuzzySet | None:
    reference = None
    if section.get("indicator") is None:
        findings.error(section.at("indicator"), "is required: the indicator that the memberships lie over")
    else:
        path = section.at("indicator")
        reference = read_reference(section.get("indicator"), path, indicators, declared, findings)
    learnable = _read_learnable(section, findings)
    section.refuse_empty_names()
    names = [name for name in section.values if name not in _NOT_MEMBERSHIPS]
    if not names:
        findings.error(section.path, "needs at least one membership, such as oversold: [0, 20, 35]")
    memberships = [read_membership(name, section.get(name), section.at(name), findings) for name in names]
    if reference is None or not names or None in memberships:
        return None
    return FuzzySet(reference, tuple(item for item in memberships if item is not None), learnable)


def _read_learnable(section: Section, findings: Findings) -> bool:
    value = section.get("learnable")
    message = None if value is None else fault(LEARNABLE, value)
    if message:
        findings.error(section.at("learnable"), message)
    return False if value is None or message else bool(coerced(LEARNABLE, value))


def read_membership(name: str, value: Any, path: str, findings: Findings) -> MembershipFunction | None:
    """Return the membership function that a list or ``{type, parameters}`` means; None with its faults noted."""
    if isinstance(value, list | tuple):
        kind, numbers = SHORTHAND.get(len(value)), value
        if kind is None:
            forms = ", ".join(f"{count} numbers ({kind})" for count, kind in sorted(SHORTHAND.items()))
            findings.error(path, f"a bare list takes {forms}; found {len(value)}")
            return None
    else:
        kind, numbers = _typed(value, path, findings)
    if kind is None:
        return None
    spec = MEMBERSHIPS[kind]
    wrong = [item for item in numbers if not is_number(item)]
    if wrong:
        findings.error(path, f"parameters must be numbers, found {shown(wrong[0])}{quoted_number(wrong[0])}")
        return None
    parameters = tuple(float(item) for item in numbers)
    message = spec.check(parameters)
    if message:
        findings.error(path, message)
        return None
    return MembershipFunction(name, kind, parameters)


def _typed(value: Any, path: str, findings: Findings) -> tuple[str | None, Any]:
    """Return type and parameters of ``{type, parameters}``."""
    if not isinstance(value, Mapping):
        findings.error(path, f"must be a list of numbers or {{type, parameters}}, found {shown(value)}")
        return None, ()
    section = Section(value, path, findings)
    kind = section.text("type", required=True).casefold()
    numbers = section.get("parameters")
    section.warn_unknown()
    if kind not in MEMBERSHIPS:
        if kind:
            allowed = f"allowed: {', '.join(MEMBERSHIPS)}{did_you_mean(kind, MEMBERSHIPS)}"
            findings.error(section.at("type"), f"membership type {kind!r} is not known; {allowed}")
        return None, ()
    wanted = MEMBERSHIPS[kind].parameters
    if isinstance(numbers, Mapping):
        return _named(kind, Section(numbers, section.at("parameters"), findings))
    if not isinstance(numbers, list | tuple):
        found = "is required:" if numbers is None else f"found {shown(numbers)}; must be"
        findings.error(section.at("parameters"), f"{found} a list [{', '.join(wanted)}]")
        return None, ()
    return kind, numbers


def _named(kind: str, section: Section) -> tuple[str | None, Any]:
    """Return type and parameters where each parameter is given by its name."""
    wanted = MEMBERSHIPS[kind].parameters
    numbers = [section.get(name) for name in wanted]
    section.warn_unknown()
    missing = [name for name, number in zip(wanted, numbers, strict=True) if number is None]
    if missing:
        section.findings.error(section.path, f"{kind} takes {', '.join(wanted)}; missing: {', '.join(missing)}")
        return None, ()
    return kind, numbers
