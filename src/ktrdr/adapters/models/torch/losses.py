"""Losses: what a network is fitted to make small, with class and sample weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.training import LOSSES
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.model import FitTask

Loss = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Raw outputs, shape (n_samples, n_outputs), targets and sample weights (None: all the same) to a weighted mean.

Targets may be the shares of `make_shares` instead, shape (n_samples, n_classes).
"""
Shares = Callable[[Tensor, Tensor, list[int]], Tensor]
"""Targets, sample weights and the sizes of batches to what each class of each sample counts in its batch's loss."""
_LEAST_DOUBT = 1e-7
_LEAST_WEIGHT = 1e-30


def make_loss(task: FitTask, device: torch.device) -> Loss:
    """Return the task's loss: the mean over samples, each weighted by its class's weight times its own.

    Raises
    ------
    InvalidInput
        If the loss does not fit the kind of target.
    """
    settings, target = task.settings, task.target
    allowed = LOSSES[target.kind]
    if settings.loss not in allowed:
        raise InvalidInput(f"loss {settings.loss!r} does not fit {target.kind}; allowed: {', '.join(allowed)}")
    if task.steps:
        of_step = [None] * len(task.steps) if task.class_weights is None else list(task.class_weights)
        return _of_steps([_loss_of(task, device, weights) for weights in of_step])
    return _loss_of(task, device, task.class_weights)


def _loss_of(task: FitTask, device: torch.device, class_weights: Floats | None) -> Loss:
    settings = task.settings
    if not task.target.is_classification:
        return _of_values(settings.loss, settings.huber_delta)
    of_class = None
    if class_weights is not None:
        of_class = torch.tensor(class_weights, dtype=torch.float32, device=device)
    return _of_classes(of_class, settings.focal_gamma if settings.loss == "focal" else None)


def _of_steps(of_step: Sequence[Loss]) -> Loss:
    """Return the mean of the losses of the steps, each over its own rows; a step without any in a batch adds 0."""

    def loss(outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        counts: Sequence[Tensor | None] = [None] * len(of_step) if weights is None else weights.unbind(1)
        parts = zip(of_step, outputs.chunk(len(of_step), 1), targets.unbind(1), counts, strict=True)
        return torch.stack([one(made, true, count) for one, made, true, count in parts]).mean()

    return loss


def make_shares(task: FitTask, device: torch.device) -> Shares | None:
    """Return how weighted samples become targets of a cross entropy, which costs no more than an unweighted one.

    None where the samples have no weights, or the loss is another. A target, shape (n_classes,), holds minus the
    sample's share of its batch's weight at its class and 0 elsewhere; the loss is the sum of its products with the log
    probabilities.
    """
    if (
        task.steps
        or task.train.weights is None
        or not task.target.is_classification
        or task.settings.loss != "cross_entropy"
    ):
        return None
    n_classes = len(task.target.classes)
    known = np.ones(n_classes) if task.class_weights is None else task.class_weights
    of_class = torch.tensor(known, dtype=torch.float32, device=device)

    def shares(targets: Tensor, weights: Tensor, sizes: list[int]) -> Tensor:
        counted = weights * of_class[targets]
        ends = torch.tensor(sizes, device=device).cumsum(0)
        of_batch = torch.segment_reduce(counted, "sum", lengths=torch.tensor(sizes, device=device))
        places = torch.arange(len(targets), device=device)
        totals = of_batch[torch.bucketize(places, ends, right=True)]
        made = torch.zeros(len(targets), n_classes, device=device)
        return made.scatter_(1, targets[:, None], -(counted / totals)[:, None])

    return shares


def _of_classes(of_class: Tensor | None, gamma: float | None) -> Loss:
    def loss(outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        if targets.ndim == 2:
            return (torch.log_softmax(outputs, 1) * targets).sum()
        if weights is None and gamma is None:
            return functional.cross_entropy(outputs, targets, weight=of_class)
        rows = functional.cross_entropy(outputs, targets, reduction="none")
        if gamma is not None:
            rows = focal(rows, gamma)
        if of_class is not None:
            weights = of_class[targets] if weights is None else of_class[targets] * weights
        return _mean(rows, weights)

    return loss


def focal(cross_entropy: Tensor, gamma: float) -> Tensor:
    """Return the focal loss ``(1 - p) ** gamma * -log(p)`` of each row from its cross entropy ``-log(p)``.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollar (2017), Focal loss for dense object detection.
    """
    doubt = -torch.expm1(-cross_entropy)
    return doubt.clamp_min(_LEAST_DOUBT) ** gamma * cross_entropy


def _of_values(name: str, delta: float) -> Loss:
    def rows(outputs: Tensor, targets: Tensor, reduction: str) -> Any:
        values = outputs.squeeze(1)
        if name == "mse":
            return functional.mse_loss(values, targets, reduction=reduction)
        return functional.huber_loss(values, targets, reduction=reduction, delta=delta)

    def loss(outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        if weights is None:
            mean: Tensor = rows(outputs, targets, "mean")
            return mean
        return _mean(rows(outputs, targets, "none"), weights)

    return loss


def _mean(rows: Tensor, weights: Tensor | None) -> Tensor:
    return rows.mean() if weights is None else (rows * (weights / weights.sum().clamp_min(_LEAST_WEIGHT))).sum()
