"""Neural networks behind the ModelTrainer port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ktrdr.adapters.models.torch.devices import find_device, one_thread, seeded
from ktrdr.adapters.models.torch.fuzzify import before, tuned_sets
from ktrdr.adapters.models.torch.gradients import integrated_gradients
from ktrdr.adapters.models.torch.inference import BlockForward
from ktrdr.adapters.models.torch.loop import Loop
from ktrdr.adapters.models.torch.networks import build
from ktrdr.adapters.models.torch.reptile import ReptileLoop
from ktrdr.adapters.models.torch.weights import WEIGHTS, from_bytes, to_bytes, write
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.settings import ModelSpec
from ktrdr.domain.training.watch import UNWATCHED, Watch

_CPU = torch.device("cpu")


class TorchModel(FittedModel):
    """A network that was fitted; it predicts on the CPU in one thread, wherever it was fitted.

    Parameters
    ----------
    network : nn.Module
        Taken over: moved to the CPU and set to evaluation.
    feature_ids : tuple of str
    history : TrainingHistory
    spec : ModelSpec
    is_classification : bool
    fitted_on : str
        Device, for `provenance`.
    steps : tuple of int
        See `FitTask`; the outputs of the network are those of each step, one after the other.
    step : int
        The one that it predicts.
    """

    def __init__(
        self,
        network: nn.Module,
        feature_ids: tuple[str, ...],
        history: TrainingHistory,
        spec: ModelSpec,
        *,
        is_classification: bool,
        fitted_on: str,
        steps: tuple[int, ...] = (),
        step: int = 0,
    ) -> None:
        self.steps, self._step = steps, step
        self.feature_ids = feature_ids
        self.history = history
        self.window = spec.window
        self.tuned = tuned_sets(network)
        self._network = _at_rest(network)
        self._is_classification = is_classification
        self._fitted_on = fitted_on
        self._forward = BlockForward(network, len(feature_ids), spec.window if spec.reads_windows else None)

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return logits, shape (n_samples, n_classes), or standardised values, shape (n_samples,)."""
        outputs = self._own(self._forward(inputs, ends))
        return outputs if self._is_classification else outputs[:, 0]

    def at_step(self, step: int) -> FittedModel:
        """Return the same network, which predicts another step."""
        if step not in self.steps:
            return super().at_step(step)
        other = copy(self)
        other._step = step
        return other

    def _own(self, outputs: Floats) -> Floats:
        """Return the outputs of its step, along the last axis."""
        if not self.steps:
            return outputs
        place, width = self.steps.index(self._step), outputs.shape[-1] // len(self.steps)
        return outputs[..., place * width : (place + 1) * width]

    def contributions(
        self, inputs: Float32s, ends: Int64s | None = None, baseline: Float32s | None = None
    ) -> Contributions:
        """Return integrated gradients from the baseline; where sets are tuned, of the features that they make."""
        samples = self._forward.samples(inputs, ends)
        start = np.zeros(len(self.feature_ids), dtype=np.float32) if baseline is None else baseline
        found = integrated_gradients(self._network, samples, start)
        return replace(found, values=self._own(found.values), base=self._own(found.base))

    def state(self) -> Mapping[str, bytes]:
        """Return the weights as ``model.safetensors``."""
        return {WEIGHTS: to_bytes(self._network)}

    def provenance(self) -> Mapping[str, str]:
        """Return torch's version, the device, the CPU's instruction set and the number of threads."""
        return {
            "torch": str(torch.__version__),
            "torch device": self._fitted_on,
            "torch cpu capability": torch.backends.cpu.get_cpu_capability(),
            "torch threads": "1",
        }


class TorchTrainer(ModelTrainer):
    """Fits networks on a device.

    Parameters
    ----------
    device : str, optional
        ``cpu``, ``cuda``, ``cuda:1``, ``mps``; None or ``auto`` takes the first of cuda, mps, cpu that is there.

    Raises
    ------
    InvalidInput
        If there is no such device.

    Notes
    -----
    Equal tasks give equal bytes on the CPU; other devices promise it less strictly.
    """

    def __init__(self, device: str | None = None) -> None:
        self._device = find_device(device)

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> TorchModel:
        """Return the network fitted to the task; torch's threads and random state are left as they were."""
        _check(task)
        n_outputs = (len(task.target.classes) or 1) * max(len(task.steps), 1)
        with one_thread(), seeded(task.settings.seed, self._device):
            network = _assembled(task.model, len(task.feature_ids), n_outputs, task.fuzzify)
            _begin(network, task)
            network = network.to(self._device)
            loop = Loop if task.settings.reptile is None else ReptileLoop
            history = loop(network, task, self._device, watch).run()
        return TorchModel(
            network,
            task.feature_ids,
            history,
            task.model,
            is_classification=task.target.is_classification,
            fitted_on=str(self._device),
            steps=task.steps,
            step=task.step,
        )

    def restore(self, artifact: Artifact) -> TorchModel:
        """Return the stored network; sizes are compared before anything is allocated, and nothing is executed."""
        where = artifact.manifest.model_name
        if WEIGHTS not in artifact.blobs:
            raise CorruptArtifact(f"{where}: {WEIGHTS} is missing")
        facts = read_model_facts(artifact)
        try:
            with torch.device("meta"):
                sketch = _assembled(facts.spec, len(facts.feature_ids), facts.n_outputs, facts.fuzzify)
        except InvalidInput as error:
            raise CorruptArtifact(f"{where}: {error}") from error
        shapes = {name: tuple(tensor.shape) for name, tensor in sketch.state_dict().items()}
        tensors = from_bytes(artifact.blobs[WEIGHTS], shapes, f"{where}/{WEIGHTS}")
        with seeded(0, _CPU):
            network = _assembled(facts.spec, len(facts.feature_ids), facts.n_outputs, facts.fuzzify)
        write(network, tensors)
        return TorchModel(
            network,
            facts.feature_ids,
            facts.history,
            facts.spec,
            is_classification=facts.target.is_classification,
            fitted_on=str(_CPU),
            steps=facts.steps,
            step=facts.step,
        )


