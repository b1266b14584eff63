"""Learning rates against torch.optim.lr_scheduler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from ktrdr.adapters.models.torch.schedules import learning_rates
from ktrdr.domain.training.settings import Scheduler, TrainingSettings

EPOCHS = 40
LOSSES = 1 + np.abs(np.random.default_rng(2).normal(size=EPOCHS)) * 0.1 - np.minimum(np.arange(EPOCHS), 10) * 0.05


def ours(**scheduler: Any) -> list[float]:
    rates = learning_rates(TrainingSettings(learning_rate=0.3, epochs=EPOCHS, lr_scheduler=Scheduler(**scheduler)))
    return [next(rates), *(rates.send(loss) for loss in LOSSES[:-1])]


def theirs(kind: type, **arguments: Any) -> list[float]:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3)
    scheduler = kind(optimizer, **arguments)
    rates = []
    for loss in LOSSES:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*([loss] if kind is lr_scheduler.ReduceLROnPlateau else []))
    return rates


@pytest.mark.parametrize(
    ("scheduler", "kind", "arguments"),
    [
        ({"type": "step", "step_size": 7, "gamma": 0.3}, lr_scheduler.StepLR, {"step_size": 7, "gamma": 0.3}),
        ({"type": "exponential", "gamma": 0.9}, lr_scheduler.ExponentialLR, {"gamma": 0.9}),
        (
            {"type": "cosine", "min_lr": 0.01},
            lr_scheduler.CosineAnnealingLR,
            {"T_max": EPOCHS, "eta_min": 0.01},
        ),
        (
            {"type": "reduce_on_plateau", "factor": 0.5, "patience": 3, "min_lr": 0.02},
            lr_scheduler.ReduceLROnPlateau,
            {"factor": 0.5, "patience": 3, "min_lr": 0.02},
        ),
        (
            {"type": "reduce_on_plateau", "factor": 0.1, "patience": 0},
            lr_scheduler.ReduceLROnPlateau,
            {"factor": 0.1, "patience": 0, "eps": 0},
        ),
        ({}, lr_scheduler.ConstantLR, {"factor": 1.0}),
    ],
    ids=["step", "exponential", "cosine", "plateau", "impatient plateau", "constant"],
)
def test_schedule_is_that_of_torch(scheduler: dict[str, Any], kind: type, arguments: dict[str, Any]) -> None:
    assert ours(**scheduler) == pytest.approx(theirs(kind, **arguments), rel=1e-9)


@pytest.mark.parametrize("kind", ["step", "exponential"])
def test_min_lr_is_a_floor_for_every_schedule(kind: str) -> None:
    rates = ours(type=kind, step_size=1, gamma=0.5, min_lr=0.1)
    assert rates[:3] == pytest.approx([0.3, 0.15, 0.1])
    assert min(rates) == 0.1
