"""How the learning rate changes over the epochs; the rules are those of ``torch.optim.lr_scheduler``.

A schedule is a generator: it yields the rate of the next epoch and is sent the epoch's validation loss.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from itertools import count
from math import cos, inf, pi

from ktrdr.domain.training.settings import Scheduler, TrainingSettings

Rates = Generator[float, float, None]
_LEAST_IMPROVEMENT = 1e-4


def learning_rates(settings: TrainingSettings) -> Rates:
    """Return the learning rates, epoch by epoch, never below the scheduler's ``min_lr``."""
    scheduler = settings.lr_scheduler
    return SCHEDULES[scheduler.type](settings.learning_rate, scheduler, settings.epochs)


def _by_epoch(rate: Callable[[float, Scheduler, int, int], float]) -> Callable[[float, Scheduler, int], Rates]:
    """Return the schedule whose rate depends on the number of epochs done alone."""

    def rates(first: float, scheduler: Scheduler, epochs: int) -> Rates:
        for done in count():
            yield max(rate(first, scheduler, done, epochs), min(first, scheduler.min_lr))

    return rates


def _reduce_on_plateau(first: float, scheduler: Scheduler, _epochs: int) -> Rates:
    """Multiply by ``factor`` after more than ``patience`` epochs without a validation loss better by 0.01 %."""
    rate, best, waited = first, inf, 0
    while True:
        loss = yield rate
        waited += 1
        if loss < best * (1 - _LEAST_IMPROVEMENT):
            best, waited = loss, 0
        if waited > scheduler.patience:
            rate, waited = max(rate * scheduler.factor, min(rate, scheduler.min_lr)), 0


def _step(first: float, scheduler: Scheduler, done: int, _epochs: int) -> float:
    return first * scheduler.gamma ** (done // scheduler.step_size)


def _exponential(first: float, scheduler: Scheduler, done: int, _epochs: int) -> float:
    return first * scheduler.gamma**done


def _cosine(first: float, scheduler: Scheduler, done: int, epochs: int) -> float:
    """Return the rate of cosine annealing (Loshchilov and Hutter, 2017)."""
    return scheduler.min_lr + (first - scheduler.min_lr) * (1 + cos(pi * done / epochs)) / 2


SCHEDULES: Mapping[str, Callable[[float, Scheduler, int], Rates]] = {
    "constant": _by_epoch(lambda first, *_: first),
    "step": _by_epoch(_step),
    "exponential": _by_epoch(_exponential),
    "reduce_on_plateau": _reduce_on_plateau,
    "cosine": _by_epoch(_cosine),
}
"""Every schedule by name."""
