"""Explain a model as a whole: what it leans on, what it would be worth without, and how it depends on each input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.journal import Journal
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.explained import column_of_features
from ktrdr.application.serving.retraced import Retraced, retraced
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.application.training.dropping import Material, drop_column
from ktrdr.application.training.recording import Runs
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.evaluation.explaining.dependence import Dependence, Input, dependence, inputs_of
from ktrdr.domain.evaluation.explaining.explain import Subject
from ktrdr.domain.evaluation.explaining.group_importance import (
    GroupImportance,
    block_means,
    group_importance,
    spread_rows,
)
from ktrdr.domain.evaluation.explaining.grouping import Groups, grouped
from ktrdr.domain.evaluation.explaining.naming import column_meanings
from ktrdr.domain.evaluation.explaining.stability import rank_intervals
from ktrdr.domain.evaluation.importance import evenly_spaced
from ktrdr.domain.evaluation.losses import RowLoss, primary_loss
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import iso
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.work import Work

REPEATS = 5
_ROWS, _WINDOWS = 2000, 500
_DRAWN, _OBSERVED, _COMPARED = 100, 500, 5000


@dataclass(frozen=True, slots=True)
class GlobalRequest:
    """Which model, and whether it is refitted without each group; for the rest see `LoadRequest`."""

    model: str
    top: int = 6
    drop_column: bool = False
    symbol: str | None = None
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None

    def __post_init__(self) -> None:
        if self.top < 0:
            raise InvalidInput(f"top must be 0 or more, found {self.top}")
        _ = self.wanted  # refuses what contradicts itself

    @property
    def wanted(self) -> LoadRequest:
        """Which model is to be explained."""
        return LoadRequest(self.model, self.symbol, self.timeframe, self.as_of, self.prefer).unambiguous()


@dataclass(frozen=True, slots=True, eq=False)
class GlobalExplanation:
    """What a model leans on, on validation rows: test rows are not looked at again.

    Attributes
    ----------
    manifest : Manifest
    target : Target
    rows, of_rows : int
        Validation rows that were used, of those that there are.
    first, last : int
        When they were known (UTC nanoseconds).
    loss : str
        In words.
    groups : Groups
    members : tuple of tuple of str
        What each group holds.
    importance : GroupImportance
    dropped : GroupImportance or None
        The same of refits without each group; NaN where nothing would be left.
    dependences : tuple of Dependence
        Of the inputs of the most important groups, by importance.
    notes : tuple of str
    """

    manifest: Manifest
    target: Target
    rows: int
    of_rows: int
    first: int
    last: int
    loss: str
    groups: Groups
    members: tuple[tuple[str, ...], ...]
    importance: GroupImportance
    dropped: GroupImportance | None
    dependences: tuple[Dependence, ...]
    notes: tuple[str, ...]

    @property
    def ranks(self) -> Int64s:
        """First and last rank that each group may have, shape (n_groups, 2)."""
        return rank_intervals(self.importance.rises)

    @property
    def order(self) -> Int64s:
        """The groups by importance, the largest first."""
        return np.argsort(-self.importance.mean, kind="stable")

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the lines of `dependences` are."""
        return self.target.classes or ("prediction",)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        ranks = self.ranks
        return {
            "model": self.manifest.model_name,
            "version": self.manifest.version,
            "part": "validation",
            "rows": self.rows,
            "of_rows": self.of_rows,
            "first": iso(self.first),
            "last": iso(self.last),
            "loss": self.loss,
            "intact": self.importance.loss,
            "groups": [self._group(group, ranks) for group in self.order.tolist()],
            "dependence": [self._dependence(one) for one in self.dependences],
            "notes": list(self.notes),
        }

    def _group(self, group: int, ranks: Int64s) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "group": self.groups.names[group],
            "inputs": list(self.members[group]),
            "shuffled": float(self.importance.mean[group]),
            "error": float(self.importance.errors[group]),
            "ranks": ranks[group].tolist(),
        }
        if self.dropped is not None:
            there = bool(np.isfinite(self.dropped.mean[group]))
            entry["dropped"] = float(self.dropped.mean[group]) if there else None
            entry["dropped_error"] = float(self.dropped.errors[group]) if there else None
        return entry

    def _dependence(self, one: Dependence) -> dict[str, Any]:
        mean = one.mean
        return {
            "input": one.input.name,
            "terms": list(one.input.terms),
            "places": one.places.tolist(),
            "mean": {name: mean[:, place].tolist() for place, name in enumerate(self.outputs)},
            "outside": one.outside,
        }


