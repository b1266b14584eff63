"""Volatility of the next bars as a sum over the last returns: GARCH, EWMA and HAR behind the ModelTrainer port."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.volatility.blobs import from_bytes, to_bytes
from ktrdr.adapters.models.volatility.estimating import Estimate, estimate, power_of
from ktrdr.adapters.models.volatility.samples import SymbolSample, symbol_samples
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.errors import CorruptArtifact, Unavailable, to_install
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.settings import ModelSpec
from ktrdr.domain.training.volatility.lags import LagForecast
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.windows import sample_ends

WEIGHTS = "model.safetensors"


class LagModel(FittedModel):
    """A weighted sum over the last returns; it predicts with numpy alone.

    Parameters
    ----------
    forecast : LagForecast
    feature_ids : tuple of str
        The last two are the return and the symbol's code.
    history : TrainingHistory
    notes : tuple of str
    """

    def __init__(
        self, forecast: LagForecast, feature_ids: tuple[str, ...], history: TrainingHistory, notes: tuple[str, ...] = ()
    ) -> None:
        self.feature_ids = feature_ids
        self.history = history
        self.window = forecast.memory
        self.notes = notes
        self._forecast = forecast

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return volatilities in the unit of the returns, shape (n_samples,)."""
        rows = sample_ends(inputs, ends, len(self.feature_ids), self.window)
        returns, codes = inputs[:, -2:].astype(np.float64).T
        return self._forecast(returns, codes, rows)

    def state(self) -> Mapping[str, bytes]:
        """Return the weights as ``model.safetensors``."""
        return {WEIGHTS: to_bytes(self._forecast)}

    def provenance(self) -> Mapping[str, str]:
        """Return numpy's version."""
        return {"numpy": version("numpy")}


class VolatilityTrainer(ModelTrainer):
    """Fits each symbol of a task on its own; there are no epochs, and no draws.

    Parameters
    ----------
    device : str, optional
        Decides nothing: everything is computed on the CPU.
    """

    def __init__(self, device: str | None = None) -> None:
        del device

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> LagModel:  # noqa: ARG002 - there are no epochs
        """Return the forecasts of all symbols of the task.

        Raises
        ------
        Unavailable
            If a package is missing; the message names the extra.
        """
        samples = symbol_samples(task)
        estimates = [_estimate(task, sample) for sample in samples]
        lags = {sample.code: found.lags for sample, found in zip(samples, estimates, strict=True)}
        notes = tuple(note for found in estimates for note in found.notes)
        forecast = LagForecast.of(power_of(task.model), lags)
        return LagModel(forecast, task.feature_ids, TrainingHistory((), 0, "no_epochs"), notes)

    def restore(self, artifact: Artifact) -> LagModel:
        """Return the stored forecasts."""
        where = f"{artifact.manifest.model_name}/{WEIGHTS}"
        facts = read_model_facts(artifact)
        if facts.target.is_classification or len(facts.feature_ids) < 2:
            raise CorruptArtifact(f"{where}: forecasts numbers, from a return and a code")
        if WEIGHTS not in artifact.blobs:
            raise CorruptArtifact(f"{where} is missing")
        forecast = from_bytes(artifact.blobs[WEIGHTS], power_of(facts.spec), facts.spec.window, where)
        return LagModel(forecast, facts.feature_ids, facts.history)


def _estimate(task: FitTask, sample: SymbolSample) -> Estimate:
    spec: ModelSpec = task.model
    try:
        return estimate(spec, sample, task.horizon or 1)
    except ModuleNotFoundError as error:
        needs = f"model type {spec.type} needs {error.name}, which is not installed"
        raise Unavailable(f"{needs}; {to_install(spec.kind.extra)}") from error
