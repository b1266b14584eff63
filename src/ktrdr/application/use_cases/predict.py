"""Predict: a stored model on the newest bars, exactly as it was trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.context_data import with_context
from ktrdr.application.market_data import MarketData, gather
from ktrdr.application.pipeline import compute_features
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.settling import first_settled_row, require_same_beginning
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.decisions.decide import Signals, decide
from ktrdr.domain.decisions.run import DecisionSeries, run
from ktrdr.domain.decisions.volume import volume_note, volume_permits
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.contract import compare, feature_contract
from ktrdr.domain.features.learnable import input_columns, resolved_matrix, tuned_features
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.parse import parse
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.windows import whole_windows


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
        The predicted rows; their values are the memberships behind the signals, tuned ones where they were learned.
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,).
    signals : Signals
    decisions : DecisionSeries
        What the strategy does at each row, by its filters and its position. It is flat before the first row that can
        be predicted, so that a decision does not depend on how many rows are shown.
    target : Target
    notes : tuple of str
    """

    manifest: Manifest
    symbol: str
    matrix: FeatureMatrix
    outputs: NDArray[np.float64]
    signals: Signals
    decisions: DecisionSeries
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
        """Return signals, outputs, decisions and memberships of the newest rows, of those that have settled.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model may not serve the symbol, its features can no longer be computed as in training, or there is
            less history than they need.
        """
        artifact = self._storage.load(request.model)
        manifest = artifact.manifest
        model = self._trainer.restore(artifact)
        strategy = parse(manifest.strategy, where=f"{request.model}/config.yaml")
        symbol = request.symbol or manifest.training_symbols[0]
        require_servable(manifest, self._data.characteristics(symbol))
        market, matrix = self._prepare(manifest, strategy, symbol)
        spec = model_spec(strategy)
        rows = whole_windows(matrix, market.base_bars, spec)
        read = matrix.values[(first := int(rows[0]) - spec.window + 1) :]
        ends = rows - first if spec.reads_windows else None
        outputs = read_inference(manifest, model.feature_ids).outputs(model, read, ends)
        asked = rows[-request.last :]
        left_out = len(matrix) - int(asked[0]) - len(asked)
        matrix = matrix.take(rows)
        target = Target.from_dict(manifest.target)
        decisions = strategy.decisions
        signals = decide(
            outputs,
            target,
            confidence_threshold=decisions.confidence_threshold,
            minimum_edge=decisions.round_trip_cost * decisions.min_edge_multiplier,
        )
        volume = market.base_bars.volume
        permits = volume_permits(volume, decisions.volume_filter)[matrix.base_rows]
        _, decided = run(signals, matrix.base_rows, decisions, permits)
        said = volume_note(volume, decisions.volume_filter)
        notes = market.notes if said is None else (*market.notes, said)
        if left_out:
            notes = (*notes, f"{left_out} bars between these are left out: no whole window of {spec.window} rows")
        newest = slice(-request.last, None)
        behind = resolved_matrix(matrix.take(newest), tuned_features(resolve(strategy), model.tuned))
        shown = behind, outputs[newest], signals.take(newest), decided.take(newest)
        return Forecast(manifest, symbol, *shown, target, notes)

    def _prepare(self, manifest: Manifest, strategy: Strategy, symbol: str) -> tuple[MarketData, FeatureMatrix]:
        """Return the bars, and the rows on which every feature has settled, with those that they look back on."""
        features = resolve(strategy)
        difference = compare(manifest.feature_contract, feature_contract(features, self._features.kernels(features)))
        if difference:
            raise InvalidInput(f"{manifest.model_name}: its features can not be computed as in training: {difference}")
        start = strategy.training_data.start if never_settling(features) else None
        everything = replace(strategy.training_data, start=start, end=None)
        market = gather(self._data, everything, symbol, manifest.data_origins)
        market = with_context(self._data, market, used_sources(strategy, features))
        require_same_beginning(manifest, features, market)
        window = model_spec(strategy).window
        settled = first_settled_row(manifest, features, market, window) - (window - 1)  # its look-back is read, too
        columns = compute_features(self._features, input_columns(features), market)
        matrix = columns.select(manifest.model["input_features"])
        matrix = matrix.take(slice(int(np.searchsorted(matrix.base_rows, settled)), None))
        if not len(matrix):
            raise InvalidInput(f"{symbol} {market.base}: {len(market.base_bars)} bars are fewer than the warm-up")
        return market, matrix
