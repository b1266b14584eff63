"""What the losses and gradients of the epochs say."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.evaluation.findings import Finding, Run

_RISE = 0.02
_GAP = 0.15
_FALL = 0.01
_FLAT = 0.001
_JUMP = 1.5
_SPIKE = 10.0
_VANISHED = 1e-6
_EARLY = "Lower the learning rate: the best epoch came at once."


def stopping(run: Run) -> Finding:
    """Say how training ended, and why."""
    epochs, best = len(run.history.epochs), run.history.best_epoch
    figures = {"epochs": epochs, "best_epoch": best}
    if run.model.of_members:
        said = "See the report: a member that used all of its epochs may still have been learning."
        return Finding("stopping", "The members were trained one by one, each with epochs of its own.", figures, said)
    if run.history.ended_by == "no_epochs" or epochs == 0:
        return Finding(
            "stopping", "The model was not trained in epochs.", figures, "Nothing to do: its settings decide."
        )
    if epochs == 1:
        return Finding(
            "stopping",
            "Training took one epoch: this tries the plumbing, it says nothing about what the model could learn.",
            figures,
            "Train for more epochs; early stopping ends them in time.",
        )
    lower, found = _lower_than_kept(run)
    if run.history.ended_by == "early_stopping":
        return Finding(
            "stopping",
            f"Training stopped early after {epochs} epochs: nothing got better after epoch {best}, which was kept"
            f"{lower}.",
            figures | found,
            _EARLY if best <= 2 else "Nothing to do: more epochs would not help.",
        )
    lowest = min(run.history.epochs, key=lambda epoch: epoch.val_loss).number
    if best == lowest == epochs:
        return Finding(
            "stopping",
            f"All {epochs} epochs were used, and the last one was the best.",
            figures,
            f"Raise `{run.model.advice.passes}`: the model may still have been learning.",
        )
    if best == epochs:
        return Finding(
            "stopping",
            f"All {epochs} epochs were used and the last one was kept, although epoch {lowest} had the lowest "
            "validation loss.",
            figures | {"lowest_val_loss_epoch": lowest},
            "Enable `early_stopping` on val_loss, which keeps the best epoch.",
        )
    return Finding(
        "stopping",
        f"All {epochs} epochs were used; epoch {best} was the best and was kept{lower}.",
        figures | found,
        "Nothing to do: the epochs after the best one were tried and dropped.",
    )


def _lower_than_kept(run: Run) -> tuple[str, dict[str, float]]:
    """Say which epoch had a lower validation loss than the kept one, and its figures; nothing where none had."""
    lowest = min(run.history.epochs, key=lambda epoch: epoch.val_loss)
    gap = run.kept.val_loss - lowest.val_loss
    if gap <= 0 or not run.history.best_epoch:
        return "", {}
    words = (
        f", although the validation loss of epoch {lowest.number} was lower by {gap:.2g}: by `min_delta` and `monitor` "
        "that does not count as better"
    )
    return words, {"lowest_val_loss_epoch": lowest.number, "val_loss_above_lowest": gap}


def fit(run: Run) -> Finding | None:
    """Say whether the model learned too much or too little; of one epoch nothing can be said.

    Overfitting: after its lowest point the validation loss rose by over 2 % while the train loss fell; or at the kept
    epoch it lies over 15 % above the train loss. Underfitting: the train loss fell by less than 1 % in all.
    """
    epochs = run.history.epochs
    if len(epochs) < 2:
        return None
    first, kept, last = epochs[0], run.kept, epochs[-1]
    lowest = min(epochs, key=lambda epoch: epoch.val_loss)
    figures = {
        f"{loss}_{name}": getattr(epoch, loss)
        for name, epoch in (("first", first), ("lowest", lowest), ("kept", kept), ("last", last))
        for loss in ("train_loss", "val_loss")
    }
    if last.val_loss > lowest.val_loss * (1 + _RISE) and last.train_loss < lowest.train_loss:
        words = (
            f"Overfitting after epoch {lowest.number}: the train loss fell on from {lowest.train_loss:.4g} to "
            f"{last.train_loss:.4g} while the validation loss rose from {lowest.val_loss:.4g} to {last.val_loss:.4g}."
        )
        advice = run.model.advice
        return Finding("fit", words, figures, f"{_sentence(advice.simpler)}, or {advice.restrained}.")
    if kept.val_loss > kept.train_loss * (1 + _GAP):
        words = (
            f"At the kept epoch the validation loss ({kept.val_loss:.4g}) lies far above the train loss "
            f"({kept.train_loss:.4g}): overfitting, or a market that changed."
        )
        said = f"Compare the class shares of the parts; if they are alike, {run.model.advice.simpler}."
        return Finding("fit", words, figures, said)
    if last.train_loss > first.train_loss * (1 - _FALL):
        words = f"Underfitting: the train loss hardly fell, from {first.train_loss:.4g} to {last.train_loss:.4g}."
        said = f"Try features that say more; {run.model.advice.larger} helps only if they do."
        return Finding("fit", words, figures, said)
    words = (
        f"Train loss ({kept.train_loss:.4g}) and validation loss ({kept.val_loss:.4g}) of the kept epoch are of a "
        "piece: neither over- nor underfitting shows."
    )
    return Finding("fit", words, figures, "Nothing to do.")


def plateau(run: Run) -> Finding | None:
    """Say whether the validation loss moved by under 0.1 % over the last third of at least six epochs."""
    losses = [epoch.val_loss for epoch in run.history.epochs]
    if len(losses) < 6:
        return None
    tail = losses[-(len(losses) // 3) :]
    moved = (max(tail) - min(tail)) / max(abs(min(tail)), 1e-12)
    if moved > _FLAT:
        return None
    said = (
        "shorten `patience`."
        if run.history.ended_by == "early_stopping"
        else f"train for fewer `{run.model.advice.passes}`."
    )
    if "lr_scheduler" in run.model.sections:
        said = f"let the learning rate fall (`lr_scheduler: true`), or {said}"
    return Finding(
        "plateau",
        f"Over the last {len(tail)} epochs the validation loss moved by only {moved:.2%}.",
        {"epochs": len(tail), "relative_movement": moved},
        _sentence(said),
    )


def gradients(run: Run) -> Finding | None:
    """Say whether gradients vanished, an epoch's norm was over 10 medians, or the train loss jumped by half.

    Of a model without gradients nothing can be said.
    """
    epochs = run.history.epochs
    norms = np.array([epoch.gradient_norm for epoch in epochs if epoch.gradient_norm is not None])
    if not epochs or len(norms) < len(epochs):
        return None
    losses = np.array([epoch.train_loss for epoch in epochs])
    median, largest = float(np.median(norms)), float(norms.max())
    figures = {"median_gradient_norm": median, "largest_gradient_norm": largest}
    if median < _VANISHED:
        return Finding(
            "gradients",
            f"Gradients have all but vanished (median norm {median:.2g}): the weights no longer move.",
            figures,
            "Use `relu` or `gelu`, `batch_norm`, or fewer layers.",
        )
    if largest > _SPIKE * median or (losses[1:] > _JUMP * losses[:-1]).any():
        return Finding(
            "gradients",
            f"Training was unstable: the largest gradient norm of an epoch was {largest:.3g}, the median {median:.3g}.",
            figures,
            "Lower the learning rate, or `gradient_clip`.",
        )
    return None


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]
