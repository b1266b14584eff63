"""Explain a decision: what each group of inputs added to what a stored model said at one bar, or at several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.explained import explained_meanings, subject_of
from ktrdr.application.serving.opened import Decided, Served, decided_on, serve
from ktrdr.application.serving.ruled import ExplainedRule, reads_sets, ruled
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.decisions.step import Decision
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.evaluation.explaining.explain import Explained, Method, explain, explain_locally
from ktrdr.domain.evaluation.explaining.lime import Lime
from ktrdr.domain.evaluation.explaining.naming import Meaning, column_meanings
from ktrdr.domain.evaluation.explaining.stability import rank_intervals
from ktrdr.domain.evaluation.terms import linguistic_terms
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.moments import is_date, last_of, read_moment
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.windows import whole_windows

METHODS = ("auto", "sampling", "lime")
_RULES = 50


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """Which model, on which symbol, at which bar.

    Attributes
    ----------
    model, symbol, timeframe, as_of, prefer, ensemble
        See `LoadRequest`; without a symbol the only one that the model was trained on.
    at : str or None
        A moment in ISO 8601: the bar that opens then, else the last one that is known then; a date: the last bar that
        opens on it or before. None: the newest bar.
    last : int
        How many bars up to that one.
    method : str
        ``auto``: the model's own exact way, drawn Shapley values where it has none. ``sampling``: these in any case.
        ``lime``: besides, straight lines through what the model says near the bar.
    """

    model: str
    symbol: str | None = None
    at: str | None = None
    last: int = 1
    method: str = "auto"
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None
    ensemble: bool = False

    def __post_init__(self) -> None:
        if self.last < 1:
            raise InvalidInput(f"rows must be 1 or more, found {self.last}")
        if self.method not in METHODS:
            raise InvalidInput(f"method {self.method!r} is not known; allowed: {', '.join(METHODS)}")
        if self.at is not None:
            read_moment(self.at)
        _ = self.wanted  # refuses what contradicts itself

    @property
    def wanted(self) -> LoadRequest:
        """Which model is to be explained."""
        choice = self.timeframe, self.as_of, self.prefer, self.ensemble
        return LoadRequest(self.model, self.symbol, *choice).unambiguous()

    @property
    def drawn(self) -> Method:
        """How contributions are computed."""
        return "sampling" if self.method == "sampling" else "auto"


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedDecision:
    """Why a model said what it said, and its strategy did what it did.

    Attributes
    ----------
    manifest : Manifest
    target : Target
    symbol : str
    stamps, known_at : ndarray of int64, shape (n_rows,)
        Of the bars that are explained, the one that was asked for last.
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,): those of `Predict`.
    signal : str
        At the last bar.
    decision : Decision
        At the last bar.
    explained : Explained
    inputs : tuple of Meaning
        Of the features of `explained`; empty where groups were explained as wholes.
    values : ndarray of float32, shape (n_rows, n_inputs)
        What they were.
    members : tuple of tuple of str
        What each group holds.
    words : tuple of str
        What the fuzzy sets say at the last bar.
    fired : tuple of ExplainedRule
        Rules of the model whose conditions hold there.
    local : Lime or None
    local_inputs : tuple of Meaning
        Of the slopes.
    notes : tuple of str
    """

    manifest: Manifest
    target: Target
    symbol: str
    stamps: Int64s
    known_at: Int64s
    outputs: Floats
    signal: str
    decision: Decision
    explained: Explained
    inputs: tuple[Meaning, ...]
    values: Float32s
    members: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    fired: tuple[ExplainedRule, ...]
    local: Lime | None
    local_inputs: tuple[Meaning, ...]
    notes: tuple[str, ...]

    @property
    def ranks(self) -> Int64s:
        """First and last rank that each group's contribution may have by size at the last bar, shape (n_groups, 2)."""
        found = self.explained
        draws = found.values[-1:] if found.draws is None else found.draws[-1]
        sizes = np.abs(found.values[-1:]) if found.draws is None else draws * np.sign(found.values[-1])
        return rank_intervals(sizes, found.tolerance)

    @property
    def about(self) -> str:
        """What is explained at the last bar: a class, or the unit of a prediction."""
        classes = self.explained.classes
        return str(self.target.unit) if classes is None else self.target.classes[int(classes[-1])]

    def table(self) -> pd.DataFrame:
        """Return a row for each bar and each input, or group where groups were explained as wholes.

        Columns: bar, known_at, output (what is explained), unit, base, input, group, timeframe, lag, value,
        contribution, error. Contributions and base add up to output.
        """
        found, n_rows = self.explained, len(self.stamps)
        inputs = [one.id for one in self.inputs] or list(found.groups)
        width = len(inputs)
        contributions = found.values if found.features is None else found.features
        group = {name: label for label, names in zip(found.groups, self.members, strict=True) for name in names}
        group |= {label: label for label in found.groups}
        moments = {"bar": self.stamps, "known_at": self.known_at}
        columns: dict[str, Any] = {name: np.repeat([iso(one) for one in at], width) for name, at in moments.items()}
        names = [self.about] * n_rows if found.classes is None else [self.target.classes[k] for k in found.classes]
        columns |= {"explained": np.repeat(names, width), "unit": found.unit}
        columns |= {"output": np.repeat(found.outputs, width), "base": np.repeat(found.base, width)}
        columns |= {"input": inputs * n_rows, "group": [group[name] for name in inputs] * n_rows}
        if self.inputs:
            columns["value"] = self.values.reshape(-1)
        columns["contribution"] = contributions.reshape(-1)
        if found.errors is not None:
            columns["error"] = found.errors.reshape(-1)
        return pd.DataFrame(columns)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        found, place = self.explained, len(self.stamps) - 1
        said: Any = self.outputs[place]
        if self.target.is_classification:
            said = dict(zip(self.target.classes, self.outputs[place].tolist(), strict=True))
        return {
            "model": self.manifest.model_name,
            "version": self.manifest.version,
            "symbol": self.symbol,
            "bar": iso(self.stamps[place]),
            "known_at": iso(self.known_at[place]),
            "signal": self.signal,
            "decision": self.decision.action,
            "reason": self.decision.reason,
            "probabilities" if self.target.is_classification else "prediction": said
            if self.target.is_classification
            else float(said),
            "explained": self.about,
            "unit": found.unit,
            "method": found.method,
            "base": float(found.base[place]),
            "sum": float(found.sums[place]),
            "output": float(found.outputs[place]),
            "adds_up": found.add_up,
            "groups": self._groups(place),
            "inputs": self._inputs(place),
            "words": list(self.words),
            "rules": [rule.as_dict() for rule in self.fired],
            "lime": self._local(),
            "notes": list(self.notes),
        }

    def _groups(self, place: int) -> list[dict[str, Any]]:
        found, ranks = self.explained, self.ranks
        return [
            {
                "group": found.groups[group],
                "contribution": float(found.values[place, group]),
                "error": None if found.errors is None else float(found.errors[place, group]),
                "ranks": ranks[group].tolist(),
                "inputs": list(self.members[group]),
            }
            for group in np.argsort(-np.abs(found.values[place]), kind="stable")
        ]

    def _inputs(self, place: int) -> list[dict[str, Any]]:
        features = self.explained.features
        if features is None:
            return []
        return [
            {"id": one.id, "term": one.text, "value": _finite(value), "contribution": float(added)}
            for one, value, added in zip(self.inputs, self.values[place], features[place], strict=True)
        ]

    def _local(self) -> dict[str, Any] | None:
        if self.local is None:
            return None
        slopes = zip(self.local_inputs, self.local.slope.tolist(), strict=True)
        return {
            "slopes": {one.id: slope for one, slope in slopes},
            "fit": float(self.local.fit.mean()),
            "in_common": self.local.in_common,
            "rank_correlation": self.local.rank_correlation,
            "unstable": self.local.unstable,
        }


