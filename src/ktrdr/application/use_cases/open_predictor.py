"""Open a predictor: a stored model, ready to take one symbol's bars as they become known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.market_data import MarketData, span_of
from ktrdr.application.serving.live_model import LiveModel
from ktrdr.application.serving.loading import LoadRequest, is_strategy, load_with_fallback, only_timeframe
from ktrdr.application.serving.opened import OpenedModel, open_model, served_market
from ktrdr.application.serving.predictor import Predictor
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.market.bars import Bars
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
        A reference or path; or the name of a strategy, of which the model is chosen that serves the symbol: see
        `load_with_fallback`.
    symbol : str
    timeframe : str or None
        Of the model to choose; None: the only one that the strategy has models for.
    as_of : str or None
        Only models that were chosen before this date or moment (ISO 8601); only with the name of a strategy.
    prefer : str
        See `LoadRequest`.
    known_until : str or None
        The predictor has seen all bars of the repository that are known by this date (its beginning) or moment, and
        is flat. None: it has seen none.
    """

    model: str
    symbol: str
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str = "universal"
    known_until: str | None = None

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
        calendar: Callable[[str, int, int], Sessions] | None = None,
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._calendar = calendar

    def execute(self, request: PredictorRequest) -> Predictor:
        """Return the predictor.

        Raises
        ------
        ModelNotFound, CorruptArtifact, DataNotFound, Unavailable
        InvalidInput
            If the model may not serve the symbol, or its features can no longer be computed as in training.
        """
        until = request.until
        opened, reference, reason, said = self._open(request)
        opened, features, market = served_market(self._data, self._features, opened, request.symbol)
        live = LiveModel(
            opened,
            reference,
            reason,
            market.characteristics,
            features,
            market.origins,
            self._sessions(market),
            market.context,
            tuple(dict.fromkeys((*said, *market.notes))),
        )
        log.info("predictor", extra={"model": reference, "symbol": request.symbol, "reason": reason})
        predictor = Predictor(live, self._features)
        if until is not None:
            predictor.observe_all(self._history(predictor, market, until))
        return predictor

    def _open(self, request: PredictorRequest) -> tuple[OpenedModel, str, str, tuple[str, ...]]:
        """Return the model, its reference, why it is this one, and what should be said of that."""
        if not is_strategy(self._storage, request.model):
            if request.timeframe is not None or request.as_of is not None:
                raise InvalidInput(
                    f"timeframe and as_of choose among the models of a strategy; found {request.model!r}"
                )
            artifact = self._storage.load(request.model)
            return open_model(self._trainer, artifact, request.model), request.model, "it was asked for by name", ()
        timeframe = request.timeframe or only_timeframe(self._storage, request.model)
        wanted = LoadRequest(request.model, request.symbol, timeframe, request.as_of, request.prefer)
        found = load_with_fallback(self._data, self._storage, wanted)
        opened = open_model(self._trainer, found.artifact, found.reference, stands_in=found.stands_in)
        return opened, found.reference, found.reason, found.sentences

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
        return bars.sessions.continued_by(ahead)

    def _history(self, predictor: Predictor, market: MarketData, until: int) -> dict[str, Bars]:
        """Return the bars of each timeframe that is fed, as far as they are known by then."""
        wanted = predictor.live.opened.strategy.training_data
        start = wanted.start if never_settling(predictor.live.features) else None
        span = span_of(replace(wanted, start=start, end=None))
        found = {}
        for name in predictor.timeframes:
            own = market.origins.get(name) in ("native", name)
            bars = market.bars[name] if own else self._data.load(market.base_bars.symbol, Timeframe(name), *span)
            found[name] = bars.take(slice(0, int(np.searchsorted(bars.known_at, until, side="right"))))
        return found
