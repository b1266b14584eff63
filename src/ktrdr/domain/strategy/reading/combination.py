"""Reading how a pooled model weighs its symbols: ``training.combination``, and ``training.reptile`` beside it."""

from __future__ import annotations

from typing import Any

from ktrdr.domain.catalogue.labels import LABELS, LabelSpec
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.training import COMBINATION, LEARNING_TO_LEARN, REPTILE
from ktrdr.domain.strategy.reading.sections import Findings, Section, read_layered


def read_combination(
    layers: list[tuple[Section, str]], model: ModelType, labels: LabelSpec | None, findings: Findings
) -> dict[str, Any]:
    """Return ``combination`` and, of reptile, its own settings, by dotted name; nothing where the document is silent.

    Parameters
    ----------
    layers : list of (Section, str)
        Where ``training`` may stand, and what each is called.
    model : ModelType
    labels : LabelSpec or None
        None where they are refused.
    findings : Findings
    """
    nested = [(section.section(REPTILE), origin) for section, origin in layers]
    given = [section for section, _ in nested if section.given]
    path = f"training.{COMBINATION.name}"
    found: dict[str, Any] = {}
    if any(COMBINATION.name in section for section, _ in layers):
        found[COMBINATION.name] = read_layered(COMBINATION, layers, path, findings)
    if found.get(COMBINATION.name) != REPTILE:
        for section in given:
            if not findings.refused(path):
                findings.error(section.path, f"is about combination: {REPTILE}, which is not asked for")
        return found
    if message := cannot_start(model):
        findings.error(path, message)
    for item in LEARNING_TO_LEARN:
        found[f"{REPTILE}.{item.name}"] = read_layered(item, nested, f"training.{REPTILE}.{item.name}", findings)
    if found[f"{REPTILE}.tasks"] == "regimes" and labels is not None and not labels.knows_now:
        known = sorted({spec.source for specs in LABELS.values() for spec in specs if spec.knows_now})
        message = f"regimes: labels of {labels.source} do not say which one it is; those that do: {', '.join(known)}"
        findings.error(f"training.{REPTILE}.tasks", message)
    for section in given:
        section.warn_unknown({item.name for item in LEARNING_TO_LEARN})
    return found


def cannot_start(model: ModelType) -> str:
    """Return why reptile makes no sense with a type of model; nothing where it does."""
    if model.can_begin:
        return ""
    others = ", ".join(item.name for item in MODEL_TYPES.values() if item.can_begin)
    return f"{REPTILE} learns weights to begin with, and {model.name} begins with none; types that do: {others}"
