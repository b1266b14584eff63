"""Backtest: what a stored model's decisions would have earned on bars that had no part in choosing it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ktrdr.application.loading import LoadRequest, load_with_fallback
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.serving import Served, decided_on, open_model, serve
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.fallback import read_moment
from ktrdr.domain.artifacts.lookup import no_such_strategy
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.periods import bars_per_year
from ktrdr.domain.backtest.result import Result, replay
from ktrdr.domain.backtest.span import Seen, Span, choose_span
from ktrdr.domain.backtest.tables import Course
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.sessions import Int64s
from ktrdr.domain.training.windows import look_back, missing_look_back


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """Which model, on which bars, by which account.

    Attributes
    ----------
    strategy : str
        Its name.
    symbol : str or None
        None: the only symbol that a named model was trained on.
    model : str or None
        A reference or path; None: the one that `load_with_fallback` finds for the symbol, of those that were chosen
        before `start` where it is given.
    timeframe : str or None
        Of the model to find; None: the only one that there are models for.
    start, end : str or None
        First and last day (whole) or moment, ISO 8601, UTC where no zone is written. Without `start`: the first bar
        that had no part in choosing the model.
    in_sample : bool
        Also use bars that chose the model; the result says so.
    prefer : str
        See `LoadRequest`.
    account : Account
    """

    strategy: str
    symbol: str | None = None
    model: str | None = None
    timeframe: str | None = None
    start: str | None = None
    end: str | None = None
    in_sample: bool = False
    prefer: str = "universal"
    account: Account = field(default_factory=Account)

    def __post_init__(self) -> None:
        moments = [read_moment(text) for text in (self.start, self.end) if text is not None]
        if moments != sorted(moments):
            raise InvalidInput(f"a backtest can not start on {self.start} and end on {self.end}")

    @property
    def first_stamp(self) -> int | None:
        """The start in UTC nanoseconds."""
        return None if self.start is None else from_iso(read_moment(self.start).isoformat())


@dataclass(frozen=True, slots=True)
class UsedModel:
    """The model that decided: its reference, where it lies, why it is this one, whether it is another symbol's."""

    artifact: Artifact
    reference: str
    location: str
    reason: str
    notes: tuple[str, ...] = ()
    stands_in: bool = False

    @property
    def manifest(self) -> Manifest:
        """Everything but its weights."""
        return self.artifact.manifest


@dataclass(frozen=True, slots=True, eq=False)
class BacktestReport:
    """A backtest, with what must be known to believe it.

    Attributes
    ----------
    model : UsedModel
    span : Span
    result : Result
    notes : tuple of str
        What should be said aloud.
    """

    model: UsedModel
    span: Span
    result: Result
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        bars, manifest = self.result.bars, self.model.manifest
        return {
            "strategy": manifest.strategy_name,
            "symbol": bars.symbol,
            "timeframe": str(bars.timeframe),
            "model": {
                "path": self.model.location,
                "reference": self.model.reference,
                "version": manifest.version,
                "reason": self.model.reason,
            },
            "span": {
                "first": iso(bars.stamps[0]),
                "last": iso(bars.stamps[-1]),
                "bars": len(bars),
                "selected_until": manifest.selected_until,
                "judged_until": manifest.judged_until,
                "in_sample_bars": self.span.in_sample_bars,
                "judged_bars": self.span.judged_bars,
                "marks": list(self.span.marks),
            },
            **self.result.as_dict(),
            "notes": list(self.notes),
        }