class ExplainGlobal:
    """Finds the rows of a model's training again, and asks the model on those of the validation part."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        journal: Journal,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._sources = PoolSources(data, features, calendar=calendar)
        self._trainer = trainer
        self._storage = storage
        self._journal = journal

    def execute(self, request: GlobalRequest) -> GlobalExplanation:
        """Return grouped importance and dependence; where it is asked for, refits without each group besides.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model's features can no longer be computed as in training, the bars of its parts are gone, or
            refits are asked for that are not defined.
        """
        found = find_model(self._data, self._storage, request.wanted)
        if found.kind == "named" and request.symbol is not None:
            raise InvalidInput(f"a symbol chooses among the models of a strategy; {shown(request.model)} is one model")
        opened = open_model(self._trainer, found)
        again = retraced(self._sources, opened)
        groups = _groups(opened, again)
        rows = _chosen(opened, again)
        subject = Subject(
            opened.model, opened.inference, again.pool.values, rows, groups, column_of_features(opened), _seed(opened)
        )
        importance = _importance(subject, opened, again, rows)
        dropped = self._dropped(opened, again, groups, rows) if request.drop_column else None
        dependences = _dependences(subject, opened, again, importance, request.top)
        known_at = again.pool.known_at[rows]
        return GlobalExplanation(
            opened.manifest,
            opened.target,
            len(rows),
            len(again.split.validation),
            int(known_at.min()),
            int(known_at.max()),
            _loss(opened).words,
            groups,
            _members(again, groups),
            importance,
            dropped,
            dependences,
            (*found.sentences, *again.notes),
        )

    def _dropped(self, opened: OpenedModel, again: Retraced, groups: Groups, rows: Int64s) -> GroupImportance:
        manifest = opened.manifest
        combination = manifest.split.get("combination") or "concatenate"
        parts = again.pool, again.split, opened.strategy, opened.features, opened.inference
        work = Work(opened.strategy.name, tuple(manifest.training_symbols), "explain", _seed(opened))
        with Runs(self._journal, work) as runs:
            facts = {"explains": f"{manifest.model_name}_v{manifest.version}", "features": list(again.pool.ids)}
            runs.about(work.symbols, facts)
            loss = _loss(opened)
            whole, rises = drop_column(Material(*parts, combination), groups, rows, loss, self._trainer, runs)
        return GroupImportance(whole, block_means(rises))


def _seed(opened: OpenedModel) -> int:
    return int(opened.manifest.seed)


def _loss(opened: OpenedModel) -> RowLoss:
    return primary_loss(opened.strategy.training["fitness_metrics.primary"], opened.target)


def _groups(opened: OpenedModel, again: Retraced) -> Groups:
    train = again.split.train
    usual = again.pool.values[train[evenly_spaced(len(train), min(len(train), _COMPARED))]]
    return grouped([one.indicator for one in column_meanings(opened.strategy, opened.features)], usual)


def _chosen(opened: OpenedModel, again: Retraced) -> Int64s:
    validation = again.split.validation
    most = _WINDOWS if opened.spec.reads_windows else _ROWS
    return validation[spread_rows(again.pool.known_at[validation], most)]


def _members(again: Retraced, groups: Groups) -> tuple[tuple[str, ...], ...]:
    ids = again.pool.ids
    return tuple(tuple(ids[column] for column in groups.columns(group)) for group in range(len(groups.names)))


def _importance(subject: Subject, opened: OpenedModel, again: Retraced, rows: Int64s) -> GroupImportance:
    truth, loss = again.pool.labels_of(rows), _loss(opened)

    def losses(samples: Float32s) -> Floats:
        found: Floats = loss.rows(truth, _outputs(subject, samples))
        return found

    rng = np.random.default_rng(subject.seed)
    return group_importance(losses, subject.samples(rows), subject.groups, REPEATS, rng)


def _outputs(subject: Subject, samples: Float32s) -> Floats:
    return subject.inference.outputs_of_scaled(subject.model, *subject.flat(samples))


def _dependences(
    subject: Subject, opened: OpenedModel, again: Retraced, importance: GroupImportance, top: int
) -> tuple[Dependence, ...]:
    """Return the dependence on the inputs of the most important groups."""
    order = np.argsort(np.argsort(-importance.mean, kind="stable"), kind="stable")
    inputs = inputs_of(column_meanings(opened.strategy, opened.features))
    first = sorted(inputs, key=lambda one: int(order[subject.groups.of_column[one.columns[0, 0]]]))
    rows = subject.background
    drawn = subject.samples(rows[evenly_spaced(len(rows), min(len(rows), _DRAWN))])
    seen = rows[evenly_spaced(len(rows), min(len(rows), _OBSERVED))]
    observed, values = subject.samples(seen)[:, -1], _shown(opened, again.pool.values[seen])

    def outputs(samples: Float32s) -> Floats:
        return _outputs(subject, samples).reshape(len(samples), -1)

    def of(one: Input) -> Dependence | None:
        return dependence(outputs, drawn, observed, values, one)

    found = (of(one) for one in first[:top])
    return tuple(one for one in found if one is not None)


def _shown(opened: OpenedModel, values: Float32s) -> Float32s:
    """Return columns as people know them: of learned sets the indicator, to which what was taken from it is added."""
    offsets = {feature.id: feature.offset for feature in input_columns(opened.features)}
    return values + np.array([offsets[name] for name in opened.model.feature_ids], dtype=np.float32)
