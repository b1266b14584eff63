"""What a run's figures mean, in words: findings, each with its figures and one thing to try."""

from __future__ import annotations

from ktrdr.domain.evaluation.findings import Finding, Run
from ktrdr.domain.evaluation.learning_findings import fit, gradients, plateau, stopping
from ktrdr.domain.evaluation.outcome_findings import classes, forecasts, generalisation, leak, seeds, shift

CHECKS = (leak, stopping, fit, plateau, gradients, classes, shift, forecasts, generalisation, seeds)


def diagnose(run: Run) -> list[Finding]:
    """Return what there is to say of a run, never nothing: how it ended always, the rest where the figures speak."""
    return [finding for check in CHECKS if (finding := check(run)) is not None]
