"""A stored model on bars that come in one by one, with the bits of the same model over all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ktrdr.application.ports.clock import Clock
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.serving.live import LiveModel, LiveRows
from ktrdr.application.serving.opened import signals_of
from ktrdr.application.serving.predictor_state import PredictorState, from_bytes, to_bytes
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.decisions.step import Decision, Signal, State, step
from ktrdr.domain.decisions.trading_decision import NO_VALUE, NO_WINDOW, OTHER_TIMEFRAME, UNSETTLED, TradingDecision
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.series import same_symbol


class Predictor:
    """Takes bars of one symbol as they become known, and decides on each bar of the base timeframe.

    Fed from the first bar on that a batch begins with, or restored from its saved state, it gives the features,
    outputs and decisions of the batch, bit for bit. It holds every bar that it was given.

    Parameters
    ----------
    live : LiveModel
    engineer : FeatureEngineer
    clock : Clock
        What bars are compared with: a decision says whether the newest one is over.
    strict : bool
        Refuse bars that are not over.
    """

    def __init__(self, live: LiveModel, engineer: FeatureEngineer, clock: Clock, *, strict: bool = False) -> None:
        self.live = live
        self._engineer, self._clock, self._strict = engineer, clock, strict
        self._rows, self._state = LiveRows(live, engineer, {}), State()

    @property
    def symbol(self) -> str:
        """The symbol that is served."""
        return self.live.symbol

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The timeframes whose bars are to be fed; others are made of these."""
        return tuple(self._rows.feeds.fed)

    @property
    def base_timeframe(self) -> str:
        """The timeframe on whose bars decisions are made."""
        return self.live.base

    @property
    def position(self) -> int:
        """What the strategy holds: -1 short, 0 flat, 1 long."""
        return self._state.position

    def update(self, timeframe: str, bar: Bar) -> TradingDecision:
        """Take in one bar that is over; decide, if it completes a bar of the base timeframe.

        Bars come in the order of the moments from which they are known; of the same moment, the base's last.

        Raises
        ------
        InvalidInput
            If the model does not serve that symbol or timeframe, the bar comes twice or out of order, or an indicator
            that counts from the first bar would begin on another one than in training; if it is not over, and that is
            refused. Nothing has changed then.
        CorruptArtifact
            If the model's output is no finite number. The bar is taken in, and the position kept.
        """
        if not self._take(timeframe, bar):
            return self._waiting(OTHER_TIMEFRAME)
        if not self._rows.settled():
            return self._waiting(UNSETTLED)
        if not self._rows.reached:
            return self._waiting(NO_VALUE)
        return self._decided() if self._rows.whole else self._waiting(NO_WINDOW)

    def observe(self, timeframe: str, bar: Bar) -> None:
        """Take in one bar without deciding: history before the first bar that counts; raises as `update` does."""
        self._take(timeframe, bar)

    def observe_all(self, bars: Mapping[str, Bars]) -> None:
        """Take in many bars at once, of each timeframe that is fed, before any other.

        Raises
        ------
        InvalidInput
            If bars were taken in before, are missing or of another symbol, or `update` would refuse one of them.
            Nothing has changed then.
        """
        if self._rows.feeds.clock is not None:
            raise InvalidInput("history can only be given before the first bar")
        if not bars:
            wanted = ", ".join(f"{self.symbol} {name}" for name in self.timeframes)
            raise InvalidInput(f"a predictor needs the bars {wanted}; given: none")
        rows = LiveRows(self.live, self._engineer, bars)
        if rows.feeds.clock is not None:
            self._require_over(rows.feeds.clock)
        self._rows, self._state = rows, State()

    def state(self) -> bytes:
        """Return all that `restore` needs: every bar so far, and what the strategy remembers. No code, plain arrays."""
        bars = {name: item.bars() for name, item in self._rows.feeds.fed.items()}
        return to_bytes(PredictorState(self.live.opened.manifest.manifest_sha256, self.symbol, bars, self._state))

    def restore(self, state: bytes) -> None:
        """Go on where `state` was taken, with the same bits as if there had been no break.

        Raises
        ------
        InvalidInput
            If it is no such state, that of another model or symbol, or one that this strategy can not be in. Nothing
            has changed then.
        """
        saved = from_bytes(state, self.timeframes, self.live.sessions)
        if saved.model != self.live.opened.manifest.manifest_sha256 or not same_symbol(saved.symbol, self.symbol):
            raise InvalidInput(
                f"this is the state of another predictor, for {saved.symbol} and the model {saved.model[:12]}...; it "
                f"can not be restored for {self.symbol} by {self.live.reference}"
            )
        rows = LiveRows(self.live, self._engineer, saved.bars)
        self._require_possible(saved.decisions, len(rows.base_bars))
        self._rows, self._state = rows, saved.decisions

    def _require_possible(self, state: State, n_bars: int) -> None:
        """Refuse a memory that no decisions on so many base bars leave behind."""
        since, shorts = state.bars_since, self.live.opened.strategy.decisions.allow_short_from_flat
        unmoved = since is None and state.position != 0
        if unmoved or (since is not None and since >= n_bars) or (state.position < 0 and not shorts):
            raise InvalidInput(
                f"this is no saved state of a predictor: it can not hold the position {state.position} with "
                f"{'no signal' if since is None else f'a signal {since} bars'} before, after {n_bars} bars"
            )

    def _take(self, timeframe: str, bar: Bar) -> bool:
        """Take in a bar; return whether it makes a row, be there a decision on it or not."""
        if self._strict:
            self._require_over(self._rows.feeds.moment(timeframe, bar))
        makes_row = self._rows.take(timeframe, bar)
        since = self._state.bars_since
        if makes_row and since is not None:
            self._state = replace(self._state, bars_since=since + 1)
        return makes_row

    def _require_over(self, moment: int) -> None:
        if self._strict and moment > (now := self._clock()):
            raise InvalidInput(
                f"{self.symbol}: a bar is refused that is not over before {iso(moment)}; it is {iso(now)}"
            )

    def _decided(self) -> TradingDecision:
        opened, rows = self.live.opened, np.stack(self._rows.window)
        outputs = opened.outputs(rows, np.array([len(rows) - 1]) if opened.spec.reads_windows else None)
        signals = signals_of(opened, outputs)
        action, wanted = str(signals.actions[0]), str(signals.wanted[0])
        signal = Signal(action, wanted, self._rows.permitted, 0)
        self._state, done = step(self._state, signal, opened.strategy.decisions)
        sure = None if signals.confidence is None else float(signals.confidence[0])
        return self._said(done, rows[-1], outputs.reshape(-1), action, sure)

    def _waiting(self, reason: str) -> TradingDecision:
        return self._said(Decision("hold", self.position, reason))

    def _said(
        self,
        done: Decision,
        features: Float32s | None = None,
        outputs: Floats | None = None,
        signal: str | None = None,
        confidence: float | None = None,
    ) -> TradingDecision:
        moment = self._rows.feeds.clock or 0
        facts = features, outputs, signal, confidence, moment <= self._clock()
        return TradingDecision(self.symbol, self.live.base, moment, done.action, done.position, done.reason, *facts)
