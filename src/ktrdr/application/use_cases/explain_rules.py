"""Explain: the strongest readable rules of a model, and how well they still describe it on rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.ruled import ExplainedRule, ruled
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.training.pool.hours import Calendar


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """Which model, and how many rules at most; for the rest see `LoadRequest`."""

    model: str
    top: int = 10
    symbol: str | None = None
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None

    def __post_init__(self) -> None:
        if self.top < 1:
            raise InvalidInput(f"top must be 1 or more, found {self.top}")
        _ = self.wanted  # refuses what contradicts itself

    @property
    def wanted(self) -> LoadRequest:
        """Which model is to be explained."""
        return LoadRequest(self.model, self.symbol, self.timeframe, self.as_of, self.prefer).unambiguous()


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a model does, in rules.

    Attributes
    ----------
    manifest : Manifest
    rules : tuple of ExplainedRule
        The strongest first.
    shares : mapping of decision to two floats
        Share of the train and validation rows, and of the test rows, on which the model decides so.
    rows : tuple of int
        Train and validation rows, and test rows.
    notes : tuple of str
    """

    manifest: Manifest
    rules: tuple[ExplainedRule, ...]
    shares: dict[str, tuple[float, float]]
    rows: tuple[int, int]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        seen, test = self.rows
        return {
            "model": self.manifest.model_name,
            "version": self.manifest.version,
            "rows": {"train_validation": seen, "test": test},
            "decisions": {name: {"train_validation": own, "test": other} for name, (own, other) in self.shares.items()},
            "rules": [rule.as_dict() for rule in self.rules],
            "notes": list(self.notes),
        }


class ExplainRules:
    """Computes a model's features again on the bars it was trained on, and looks for rules that say what it does."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._sources = PoolSources(data, features, calendar=calendar)
        self._trainer = trainer
        self._storage = storage

    def execute(self, request: ExplainRequest) -> Explanation:
        """Return rules chosen on train and validation rows, measured there and on test rows.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model reads no fuzzy set, its features can no longer be computed as in training, or the bars of its
            parts are gone.
        """
        found = find_model(self._data, self._storage, request.wanted)
        if found.kind == "named" and request.symbol is not None:
            raise InvalidInput(f"a symbol chooses among the models of a strategy; {shown(request.model)} is one model")
        opened = open_model(self._trainer, found)
        found_rules = ruled(self._sources, opened, request.top)
        notes = (*found.sentences, *found_rules.notes)
        return Explanation(opened.manifest, found_rules.rules, found_rules.shares, found_rules.rows, notes)
