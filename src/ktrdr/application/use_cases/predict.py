"""Predict: a stored model on the newest bars, exactly as it was trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.market_data import gather
from ktrdr.application.pipeline import compute_features
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.decisions.decide import Signals, decide
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.contract import compare, feature_contract
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.parse import parse


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """Which model, on which symbol (None: the one it was trained on), and how many of the newest rows."""

    model: str
    symbol: str | None = None
    last: int = 1

    def __post_init__(self) -> None:
        if self.last < 1:
            raise InvalidInput(f"last must be 1 or more, found {self.last}")


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """What a model says.

    Attributes
    ----------
    manifest : Manifest
        Of the model that was used.
    symbol : str
    matrix : FeatureMatrix
        The predicted rows; their values are the memberships behind the signals.
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,).
    signals : Signals
    target : Target
    notes : tuple of str
    """

    manifest: Manifest
    symbol: str
    matrix: FeatureMatrix
    outputs: NDArray[np.float64]
    signals: Signals
    target: Target
    notes: tuple[str, ...]


class Predict:
    """Loads a model with its own strategy, computes its features, and predicts."""

    def __init__(
        self, data: DataRepository, features: FeatureEngineer, trainer: ModelTrainer, storage: ModelStorage
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage

    def execute(self, request: PredictRequest) -> Forecast:
        """Return signals, outputs and memberships of the newest rows.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model may not serve the symbol, or its features can no longer be computed as in training.
        """
        artifact = self._storage.load(request.model)
        manifest = artifact.manifest
        model = self._trainer.restore(artifact)
        strategy = parse(manifest.strategy, where=f"{request.model}/config.yaml")
        symbol = request.symbol or manifest.training_symbols[0]
        require_servable(manifest, self._data.characteristics(symbol))
        matrix, notes = self._newest(manifest, strategy, symbol, request.last)
        outputs = read_inference(manifest, model.feature_ids).outputs(model, matrix.values)
        target = Target.from_dict(manifest.target)
        decisions = strategy.decisions
        signals = decide(
            outputs,
            target,
            confidence_threshold=decisions.confidence_threshold,
            minimum_edge=decisions.round_trip_cost * decisions.min_edge_multiplier,
        )
        return Forecast(manifest, symbol, matrix, outputs, signals, target, notes)

    def _newest(
        self, manifest: Manifest, strategy: Strategy, symbol: str, last: int
    ) -> tuple[FeatureMatrix, tuple[str, ...]]:
        features = resolve(strategy)
        difference = compare(manifest.feature_contract, feature_contract(features, self._features.kernels(features)))
        if difference:
            raise InvalidInput(f"{manifest.model_name}: its features can not be computed as in training: {difference}")
        everything = replace(strategy.training_data, start=None, end=None)
        market = gather(self._data, everything, symbol, manifest.data_origins)
        matrix = compute_features(self._features, features, market).select(manifest.model["input_features"])
        if not len(matrix):
            raise InvalidInput(f"{symbol} {market.base}: {len(market.base_bars)} bars are fewer than the warm-up")
        return matrix.take(slice(-last, None)), market.notes
