"""Explain: the strongest readable rules of a model, and how well they still describe it on rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.retraced import retraced
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.domain.arrays import Bools
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.decisions.leaning import Leaning, leaning
from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.evaluation.rules import RuleMeasure, measure, mine_rules
from ktrdr.domain.evaluation.terms import Term, linguistic_terms
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
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
class ExplainedRule:
    """A rule in words, and how it does on the rows it was chosen on and on test rows."""

    conditions: tuple[Term, ...]
    text: str
    then: str
    chosen_on: RuleMeasure
    test: RuleMeasure

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "text": self.text,
            "if": [
                {"fuzzy_set": term.fuzzy_set, "timeframe": term.timeframe, "membership": term.membership}
                for term in self.conditions
            ],
            "then": self.then,
            "train_validation": _measures(self.chosen_on),
            "test": _measures(self.test),
        }


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


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Labelled rows of the three parts: terms, what holds, outputs, which rows are test rows, and what to say."""

    terms: tuple[Term, ...]
    holds: Bools
    outputs: NDArray[np.float64]
    test: Bools
    notes: tuple[str, ...]


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
        if not any(entry.kind == "fuzzy_set" for entry in opened.strategy.nn_inputs):
            raise InvalidInput(f"{opened.manifest.model_name}: reads no fuzzy set, and rules are made of fuzzy sets")
        rows = self._rows(opened)
        decided = leaning(rows.outputs, ~rows.test, opened.target, opened.strategy.decisions)
        return _explain(opened.manifest, replace(rows, notes=(*found.sentences, *rows.notes)), decided, request.top)

    def _rows(self, opened: OpenedModel) -> _Rows:
        again = retraced(self._sources, opened)
        pool, split = again.pool, again.split
        rows = np.sort(np.concatenate([part.rows for part in split.parts.values()]))
        test = np.isin(rows, split.test)
        matrix = resolved_matrix(pool.matrix_at(rows), tuned_features(opened.features, opened.model.tuned))
        terms, holds = linguistic_terms(opened.strategy, matrix)
        return _Rows(terms, holds, opened.outputs(pool.values, rows), test, again.notes)


def _measures(found: RuleMeasure) -> dict[str, Any]:
    return {"rows": found.rows, "support": found.support, "agreement": found.agreement, "lift": found.lift}


def _explain(manifest: Manifest, rows: _Rows, decided: Leaning, top: int) -> Explanation:
    seen, test, decisions = ~rows.test, rows.test, decided.decisions
    found = mine_rules(rows.holds[:, seen], [term.place for term in rows.terms], decisions[seen], top)
    frames = len({term.timeframe for term in rows.terms}) > 1
    rules = []
    for rule in found:
        conditions, then = tuple(rows.terms[term] for term in rule.terms), decided.names[rule.decision]
        text = f"IF {' AND '.join(term.text(frames) for term in conditions)} THEN {then.upper()}"
        measures = (measure(rule, rows.holds[:, part], decisions[part]) for part in (seen, test))
        rules.append(ExplainedRule(conditions, text, then, *measures))
    shares = {
        name: (float((decisions[seen] == place).mean()), float((decisions[test] == place).mean()))
        for place, name in enumerate(decided.names)
    }
    notes = (*rows.notes, *decided.notes)
    return Explanation(manifest, tuple(rules), shares, (int(seen.sum()), int(test.sum())), notes)
