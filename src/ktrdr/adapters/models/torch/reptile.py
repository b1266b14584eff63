"""Learning to learn: weights that few steps on a task's rows make good ones for that task."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from ktrdr.adapters.models.torch.loop import Loop
from ktrdr.adapters.models.torch.samples import Batch, repeated_permutation
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.settings import Reptile
from ktrdr.domain.training.watch import UNWATCHED, Watch


class ReptileLoop(Loop):
    """Fits a start: from the same weights some steps are taken on a task, and the start follows them a part of the way.

    Tasks are the groups of the train rows. An epoch visits all of them equally often, in a new order each time, and
    takes about as many samples as there are train rows; the optimizer begins anew at each visit. What is measured on
    the validation rows is the start as it is, before any step on rows of a task: early stopping and the epoch that is
    kept go by that. Running statistics of a network (batch norm) are not part of the start; they go on from task to
    task.

    Parameters
    ----------
    network, task, device, watch
        See `Loop`; `task.settings.reptile` is there.

    References
    ----------
    Nichol, Achiam and Schulman (2018), On First-Order Meta-Learning Algorithms.
    """

    def __init__(self, network: nn.Module, task: FitTask, device: torch.device, watch: Watch = UNWATCHED) -> None:
        super().__init__(network, task, device, watch)
        self.reptile = self.settings.reptile or Reptile()
        self.tasks = self.train.counts or (len(self.train),)
        size = self.train.per_batch(self.settings.batch_size)
        self.visit = self.reptile.inner_steps * size
        self.rounds = max(round(len(self.train) / (len(self.tasks) * self.visit)), 1)
        visits = self.rounds * len(self.tasks)
        self.batch_sizes = [size] * (visits * self.reptile.inner_steps)
        self.start = self.weights.clone()
        self.taken = 0
        self.inner_step, self.step = self.step, self.step_on_task

    def batches(self) -> Iterator[Batch]:
        """Begin an epoch at the start as it is, and cut the visits of all tasks into batches."""
        self.taken = len(self.epochs) * len(self.batch_sizes)
        self.start.copy_(self.weights)
        order = self.visits().to(self.weights.device)
        return self.train.batches(self.batch_sizes, order, self.shares)

    def visits(self) -> Tensor:
        """Return the samples of an epoch, visit by visit; those of a task that has few return within it."""
        starts = np.concatenate(([0], np.cumsum(self.tasks)))
        drawn = [
            int(start) + repeated_permutation(count, self.rounds * self.visit, self.shuffler).view(self.rounds, -1)
            for start, count in zip(starts[:-1], self.tasks, strict=True)
        ]
        of_round = torch.stack(drawn, dim=1)
        turns = [torch.randperm(len(self.tasks), generator=self.shuffler) for _ in range(self.rounds)]
        return torch.cat([of_round[number][turn].reshape(-1) for number, turn in enumerate(turns)])

    def step_on_task(self, rate: float) -> None:
        """Move the weights once; after the last step of a visit, the start."""
        self.inner_step(rate)
        self.taken += 1
        if self.taken % self.reptile.inner_steps == 0:
            self.follow()

    def follow(self) -> None:
        """Move the start towards the weights, by a share that falls in a line to 0 over all visits planned."""
        before = self.taken - self.reptile.inner_steps
        share = self.reptile.outer_rate * (1.0 - before / (self.settings.epochs * len(self.batch_sizes)))
        self.start.lerp_(self.weights, share)
        self.weights.copy_(self.start)
        for tensor in self.memory:
            tensor.zero_()
