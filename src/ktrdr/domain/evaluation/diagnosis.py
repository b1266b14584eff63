"""What a run's figures mean, in words: findings, each with its figures and one thing to try."""

from __future__ import annotations

from ktrdr.domain.evaluation.findings import Finding, Run
from ktrdr.domain.evaluation.learning_findings import fit, gradients, plateau, stopping
from ktrdr.domain.evaluation.outcome_findings import classes, episodes, forecasts, generalisation, leak, seeds, shift

CHECKS = (stopping, fit, plateau, gradients, classes, episodes, shift, forecasts, generalisation, seeds)
ABOUT_DATA = (classes, episodes, shift)
"""What is true and of use of a run whose figures are not believable, too."""


def diagnose(run: Run) -> list[Finding]:
    """Return what there is to say of a run, never nothing: how it ended always, the rest where the figures speak.

    Where a leak is suspected, only that and what the data say of themselves.
    """
    suspected = leak(run)
    checks, first = (CHECKS, []) if suspected is None else (ABOUT_DATA, [suspected])
    return first + [finding for check in checks if (finding := check(run)) is not None]
