"""What the losses and gradients of the epochs say."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.evaluation.findings import Finding, Run

_RISE = 0.02
_GAP = 0.15
_FALL = 0.01
_FLAT = 0.001
_JUMP = 1.5
_SPIKE = 10.0
_VANISHED = 1e-6


def stopping(run: Run) -> Finding:
    """Say how training ended, and why."""
    epochs, best = len(run.history.epochs), run.history.best_epoch
    figures = {"epochs": epochs, "best_epoch": best}
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
    if run.history.ended_by == "early_stopping":
        return Finding(
            "stopping",
            f"Training stopped early after {epochs} epochs: nothing got better after epoch {best}, which was kept.",
            figures,
            f"{_slower(run)}: the best epoch came at once."
            if best <= 2
            else "Nothing to do: more epochs would not help.",
        )
    losses = _figures(run, "val_loss")
    lowest = best if losses is None else int(losses.argmin()) + 1
    if best == lowest == epochs:
        return Finding(
            "stopping",
            f"All {epochs} epochs were used, and the last one was the best.",
            figures,
            "Raise `epochs`: the model may still have been learning.",
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
        f"All {epochs} epochs were used; epoch {best} was the best and was kept.",
        figures,
        "Nothing to do: the epochs after the best one were tried and dropped.",
    )


def fit(run: Run) -> Finding | None:
    """Say whether the model learned too much or too little; nothing of one epoch, or without both losses.

    Overfitting: after its lowest point the validation loss rose by over 2 % while the train loss fell; or at the kept
    epoch it lies over 15 % above the train loss. Underfitting: the train loss fell by less than 1 % in all.
    """
    train, losses = _figures(run, "train_loss"), _figures(run, "val_loss")
    if train is None or losses is None or len(losses) < 2:
        return None
    lowest = int(losses.argmin())
    places = {"first": 0, "lowest": lowest, "kept": max(run.history.best_epoch, 1) - 1, "last": -1}
    figures = {
        f"{name}_{place}": float(values[row])
        for place, row in places.items()
        for name, values in (("train_loss", train), ("val_loss", losses))
    }
    kept_train, kept = figures["train_loss_kept"], figures["val_loss_kept"]
    if losses[-1] > losses[lowest] * (1 + _RISE) and train[-1] < train[lowest]:
        words = (
            f"Overfitting after epoch {lowest + 1}: the train loss fell on from {train[lowest]:.4g} to "
            f"{train[-1]:.4g} while the validation loss rose from {losses[lowest]:.4g} to {losses[-1]:.4g}."
        )
        ways = "raise `dropout` or `weight_decay`" if _has_gradients(run) else "regularise it more"
        return Finding("fit", words, figures, f"Make the {_learner(run)} smaller, or {ways}.")
    if kept > kept_train * (1 + _GAP):
        words = (
            f"At the kept epoch the validation loss ({kept:.4g}) lies far above the train loss "
            f"({kept_train:.4g}): overfitting, or a market that changed."
        )
        advice = f"Compare the class shares of the parts; if they are alike, make the {_learner(run)} smaller."
        return Finding("fit", words, figures, advice)
    if train[-1] > train[0] * (1 - _FALL):
        words = f"Underfitting: the train loss hardly fell, from {train[0]:.4g} to {train[-1]:.4g}."
        advice = f"Try features that say more; a larger {_learner(run)} or learning rate helps only if they do."
        return Finding("fit", words, figures, advice)
    words = (
        f"Train loss ({kept_train:.4g}) and validation loss ({kept:.4g}) of the kept epoch are of a "
        "piece: neither over- nor underfitting shows."
    )
    return Finding("fit", words, figures, "Nothing to do.")


def plateau(run: Run) -> Finding | None:
    """Say whether the validation loss moved by under 0.1 % over the last third of at least six epochs."""
    losses = _figures(run, "val_loss")
    if losses is None or len(losses) < 6:
        return None
    tail = losses[-(len(losses) // 3) :].tolist()
    moved = (max(tail) - min(tail)) / max(abs(min(tail)), 1e-12)
    if moved > _FLAT:
        return None
    way = "shorten `patience`." if run.history.ended_by == "early_stopping" else "train for fewer `epochs`."
    if _figures(run, "learning_rate") is not None:
        way = f"let the learning rate fall (`lr_scheduler: true`), or {way}"
    return Finding(
        "plateau",
        f"Over the last {len(tail)} epochs the validation loss moved by only {moved:.2%}.",
        {"epochs": len(tail), "relative_movement": moved},
        way[0].upper() + way[1:],
    )


def gradients(run: Run) -> Finding | None:
    """Say whether gradients vanished, an epoch's norm was over 10 medians, or the train loss jumped by half.

    Nothing of what has no gradients.
    """
    norms, losses = (_figures(run, name) for name in ("gradient_norm", "train_loss"))
    if norms is None or losses is None:
        return None
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


def _figures(run: Run, name: str) -> Floats | None:
    """Return a figure of every epoch; None without epochs, or where the history of such a model does not have it."""
    found = [getattr(epoch, name, None) for epoch in run.history.epochs]
    return None if not found or None in found else np.array(found, dtype=np.float64)


def _has_gradients(run: Run) -> bool:
    return _figures(run, "gradient_norm") is not None


def _learner(run: Run) -> str:
    return "network" if _has_gradients(run) else "model"


def _slower(run: Run) -> str:
    return "Make the model smaller" if _figures(run, "learning_rate") is None else "Lower the learning rate"