class Backtest:
    """Finds the model, computes its features as in training, and trades what its strategy decides."""

    def __init__(
        self, data: DataRepository, features: FeatureEngineer, trainer: ModelTrainer, storage: ModelStorage
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage

    def execute(self, request: BacktestRequest) -> BacktestReport:
        """Return what the strategy would have done and earned.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model says nothing about trading, may not serve the symbol or cannot be given its features, or if the
            bars asked for had a part in choosing it and `in_sample` is not set.
        """
        used = self._load(request)
        opened = open_model(self._trainer, used.artifact, used.reference, stands_in=used.stands_in)
        if not opened.target.trades:
            source = opened.strategy.labels.source
            raise InvalidInput(f"{used.reference}: what it foresees ({source}) asks for no trades; nothing to backtest")
        symbol = request.symbol or _only_symbol(used)
        served = serve(self._data, self._features, opened, symbol, request.end)
        market, matrix = served.market, served.matrix
        rows = _whole_rows(served)
        base, seen = market.base_bars, Seen(used.manifest.selected_until, used.manifest.judged_until)
        usable = int(matrix.base_rows[rows[0]])
        span = choose_span(base, usable, seen, request.first_stamp, request.in_sample)
        rows = rows[np.searchsorted(matrix.base_rows[rows], span.first) :]
        if not len(rows):
            raise InvalidInput(f"{symbol} {market.base}: no bar from {iso(base.stamps[span.first])} can be predicted")
        decided = decided_on(served, rows)
        course = Course(matrix.base_rows[rows] - span.first, decided.outputs, decided.decisions)
        bars, rng = base.take(slice(span.first, None)), np.random.default_rng(used.manifest.seed)
        result = replay(bars, course, opened.target, request.account, bars_per_year(base), rng)
        notes = *used.notes, *market.notes, *span.notes, *_missing(course, len(bars)), *decided.notes, *_ruin(result)
        return BacktestReport(used, span, result, notes)

    def _load(self, request: BacktestRequest) -> UsedModel:
        if request.model is not None:
            return self._named(request, request.model)
        if request.symbol is None:
            raise InvalidInput(f"a backtest of {request.strategy!r} needs a symbol (--symbol)")
        as_of = None if request.in_sample else request.start
        timeframe = request.timeframe or self._only_timeframe(request.strategy)
        wanted = LoadRequest(request.strategy, request.symbol, timeframe, as_of, request.prefer)
        try:
            found = load_with_fallback(self._data, self._storage, wanted)
        except ModelNotFound as error:
            self._refuse_seen(wanted, error)
            raise
        named = found.artifact, found.reference, found.location
        return UsedModel(*named, found.reason, found.sentences, found.stands_in)

    def _refuse_seen(self, wanted: LoadRequest, error: ModelNotFound) -> None:
        """Say so if there is a model, and the start alone forbids it."""
        if wanted.as_of is None:
            return
        later = load_with_fallback(self._data, self._storage, replace(wanted, as_of=None))
        selected = later.artifact.manifest.selected_until
        if read_moment(selected) >= read_moment(wanted.as_of):
            raise InvalidInput(
                f"{wanted.symbol} {wanted.timeframe}: no model was chosen before {wanted.as_of}; a backtest of "
                f"{later.reference} from there would use bars up to {selected} that chose it; start after them, or "
                "give --in-sample"
            ) from error

    def _named(self, request: BacktestRequest, model: str) -> UsedModel:
        artifact = self._storage.load(model)
        manifest = artifact.manifest
        if manifest.strategy_name != request.strategy:
            raise InvalidInput(f"{model} is a model of {manifest.strategy_name!r}, not of {request.strategy!r}")
        if request.timeframe not in {None, manifest.base_timeframe}:
            raise InvalidInput(f"{model} is for {manifest.base_timeframe} bars, not for {request.timeframe}")
        places = {item.reference: item.location for item in self._storage.versions()}
        latest = {item.key.reference(None): item.location for item in self._storage.versions() if item.is_latest}
        location = {**places, **latest}.get(model, model)
        return UsedModel(artifact, manifest.key.reference(manifest.version), location, "it was asked for by name")

    def _only_timeframe(self, strategy: str) -> str:
        """Return the timeframe of all the strategy's models; that of a universal one stands in its manifest."""
        versions = self._storage.versions()
        ours = [version for version in versions if version.key.strategy == strategy]
        if not ours:
            raise no_such_strategy(strategy, versions)
        found = {version.key.timeframe for version in ours} - {None}
        if not found:
            found = {self._storage.load(ours[-1].reference).manifest.base_timeframe}
        known = sorted(name for name in found if name is not None)
        if len(known) != 1:
            said = f"are for {', '.join(known)} bars" if known else "do not say for which bars they are"
            raise InvalidInput(f"models of {strategy!r} {said}; give a timeframe (--timeframe)")
        return known[0]


def _only_symbol(used: UsedModel) -> str:
    symbols = used.manifest.training_symbols
    if len(symbols) > 1:
        raise InvalidInput(f"{used.reference} was trained on {len(symbols)} symbols; give --symbol")
    return symbols[0]


def _whole_rows(served: Served) -> Int64s:
    """Return the rows that can be predicted: all, or those with a whole window."""
    spec, base, matrix = served.opened.spec, served.market.base_bars, served.matrix
    if not spec.reads_windows:
        return np.arange(len(matrix))
    reached = look_back(matrix, base, spec.break_at_session)
    rows = np.flatnonzero(reached >= spec.window)
    if not len(rows):
        raise InvalidInput(missing_look_back(reached, spec, f"{base.symbol} {base.timeframe}"))
    return rows


def _missing(course: Course, n_bars: int) -> tuple[str, ...]:
    missing = n_bars - len(course.places)
    return (f"{missing:,} of {n_bars:,} bars could not be predicted; the position is kept there",) if missing else ()


def _ruin(result: Result) -> tuple[str, ...]:
    ruined = result.strategy.ruined_at
    if ruined is None:
        return ()
    return (f"nothing was left at {iso(result.bars.stamps[ruined])}; nothing is traded from there on",)