class ExplainDecision:
    """Serves a model as `Predict` does, and explains what it says at one bar."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._sources = PoolSources(data, features, calendar=calendar)

    def execute(self, request: DecisionRequest) -> ExplainedDecision:
        """Return the explanation of the bar that is asked for, and of those before it.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            See `Predict`; or if no bar that can be predicted is known at that moment.
        """
        found = find_model(self._data, self._storage, request.wanted)
        opened = open_model(self._trainer, found, request.symbol)
        symbol = request.symbol or opened.only_symbol
        served = serve(self._data, self._features, opened, symbol)
        rows = whole_windows(served.matrix, served.market.base_bars, opened.spec)
        place, said = _place(served, rows, request.at)
        decided, asked = decided_on(served, rows), rows[max(place + 1 - request.last, 0) : place + 1]
        rules, unruled = self._fired(served, int(rows[place])) if found.kind != "ensemble" else ((), ())
        notes = (*found.sentences, *served.market.said, *said, *decided.notes, *unruled)
        return _explained(request, served, decided, rows, asked, place, rules, notes)

    def _fired(self, served: Served, row: int) -> tuple[tuple[ExplainedRule, ...], tuple[str, ...]]:
        """Return the rules of the model that fire on a row; else why there are none."""
        if not reads_sets(served.opened):
            return (), ()
        try:
            found = ruled(self._sources, served.opened, _RULES)
        except (InvalidInput, DataNotFound) as error:
            return (), (f"no rules: {error}",)
        words = set(_words(served.opened, served, row))
        return tuple(rule for rule in found.rules if {term.text(True) for term in rule.conditions} <= words), ()


def _explained(
    request: DecisionRequest,
    served: Served,
    decided: Decided,
    rows: Int64s,
    asked: Int64s,
    place: int,
    rules: tuple[ExplainedRule, ...],
    notes: tuple[str, ...],
) -> ExplainedDecision:
    opened, matrix = served.opened, served.matrix
    subject, usual = subject_of(served, rows, int(asked[0]))
    found = explain(subject, asked, request.drawn)
    inputs = () if found.features is None else explained_meanings(opened, found.features.shape[1])
    local = explain_locally(subject, int(asked[-1])) if request.method == "lime" else None
    shown = matrix.take(asked)
    if len(inputs) != len(matrix.ids) or inputs[0].id != matrix.ids[0]:
        shown = resolved_matrix(shown, tuned_features(opened.features, opened.model.tuned))
    column_of = subject.column_of if inputs and len(inputs) == len(subject.column_of) else np.arange(len(matrix.ids))
    named = [one.id for one in inputs] or list(matrix.ids)
    of_input = subject.groups.of_column[column_of]
    members = tuple(
        tuple(named[column] for column in np.flatnonzero(of_input == group)) for group in range(len(found.groups))
    )
    return ExplainedDecision(
        opened.manifest,
        opened.target,
        served.market.base_bars.symbol,
        matrix.stamps[asked],
        matrix.known_at[asked],
        decided.outputs[place + 1 - len(asked) : place + 1],
        str(decided.signals.actions[place]),
        decided.decisions[place],
        found,
        inputs,
        shown.values if inputs else shown.values[:, :0],
        members,
        _words(opened, served, int(asked[-1])),
        rules,
        local,
        column_meanings(opened.strategy, opened.features),
        tuple(dict.fromkeys((*notes, usual))),
    )


def _words(opened: OpenedModel, served: Served, row: int) -> tuple[str, ...]:
    """Return what the fuzzy sets say on a row, timeframes included."""
    if not reads_sets(opened):
        return ()
    features = tuned_features(opened.features, opened.model.tuned)
    terms, holds = linguistic_terms(
        opened.strategy, resolved_matrix(served.matrix.take(np.array([row], dtype=np.int64)), features)
    )
    return tuple(term.text(True) for term, held in zip(terms, holds[:, 0], strict=True) if held)


def _place(served: Served, rows: Int64s, at: str | None) -> tuple[int, tuple[str, ...]]:
    """Return which of the rows is explained, and a note where it is not the bar that opens at the moment."""
    if at is None:
        return len(rows) - 1, ()
    matrix, moment = served.matrix, read_moment(at)
    stamps, known_at = matrix.stamps[rows], matrix.known_at[rows]
    exact = np.flatnonzero(stamps == moment)
    if len(exact) and not is_date(at):
        return int(exact[0]), ()
    there = np.flatnonzero(stamps <= last_of(at)) if is_date(at) else np.flatnonzero(known_at <= moment)
    if not len(there):
        symbol = served.market.base_bars.symbol
        raise InvalidInput(
            f"{symbol}: no bar that can be predicted is known at {at}; the first opens {iso(stamps[0])} and is known "
            f"{iso(known_at[0])}"
        )
    place = int(there[-1])
    if is_date(at) and stamps[place] >= moment:
        return place, ()
    said = f"no bar that can be predicted opens {'on' if is_date(at) else 'at'} {at}: the last one before is explained"
    return place, (f"{said}, {iso(stamps[place])}",)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
