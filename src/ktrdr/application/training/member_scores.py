"""The members of an ensemble beside it: each one's own loss on the same test rows."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import Fitted
from ktrdr.domain.evaluation.evaluate import Evaluation
from ktrdr.domain.evaluation.losses import primary_loss
from ktrdr.domain.training.settings import ModelSpec


def member_scores(prepared: Prepared, fitted: Fitted, shipped: Evaluation, spec: ModelSpec) -> list[dict[str, Any]]:
    """Return one entry per member of the shipped model, in their order; none where it is not made of several.

    Returns
    -------
    list of dict
        ``name``; ``type``, None for what needs no features; ``loss``: mean of the verdict's loss over the test rows;
        ``difference``: from the verdict's baseline, below 0 is better; ``share``: what the member counts, None where
        members have no shares; ``epochs`` and ``best_epoch`` of its fit.
    """
    model, test = fitted.shipped, prepared.split.test
    loss = primary_loss(shipped.primary, prepared.pool.target)
    truth: NDArray[Any] = prepared.pool.labels_of(test)
    types = {member.name: member.model.type for member in spec.members}
    scores = []
    for name, member in model.members.items():
        own = float(loss.rows(truth, fitted.inference.outputs(member, prepared.pool.values, test)).mean())
        scores.append(
            {
                "name": name,
                "type": types.get(name),
                "loss": own,
                "difference": own - shipped.verdict.baseline_loss,
                "share": model.shares.get(name),
                "epochs": len(member.history.epochs),
                "best_epoch": member.history.best_epoch,
            }
        )
    return scores
