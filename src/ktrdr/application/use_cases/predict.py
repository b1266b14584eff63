"""Predict: a stored model on the newest bars, exactly as it was trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.clock import Clock
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.opened import Served, decided_on, serve
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.run import DecisionSeries
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.unfinished import is_over, unfinished_warnings
from ktrdr.domain.training.windows import whole_windows

POSITIONS = {-1: "short", 0: "flat", 1: "long"}
"""What a position is called."""


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """Which model, on which symbol, and how many of the newest rows.

    Attributes
    ----------
    model : str
        A reference or path; or the name of a strategy, of which the model is chosen that serves the symbol.
    symbol : str or None
        None: the only one that the model was trained on.
    last : int
    timeframe, as_of, prefer, ensemble
        Of the model to choose, see `LoadRequest`; only with the name of a strategy.
    strict : bool
        Refuse a signal on a bar that is not over.
    closed_only : bool
        Leave out bars that are not over.
    """

    model: str
    symbol: str | None = None
    last: int = 1
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None
    ensemble: bool = False
    strict: bool = False
    closed_only: bool = False

    def __post_init__(self) -> None:
        if self.last < 1:
            raise InvalidInput(f"last must be 1 or more, found {self.last}")
        _ = self.wanted  # refuses what contradicts itself

    @property
    def wanted(self) -> LoadRequest:
        """Which model is to be used."""
        choice = self.timeframe, self.as_of, self.prefer, self.ensemble
        return LoadRequest(self.model, self.symbol, *choice).unambiguous()


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
    closed : ndarray of bool, shape (n_rows,)
        Whether the row's bar is over; what an unfinished one says may still change.
    target : Target
    notes : tuple of str
    reason : str or None
        Why this model was chosen, where it was chosen.
    """

    manifest: Manifest
    symbol: str
    matrix: FeatureMatrix
    outputs: NDArray[np.float64]
    signals: Signals
    decisions: DecisionSeries
    closed: NDArray[np.bool_]
    target: Target
    notes: tuple[str, ...]
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "model": self.manifest.model_name,
            "version": self.manifest.version,
            "symbol": self.symbol,
            "reason": self.reason,
            "notes": list(self.notes),
            "predictions": [self._row(row) for row in range(len(self.matrix))],
        }

    def _row(self, row: int) -> dict[str, Any]:
        matrix, decision, confidence = self.matrix, self.decisions[row], self.signals.confidence
        entry: dict[str, Any] = {"timestamp": iso(matrix.stamps[row]), "known_at": iso(matrix.known_at[row])}
        entry["closed"] = bool(self.closed[row])
        entry["signal"] = str(self.signals.actions[row])
        entry |= {"decision": decision.action, "position": POSITIONS[decision.position], "reason": decision.reason}
        if self.target.is_classification:
            entry["confidence"] = None if confidence is None else float(confidence[row])
            entry["probabilities"] = dict(zip(self.target.classes, self.outputs[row].tolist(), strict=True))
        else:
            entry["prediction"] = float(self.outputs[row])
        entry["features"] = dict(zip(matrix.ids, map(float, matrix.values[row]), strict=True))
        return entry


class Predict:
    """Loads a model with its own strategy, computes its features, and predicts."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        clock: Clock,
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._clock = clock

    def execute(self, request: PredictRequest) -> Forecast:
        """Return signals, outputs, decisions and memberships of the newest rows, of those that have settled.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model may not serve the symbol, its features can no longer be computed as in training, or there is
            less history than they need; if a bar to be shown is not over, and that is refused.
        """
        now = self._clock()
        found = find_model(self._data, self._storage, request.wanted)
        opened = open_model(self._trainer, found, request.symbol)
        symbol = request.symbol or opened.only_symbol
        served = serve(self._data, self._features, opened, symbol)
        market, spec = served.market, opened.spec
        rows = whole_windows(served.matrix, market.base_bars, spec)
        if request.closed_only:
            rows = _those_over(served, rows, now)
        asked = rows[-request.last :]
        shown_bars = np.isin(np.arange(len(market.base_bars)), served.matrix.base_rows[asked])
        unfinished = unfinished_warnings(market.base_bars.take(shown_bars), now)
        if unfinished and request.strict:
            raise InvalidInput(f"{unfinished[0]}; --closed-only leaves it out")
        decided = decided_on(served, rows)
        over = np.count_nonzero(is_over(served.matrix.known_at, now))
        left_out = int(over if request.closed_only else len(served.matrix)) - int(asked[0]) - len(asked)
        notes = tuple(dict.fromkeys((*found.sentences, *market.said, *unfinished, *decided.notes)))
        if left_out:
            notes = (*notes, f"{left_out} bars between these are left out: no whole window of {spec.window} rows")
        newest = slice(-request.last, None)
        features = tuned_features(served.opened.features, opened.model.tuned)
        behind = resolved_matrix(served.matrix.take(asked), features)
        shown = behind, decided.outputs[newest], decided.signals.take(newest), decided.decisions.take(newest)
        reason = None if found.kind == "named" else found.reason
        closed = is_over(behind.known_at, now)
        return Forecast(opened.manifest, symbol, *shown, closed, opened.target, notes, reason)


def _those_over(served: Served, rows: Int64s, now: int) -> Int64s:
    """Return the rows of a matrix whose bars are over."""
    known_at = served.matrix.known_at[rows]
    over = rows[is_over(known_at, now)]
    if not len(over):
        symbol, first = served.market.base_bars.symbol, iso(known_at[0])
        raise InvalidInput(f"{symbol}: no bar that can be predicted is over before {first}, and it is {iso(now)}")
    return over
