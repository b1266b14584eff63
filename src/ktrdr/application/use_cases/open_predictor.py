"""Open a predictor: a stored model, ready to take one symbol's bars as they become known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.clock import Clock
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.market_data import MarketData, span_of
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.live import LiveModel
from ktrdr.application.serving.opened import served_market
from ktrdr.application.serving.predictor import Predictor
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.feeding import calendar_of
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

log = logging.getLogger(__name__)
_AHEAD = 5 * 366 * NS_PER_DAY
"""How far a calendar is laid out beyond the bars that there are."""


@dataclass(frozen=True, slots=True)
class PredictorRequest:
    """Which model, and for which symbol.

    Attributes
    ----------
    model : str
        A reference or path; or the name of a strategy, of which the model is chosen that serves the symbol.
    symbol : str
    timeframe, as_of, prefer, ensemble
        Of the model to choose, see `LoadRequest`; only with the name of a strategy.
    known_until : str or None
        The predictor has seen all bars of the repository that are known by this date (its beginning) or moment, and
        is flat. None: it has seen none. What is not over yet is not known.
    strict : bool
        Refuse a bar that is not over.
    """

    model: str
    symbol: str
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None
    known_until: str | None = None
    ensemble: bool = False
    strict: bool = False

    @property
    def wanted(self) -> LoadRequest:
        """Which model is to be used."""
        choice = self.timeframe, self.as_of, self.prefer, self.ensemble
        return LoadRequest(self.model, self.symbol, *choice).unambiguous()

    @property
    def until(self) -> int | None:
        """The moment `known_until` in UTC nanoseconds."""
        return None if self.known_until is None else read_moment(self.known_until)


class OpenPredictor:
    """Finds the model that serves a symbol, and makes it ready for live bars."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        clock: Clock,
        calendar: Callable[[str, int, int], Sessions] | None = None,
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._clock = clock
        self._calendar = calendar

    def execute(self, request: PredictorRequest) -> Predictor:
        """Return the predictor.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound, Unavailable
        InvalidInput
            If the model may not serve the symbol, or its features can no longer be computed as in training.
        """
        until, symbol = request.until, request.symbol
        found = find_model(self._data, self._storage, request.wanted)
        reference = request.model if found.kind == "named" else found.reference
        opened, market = served_market(self._data, self._features, open_model(self._trainer, found, symbol), symbol)
        live = LiveModel(
            opened,
            reference,
            found.reason,
            market.characteristics,
            market.origins,
            self._sessions(market),
            market.context,
            tuple(dict.fromkeys((*found.sentences, *market.said))),
        )
        log.info("predictor", extra={"model": reference, "symbol": symbol, "reason": found.reason})
        predictor = Predictor(live, self._features, self._clock, strict=request.strict)
        if until is not None:
            predictor.observe_all(self._history(predictor, market, min(until, self._clock())))
        return predictor

    def _sessions(self, market: MarketData) -> Sessions | None:
        """Return the calendar of the bars, and after it that of the same name."""
        bars = market.base_bars
        if bars.sessions is None or self._calendar is None:
            return bars.sessions
        first, last = int(bars.stamps[0]), int(bars.stamps[-1])
        try:
            ahead = self._calendar(market.characteristics.calendar, first, last + _AHEAD)
        except (InvalidInput, Unavailable):
            return bars.sessions
        own = calendar_of(bars, ahead)
        return bars.sessions if own is None else bars.sessions.continued_by(own)

    def _history(self, predictor: Predictor, market: MarketData, until: int) -> dict[str, Bars]:
        """Return the bars of each timeframe that is fed, as far as they are known by then."""
        wanted = predictor.live.opened.strategy.training_data
        start = wanted.start if never_settling(predictor.live.opened.features) else None
        span = span_of(replace(wanted, start=start, end=None))
        found = {}
        for name in predictor.timeframes:
            own = market.origins.get(name) in ("native", name)
            bars = market.bars[name] if own else self._data.load(market.base_bars.symbol, Timeframe(name), *span)
            found[name] = bars.take(slice(0, int(np.searchsorted(bars.known_at, until, side="right"))))
        return found
