"""Backtest: what a stored model's decisions would have earned on bars that had no part in choosing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.clock import Clock
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.serving.choosing import open_model
from ktrdr.application.serving.opened import Decided, Served, decided_on, serve
from ktrdr.application.serving.unseen import BacktestRequest, find_unseen
from ktrdr.application.serving.wanted import LoadedModel
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.lookup import listed
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.backtest.periods import bars_per_year
from ktrdr.domain.backtest.result import Result, replay
from ktrdr.domain.backtest.span import Seen, Span, choose_span
from ktrdr.domain.backtest.tables import Course
from ktrdr.domain.decisions.silence import silence
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.positive import require_positive
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.unfinished import unfinished_warnings
from ktrdr.domain.training.windows import are_whole, look_back, missing_look_back

__all__ = ["Backtest", "BacktestReport", "BacktestRequest"]

_FEW = 30


@dataclass(frozen=True, slots=True, eq=False)
class BacktestReport:
    """A backtest, with what must be known to believe it.

    Attributes
    ----------
    model : LoadedModel
    manifest : Manifest
        Of the model; of an ensemble what those of its members say together.
    span : Span
    result : Result
    notes : tuple of str
        What should be said aloud.
    """

    model: LoadedModel
    manifest: Manifest
    span: Span
    result: Result
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        bars, manifest = self.result.bars, self.manifest
        return {
            "strategy": manifest.strategy_name,
            "symbol": bars.symbol,
            "timeframe": str(bars.timeframe),
            "model": {
                "path": self.model.location,
                "reference": self.model.reference,
                "version": manifest.version,
                "reason": self.model.reason,
                "members": list(self.model.members),
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

    def execute(self, request: BacktestRequest) -> BacktestReport:
        """Return what the strategy would have done and earned.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound
        InvalidInput
            If the model says nothing about trading, may not serve the symbol or cannot be given its features, or if the
            bars asked for had a part in choosing it and `in_sample` is not set; if an open or close is not above 0.
        """
        used = find_unseen(self._data, self._storage, request)
        opened = open_model(self._trainer, used, request.symbol)
        if not opened.target.trades:
            source = opened.strategy.labels.source
            raise InvalidInput(f"{used.reference}: what it foresees ({source}) asks for no trades; nothing to backtest")
        symbol = request.symbol or opened.only_symbol
        served = serve(self._data, self._features, opened, symbol, request.last_stamp)
        market, matrix = served.market, served.matrix
        base, rows = request.known_by_the_end(market.base_bars), _whole_rows(served)
        usable = int(matrix.base_rows[rows[0]])
        span = choose_span(base, usable, _seen(opened, symbol), request.first_stamp, request.in_sample)
        rows = rows[: np.searchsorted(matrix.base_rows[rows], len(base))]
        rows = rows[np.searchsorted(matrix.base_rows[rows], span.first) :]
        if not len(rows):
            raise InvalidInput(f"{symbol} {market.base}: no bar from {iso(base.stamps[span.first])} can be predicted")
        bars, rng = base.take(slice(span.first, None)), np.random.default_rng(opened.manifest.seed)
        require_positive(bars, ("open", "close"), "a backtest")
        decided = decided_on(served, rows)
        course = Course(matrix.base_rows[rows] - span.first, decided.outputs, decided.decisions)
        result = replay(bars, course, opened.target, request.account, bars_per_year(base), rng)
        notes = *used.sentences, *market.said, *span.notes, *_missing(course, len(bars)), *decided.notes
        notes = *notes, *unfinished_warnings(bars, self._clock()), *_untraded(served, decided)
        notes = tuple(dict.fromkeys((*notes, *_few(len(bars)), *_ruin(result))))
        return BacktestReport(used, opened.manifest, span, result, notes)


def _whole_rows(served: Served) -> Int64s:
    """Return the rows that can be predicted: all, or those with a whole window."""
    spec, base, matrix = served.opened.spec, served.market.base_bars, served.matrix
    if not spec.reads_windows:
        return np.arange(len(matrix))
    reached = look_back(matrix, base, spec.break_at_session)
    rows = np.flatnonzero(are_whole(reached, spec))
    if not len(rows):
        raise InvalidInput(missing_look_back(reached, spec, f"{base.symbol} {base.timeframe}"))
    return rows


def _seen(opened: OpenedModel, symbol: str) -> Seen:
    """Return up to when bars chose and judged the model, and whose they were where the symbol was not among them."""
    manifest = opened.manifest
    chosen_by = manifest.training_symbols
    judged_by = [*chosen_by, *(name for name in opened.origins if name not in chosen_by)]
    others = (
        "" if any(same_symbol(symbol, name) for name in names) else listed(names) for names in (chosen_by, judged_by)
    )
    return Seen(manifest.selected_until, manifest.judged_until, *others)


def _few(n_bars: int) -> tuple[str, ...]:
    return (f"{n_bars} bars are few: figures of a year say little",) if n_bars < _FEW else ()


def _missing(course: Course, n_bars: int) -> tuple[str, ...]:
    missing = n_bars - len(course.places)
    return (f"{missing:,} of {n_bars:,} bars could not be predicted; the position is kept there",) if missing else ()


def _untraded(served: Served, decided: Decided) -> tuple[str, ...]:
    opened = served.opened
    reason = silence(decided.outputs, decided.signals, decided.decisions, opened.target, opened.strategy.decisions)
    return () if reason is None else (f"nothing was traded: {reason}",)


def _ruin(result: Result) -> tuple[str, ...]:
    ruined = result.strategy.ruined_at
    if ruined is None:
        return ()
    return (f"nothing was left at {iso(result.bars.stamps[ruined])}; nothing is traded from there on",)
