"""Reading ``training.forecast_steps``: which numbers of bars ahead one network forecasts at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.labels import LABELS, LabelSpec
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.training import COMBINATION, FORECAST_STEPS, MOST_STEPS, REPTILE
from ktrdr.domain.catalogue.values import fault
from ktrdr.domain.errors import shown
from ktrdr.domain.strategy.reading.sections import Findings, Section

_PATH = f"training.{FORECAST_STEPS.name}"


def check_steps(
    settings: Mapping[str, Any], spec: LabelSpec | None, labels: Mapping[str, Any], findings: Findings
) -> None:
    """Refuse steps that are no numbers of bars which these labels look ahead, or that leave out the labels' own.

    Parameters
    ----------
    settings : mapping
        Those of ``training``.
    spec : LabelSpec or None
        None where the labels are refused.
    labels : mapping
        Their parameters.
    findings : Findings
    """
    steps = settings.get(FORECAST_STEPS.name)
    if not steps or spec is None or findings.refused(_PATH):
        return
    message = _wrong(list(steps), spec, labels)
    if message is None and settings.get(COMBINATION.name) == REPTILE:
        message = f"a start that is learned by combination: {REPTILE} forecasts one step; leave it out"
    if message is not None:
        findings.error(_PATH, message)


def refuse_steps(section: Section) -> None:
    """Refuse steps of a model made of members."""
    if FORECAST_STEPS.name in section:
        section.know(FORECAST_STEPS.name)
        able = ", ".join(item.name for item in MODEL_TYPES.values() if item.forecasts_steps)
        message = f"a model of members forecasts one step; types that forecast several, alone: {able}"
        section.findings.error(section.at(FORECAST_STEPS.name), message)


def _wrong(steps: list[int], spec: LabelSpec, labels: Mapping[str, Any]) -> str | None:
    if not spec.step:
        able = ", ".join(sorted({one.source for specs in LABELS.values() for one in specs if one.step}))
        return f"labels of {spec.source} do not look a number of bars ahead; those that do: {able}"
    if len(set(steps)) < len(steps):
        return f"lists a number of bars twice: {shown(steps)}"
    if len(steps) > MOST_STEPS:
        return f"names {len(steps)} numbers of bars; at most {MOST_STEPS} are allowed"
    parameter = next(item for item in spec.parameters if item.name == spec.step)
    for step in steps:
        if problem := fault(parameter, step):
            return f"{step} is no {spec.step} of labels of {spec.source}: it {problem}"
    own = labels[spec.step]
    if own not in steps:
        whole = sorted({*steps, own})
        return f"must hold training.labels.{spec.step}, {own}, whose forecasts decide: write {whole}"
    return None
