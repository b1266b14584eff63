"""Reading ``quality``: how much the rules of data quality let pass, and what is done about the rest."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits, limit_problems, read_limits
from ktrdr.domain.strategy.document import Setting, Strategy
from ktrdr.domain.strategy.reading.sections import Findings, Section

SECTION = "quality"


def read_quality(parent: Section, findings: Findings) -> QualityLimits:
    """Return what is said of the rules; problems go into `findings`."""
    section = parent.section(SECTION)
    values = {name: value for name, value in section.values.items() if value is not None}
    wrong = list(limit_problems(values))
    for path, message in wrong:
        findings.error(section.at(path), message)
    if wrong:
        return DEFAULT_LIMITS
    limits = read_limits(values, SECTION)
    for name, said in limits.as_dict().items():
        for key, value in said.items():
            findings.setting(section.at(f"{name}.{key}"), value, SECTION)
    return limits


def with_limits(strategy: Strategy, below: QualityLimits, origin: str) -> Strategy:
    """Return the strategy with the limits of another place for the rules that it does not name itself."""
    added = {name: said for name, said in below.as_dict().items() if name not in strategy.quality.rules}
    settings = [
        Setting(f"{SECTION}.{name}.{key}", value, origin) for name, said in added.items() for key, value in said.items()
    ]
    return replace(strategy, quality=strategy.quality.over(below), settings=(*strategy.settings, *settings))
