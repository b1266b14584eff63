"""How gradients move weights: each optimizer works on all weights of a network as one flat vector.

The rules and defaults are those of ``torch.optim``; one flat vector and no per-step bookkeeping make a step of a small
network several times cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

Step = Callable[[float], object]
"""Moves the weights once, by the learning rate given."""


@dataclass(frozen=True, slots=True)
class Optimizer:
    """A step, and the tensors that it remembers from one step to the next."""

    step: Step
    memory: tuple[Tensor, ...] = ()


def flatten(network: nn.Module) -> tuple[Tensor, Tensor]:
    """Let all parameters and their gradients be views into two vectors, and return these.

    Returns
    -------
    weights, gradients : Tensor, shape (n_parameters,)
        Writing them writes the network's parameters and ``.grad``.
    """
    parameters = list(network.parameters())
    weights = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    gradients = torch.zeros_like(weights)
    sizes = [parameter.numel() for parameter in parameters]
    for parameter, values, slots in zip(
        parameters, torch.split(weights, sizes), torch.split(gradients, sizes), strict=True
    ):
        parameter.data = values.view_as(parameter)
        parameter.grad = slots.view_as(parameter)
    return weights, gradients


def _adam(weights: Tensor, gradients: Tensor, weight_decay: float, *, fused: Callable[..., Any]) -> Optimizer:
    """Adam (Kingma and Ba, 2015), or AdamW (Loshchilov and Hutter, 2019), in one fused pass."""
    mean, square, count = torch.zeros_like(weights), torch.zeros_like(weights), weights.new_zeros(())
    update = partial(
        fused,
        [weights],
        [gradients],
        [mean],
        [square],
        [],
        [count],
        beta1=0.9,
        beta2=0.999,
        weight_decay=weight_decay,
        eps=1e-8,
        amsgrad=False,
        maximize=False,
    )

    def step(rate: float) -> None:
        count.add_(1)
        update(lr=rate)

    return Optimizer(step, (mean, square, count))


def _sgd(weights: Tensor, gradients: Tensor, weight_decay: float) -> Optimizer:
    """Plain gradient descent (Robbins and Monro, 1951)."""

    def step(rate: float) -> None:
        if weight_decay:
            gradients.add_(weights, alpha=weight_decay)
        weights.add_(gradients, alpha=-rate)

    return Optimizer(step)


def _rmsprop(weights: Tensor, gradients: Tensor, weight_decay: float) -> Optimizer:
    """RMSprop (Hinton, 2012, lecture 6e)."""
    square = torch.zeros_like(weights)

    def step(rate: float) -> None:
        if weight_decay:
            gradients.add_(weights, alpha=weight_decay)
        square.mul_(0.99).addcmul_(gradients, gradients, value=0.01)
        weights.addcdiv_(gradients, square.sqrt().add_(1e-8), value=-rate)

    return Optimizer(step, (square,))


OPTIMIZERS: Mapping[str, Callable[[Tensor, Tensor, float], Optimizer]] = {
    "adam": partial(_adam, fused=torch._fused_adam_),
    "adamw": partial(_adam, fused=torch._fused_adamw_),
    "sgd": _sgd,
    "rmsprop": _rmsprop,
}
"""Weights, gradients and weight decay to an optimizer. Weight decay is added to the gradient, but for adamw."""
