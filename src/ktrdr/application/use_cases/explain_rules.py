"""Explain: the strongest readable rules of a model, and how well they still describe it on rows it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import GatheredPool, PoolSources, gather_pool
from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.decisions.leaning import Leaning, leaning
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.evaluation.rules import RuleMeasure, measure, mine_rules
from ktrdr.domain.evaluation.terms import Term, linguistic_terms
from ktrdr.domain.features.contract import compare, feature_contract
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.splits.parted import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.pool.pool import Pool


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """Which model, and how many rules at most."""

    model: str
    top: int = 10

    def __post_init__(self) -> None:
        if self.top < 1:
            raise InvalidInput(f"top must be 1 or more, found {self.top}")


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
        self, data: DataRepository, features: FeatureEngineer, trainer: ModelTrainer, storage: ModelStorage
    ) -> None:
        self._data = data
        self._features = features
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
        artifact = self._storage.load(request.model)
        manifest, model = artifact.manifest, self._trainer.restore(artifact)
        strategy = parse(manifest.strategy, where=f"{request.model}/config.yaml")
        if not any(entry.kind == "fuzzy_set" for entry in strategy.nn_inputs):
            raise InvalidInput(f"{manifest.model_name}: reads no fuzzy set, and rules are made of fuzzy sets")
        rows = self._rows(manifest, model, strategy)
        decided = leaning(rows.outputs, ~rows.test, Target.from_dict(manifest.target), strategy.decisions)
        return _explain(manifest, rows, decided, request.top)

    def _rows(self, manifest: Manifest, model: FittedModel, strategy: Strategy) -> _Rows:
        features = resolve(strategy)
        difference = compare(manifest.feature_contract, feature_contract(features, self._features.kernels(features)))
        if difference:
            raise InvalidInput(f"{manifest.model_name}: its features can not be computed as in training: {difference}")
        gathered = gather_pool(PoolSources(self._data, self._features), strategy, manifest.training_symbols)
        pool = gathered.pool
        rows, test = _part_rows(manifest, pool)
        outputs = read_inference(manifest, model.feature_ids).outputs(model, pool.values, rows)
        matrix = resolved_matrix(pool.matrix_at(rows), tuned_features(features, model.tuned))
        terms, holds = linguistic_terms(strategy, matrix)
        return _Rows(terms, holds, outputs, test, _changed_bars(manifest, gathered))


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


def _part_rows(manifest: Manifest, pool: Pool) -> tuple[Int64s, Bools]:
    """Return the rows of the three parts, and which of them are test rows."""
    try:
        spans = [manifest.split["parts"][name] for name in PARTS]
        first = np.array([from_iso(span["first"]) for span in spans])
        last = np.array([from_iso(span["last"]) for span in spans])
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptArtifact(f"{manifest.model_name}: split does not say when its parts begin and end") from error
    rows = np.flatnonzero(pool.spans.learnable)
    known_at = pool.known_at[rows]
    inside = (known_at[:, None] >= first) & (known_at[:, None] <= last)
    used = inside.any(axis=1)
    test = inside[used, PARTS.index("test")]
    if not test.any() or test.all():
        symbols = ", ".join(pool.symbols)
        raise InvalidInput(f"{symbols}: the bars that {manifest.model_name} was trained and judged on are not there")
    return rows[used], test


def _changed_bars(manifest: Manifest, gathered: GatheredPool) -> tuple[str, ...]:
    """Say which series are not those that the model was trained on."""
    trained = {(entry.get("symbol"), entry.get("timeframe")): entry.get("sha256") for entry in manifest.data}
    loaded = dict.fromkeys(item for member in gathered.members.values() for item in member.loaded)
    return tuple(
        f"{item.symbol} {item.timeframe}: these are not the bars of the training; the rules describe the model on these"
        for item in loaded
        if trained.get((item.symbol, item.timeframe)) != item.sha256
    )
