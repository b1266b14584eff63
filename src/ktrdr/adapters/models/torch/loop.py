"""The training loop: one fit of one network, cut into named steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from math import inf, isfinite
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ktrdr.adapters.models.torch.best import Best
from ktrdr.adapters.models.torch.checkpoints import to_bytes, write_from
from ktrdr.adapters.models.torch.chunks import Chunks, many_to_many
from ktrdr.adapters.models.torch.devices import keep_freed_memory, random_states, set_random_states
from ktrdr.adapters.models.torch.losses import make_loss, make_shares
from ktrdr.adapters.models.torch.optimizers import OPTIMIZERS, flatten
from ktrdr.adapters.models.torch.samples import Batch, Part, Series
from ktrdr.adapters.models.torch.schedules import learning_rates
from ktrdr.domain.catalogue.training import CHUNK, EVERY, LOSS_AT
from ktrdr.domain.errors import TrainingFailed, TrainingInterrupted
from ktrdr.domain.training.checkpoints import task_digest
from ktrdr.domain.training.history import EndedBy, Epoch, TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import UNWATCHED, Watch

EXPLODED = 1000.0
"""A training loss this many times that of the first epoch (or of guessing, about 1) is past recovery."""
_VALIDATION_ROWS = 8192


class Loop:
    """Fits a network in place.

    Parameters
    ----------
    network : nn.Module
        On `device`; afterwards its parameters are views into one vector.
    task : FitTask
        Rows and settings. `settings.seed` shuffles; dropout draws from torch's random state.
    device : torch.device
    watch : Watch

    Notes
    -----
    Losses of the training rows are taken as they pass, with dropout on and weights moving. With early stopping the
    weights of the epoch that was best on the validation rows are kept; without it, those of the last epoch.
    """

    def __init__(self, network: nn.Module, task: FitTask, device: torch.device, watch: Watch = UNWATCHED) -> None:
        self.network = network
        self.task = task
        self.settings = task.settings
        window = task.model.window if task.model.reads_windows else None
        if window is not None:
            keep_freed_memory()
        self.series = Series.of(task.train, device, task.scaler)
        shared = task.validation.inputs is task.train.inputs
        self.train, self.forward = self._to_train(window)
        series = self.series if shared else Series.of(task.validation, device, task.scaler)
        self.validation = Part.of(task.validation, series, window)
        self.loss = make_loss(task, device)
        self.shares = make_shares(task, device)
        self.log_weights = None if task.class_weights is None else _float32(np.log(task.class_weights), device)
        self.is_classification = task.target.is_classification
        self.weights, self.gradients = flatten(network)
        optimizer = OPTIMIZERS[self.settings.optimizer](self.weights, self.gradients, self.settings.weight_decay)
        self.step, self.memory = optimizer.step, optimizer.memory
        self.clip = self.weights.new_tensor(self.settings.gradient_clip) if self.settings.gradient_clip else None
        self.batch_sizes = batch_sizes(self.train.drawn, self.train.per_batch(self.settings.batch_size))
        self.shuffler = torch.Generator().manual_seed(self.settings.seed)
        self.watch = watch
        self.epochs: list[Epoch] = []
        fitted = {"weights": self.weights} | {f"buffer.{name}": buffer for name, buffer in network.named_buffers()}
        self.best = Best(fitted, self.settings.early_stopping)
        self.moving = fitted | self.best.named() | _numbered("optimizer", self.memory)

    def _to_train(self, window: int | None) -> tuple[Part | Chunks, Callable[[Any], Tensor]]:
        """Return the train samples, and what makes outputs of a batch of them."""
        own = self.settings.own
        if window is None or own.get(LOSS_AT.name) != EVERY:
            return Part.of(self.task.train, self.series, window), self.network.forward
        chunks = Chunks.of(self.task.train, self.series, window, own[CHUNK.name])
        return chunks, many_to_many(self.network, window)

    def run(self) -> TrainingHistory:
        """Train until early stopping or the last epoch, and leave the kept weights in the network.

        Raises
        ------
        TrainingFailed
            If a loss is not finite or has exploded.
        TrainingInterrupted
            If the user stopped it.
        """
        try:
            return self._run()
        except KeyboardInterrupt as error:
            done = f"after epoch {len(self.epochs)} of {self.settings.epochs}"
            raise TrainingInterrupted(f"training was stopped {done}; no model was kept") from error

    def _run(self) -> TrainingHistory:
        stopping, planned, best = self.settings.early_stopping, self.settings.epochs, self.best
        self.go_on()
        rates = learning_rates(self.settings)
        rate = next(rates)
        for epoch in self.epochs:
            rate = rates.send(epoch.val_loss)
        while len(self.epochs) < planned and not (stopping.enabled and best.waited >= stopping.patience):
            epoch = self.run_epoch(len(self.epochs) + 1, rate)
            self.epochs.append(epoch)
            best.see(epoch)
            rate = rates.send(epoch.val_loss)
            self.show(epoch)
        if not self.epochs:
            return TrainingHistory((), 0, "no_epochs")
        if not stopping.enabled:
            return TrainingHistory(tuple(self.epochs), len(self.epochs), "all_epochs")
        best.restore()
        ended_by: EndedBy = "early_stopping" if len(self.epochs) < planned else "all_epochs"
        return TrainingHistory(tuple(self.epochs), best.number, ended_by)

    def go_on(self) -> None:
        """Put back what the watch has kept of this fit, if anything."""
        state = self.watch.kept()
        if state is None:
            return
        device = self.weights.device
        states = random_states(device, self.shuffler)
        history = write_from(state, self.moving | states, self.digest)
        set_random_states(states, device, self.shuffler)
        self.epochs = list(history.epochs)
        for epoch in self.epochs:
            self.best.count(epoch)

    def show(self, epoch: Epoch) -> None:
        """Tell the watch of an epoch, and hand it the state to go on from where it wants one."""
        self.watch.epoch(epoch, self.settings.epochs)
        if self.watch.keeps:
            so_far = TrainingHistory(tuple(self.epochs), self.best.number, "all_epochs")
            tensors = self.moving | random_states(self.weights.device, self.shuffler)
            self.watch.keep(to_bytes(tensors, so_far, self.digest))

    @cached_property
    def digest(self) -> bytes:
        """The digest of the task: a kept state is of it or is refused."""
        return task_digest(self.task)

    def run_epoch(self, number: int, rate: float) -> Epoch:
        """Pass over the training rows once, then over the validation rows."""
        self.network.train()
        train_loss, gradient_norm = self.train_once(rate)
        self.network.eval()
        val_loss, val_accuracy = self.validate()
        epoch = Epoch(number, train_loss, val_loss, val_accuracy, rate, gradient_norm)
        self.check(epoch)
        return epoch

    def train_once(self, rate: float) -> tuple[float, float]:
        """Move the weights once per batch; return mean loss and mean gradient norm, asked of the device once."""
        losses, norms, taken = self.weights.new_zeros(()), self.weights.new_zeros(()), 0
        forward, measure, gradients = self.forward, self.loss, self.gradients
        for inputs, targets, weights in self.batches():
            gradients.zero_()
            loss = measure(forward(inputs), targets, weights)
            loss.backward()  # type: ignore[no-untyped-call]
            norms.add_(self.clip_gradients())
            self.step(rate)
            losses.add_(loss.detach(), alpha=len(targets))
            taken += len(targets)
        return losses.item() / taken, norms.item() / len(self.batch_sizes)

    def batches(self) -> Iterator[Batch]:
        """Shuffle the training samples once and cut them."""
        order = self.train.shuffled(self.shuffler).to(self.weights.device)
        return self.train.batches(self.batch_sizes, order, self.shares)

    def clip_gradients(self) -> Tensor:
        """Shorten the gradient to the limit, if there is one; return its norm before."""
        norm: Tensor = torch.linalg.vector_norm(self.gradients)
        if self.clip is not None:
            self.gradients.mul_(self.clip / torch.maximum(norm, self.clip))
        return norm

    @torch.no_grad()
    def validate(self) -> tuple[float, float | None]:
        """Return loss and, for classes, accuracy on the validation rows.

        Accuracy counts the class that would be predicted: with the log class weights subtracted from the logits.
        """
        part = self.validation
        most = max(_VALIDATION_ROWS // part.inputs.shape[1], 1) if part.inputs.ndim == 3 else _VALIDATION_ROWS
        sizes = [min(most, len(part) - start) for start in range(0, len(part), most)]
        outputs = torch.cat([self.network(inputs) for inputs, _, _ in part.batches(sizes)])
        loss = self.loss(outputs, part.targets, part.weights).item()
        if not self.is_classification:
            return loss, None
        logits, targets = self._of_own_step(outputs, part)
        return loss, (logits.argmax(1) == targets).float().mean().item()

    def _of_own_step(self, outputs: Tensor, part: Part) -> tuple[Tensor, Tensor]:
        """Return calibrated logits and targets of the step that the model predicts, where it has a target."""
        steps, weights = self.task.steps, self.log_weights
        if not steps:
            return outputs if weights is None else outputs - weights, part.targets
        place = steps.index(self.task.step)
        logits = outputs.chunk(len(steps), 1)[place]
        has = slice(None) if part.weights is None else part.weights[:, place] > 0
        return (logits if weights is None else logits - weights[place])[has], part.targets[:, place][has]

    def check(self, epoch: Epoch) -> None:
        """Raise TrainingFailed if the epoch's losses say that the fit is lost."""
        norm = epoch.gradient_norm or 0.0
        bearable = EXPLODED * max(self.epochs[0].train_loss, 1.0) if self.epochs else inf
        if epoch.train_loss < bearable and isfinite(epoch.val_loss) and isfinite(norm):
            return
        settings = self.settings
        before = f"after {self.epochs[-1].train_loss:.4g} in the epoch before" if self.epochs else "from the start"
        clip = (
            f"a smaller gradient_clip (now {settings.gradient_clip:g})" if self.clip is not None else "gradient_clip: 1"
        )
        raise TrainingFailed(
            f"training broke down in epoch {epoch.number} of {settings.epochs}: training loss {epoch.train_loss:.4g} "
            f"({before}), validation loss {epoch.val_loss:.4g}, mean gradient norm {norm:.4g}, "
            f"learning rate {epoch.learning_rate:g}; try learning_rate: {settings.learning_rate / 10:g}, {clip}, or "
            f"scaled features (the largest input is {self.series.largest:.4g})"
        )


def batch_sizes(n_rows: int, batch_size: int) -> list[int]:
    """Return how the rows are cut; a single row that would be left over joins the last batch.

    Normalisation over a batch of one row is not defined, and its gradient is mostly noise.
    """
    full, left = divmod(n_rows, batch_size)
    sizes = [batch_size] * full + ([left] if left else [])
    return [*sizes[:-2], sizes[-2] + 1] if left == 1 and full else sizes


def _float32(values: Any, device: torch.device) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=device)


def _numbered(name: str, tensors: Iterable[Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{number}": tensor for number, tensor in enumerate(tensors)}