def _assembled(spec: ModelSpec, n_columns: int, n_outputs: int, plan: Sequence[Fuzzified]) -> nn.Module:
    """Return the network, behind the layer that makes its features where fuzzy sets are learned."""
    return before(build(spec, len(plan), n_outputs), plan) if plan else build(spec, n_columns, n_outputs)


def _begin(network: nn.Module, task: FitTask) -> None:
    """Give a network the weights that its task says it begins with, if any."""
    if task.initial is not None:
        if WEIGHTS not in task.initial:
            raise InvalidInput(f"fit: there is no {WEIGHTS} to begin with")
        shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        write(network, from_bytes(task.initial[WEIGHTS], shapes, f"initial {WEIGHTS}"))


def _at_rest(network: nn.Module) -> nn.Module:
    """Give every parameter memory of its own on the CPU, without gradient: kernels depend on alignment, too."""
    for parameter in network.to(_CPU).eval().parameters():
        parameter.data = parameter.detach().clone()
        parameter.requires_grad_(False).grad = None
    return network


def _check(task: FitTask) -> None:
    """Raise InvalidInput for a task that no network can be fitted to."""
    if not task.feature_ids:
        raise InvalidInput("fit: there are no features")
    for name, rows in (("train", task.train), ("validation", task.validation)):
        _check_rows(name, rows, task)
    unfit = task.model.kind.unfit(task.model.kind.checked(task.model.architecture), task.settings.own)
    if unfit is not None:
        raise InvalidInput(f"fit: {unfit[0]}: {unfit[1]}")
    stopping = task.settings.early_stopping
    if stopping.enabled and stopping.monitor == "val_accuracy" and not task.target.is_classification:
        raise InvalidInput("early_stopping: monitor val_accuracy needs classes; allowed for a regression: val_loss")
    if task.model.architecture.get("batch_norm") and min(task.settings.batch_size, len(task.train.targets)) < 2:
        raise InvalidInput("batch_norm: needs a batch_size and a number of train rows of 2 or more")


def _check_rows(name: str, rows: Rows, task: FitTask) -> None:
    n_samples, n_features = len(rows.targets), len(task.feature_ids)
    n_rows = n_samples if rows.ends is None else len(rows.inputs)
    if not n_samples or rows.inputs.shape != (n_rows, n_features):
        raise InvalidInput(
            f"fit: {name} has {n_samples} targets and inputs of shape {rows.inputs.shape}; needs at least 1"
        )
    if task.target.is_classification and not 0 <= rows.targets.min() <= rows.targets.max() < len(task.target.classes):
        raise InvalidInput(f"fit: {name} has targets outside the classes 0 to {len(task.target.classes) - 1}")
    if rows.targets.shape[1:] != ((len(task.steps),) if task.steps else ()) or (task.steps and rows.weights is None):
        raise InvalidInput(
            f"fit: {name} has targets of shape {rows.targets.shape}; needs one a sample, or with steps one of each, "
            "and a weight"
        )
    _check_ends(name, rows, task.model.window)
    if rows.groups is not None and (len(rows.groups) != n_samples or (np.diff(rows.groups) < 0).any()):
        raise InvalidInput(f"fit: {name} needs one group per target, ascending")
    if rows.weights is not None:
        _check_weights(name, rows.weights, rows.targets.shape)


def _check_ends(name: str, rows: Rows, window: int) -> None:
    n_samples, n_rows = len(rows.targets), len(rows.inputs)
    first, last = (0, n_samples - 1) if rows.ends is None else (int(rows.ends.min()), int(rows.ends.max()))
    if first < window - 1 or last >= n_rows or (rows.ends is not None and len(rows.ends) != n_samples):
        raise InvalidInput(
            f"fit: {name} has {n_samples} targets that end at rows {first} to {last} of {n_rows}; the model reads "
            f"{window} rows per sample, so that the first can end at row {window - 1}"
        )


def _check_weights(name: str, weights: Float32s, shape: tuple[int, ...]) -> None:
    if weights.shape != shape or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise InvalidInput(f"fit: {name} needs one finite weight of 0 or more per target, not all of them 0")
