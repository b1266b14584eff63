"""A stored model on bars that come in one by one, with the bits of the same model over all of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.settling import settled_history
from ktrdr.application.serving.live_model import LiveModel
from ktrdr.application.serving.predictor_state import PredictorState, from_bytes, to_bytes
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.decisions.decide import decide
from ktrdr.domain.decisions.step import Decision, Signal, State, step
from ktrdr.domain.decisions.trading_decision import NO_VALUE, NO_WINDOW, OTHER_TIMEFRAME, UNSETTLED, TradingDecision
from ktrdr.domain.decisions.volume import VolumeGate
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import of_symbol
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.continuity import follows
from ktrdr.domain.market.feeds import NATIVE, BarFeeds
from ktrdr.domain.market.series import same_symbol


class Predictor:
    """Takes bars of one symbol as they become known, and decides on each bar of the base timeframe.

    Fed from the first bar on that a batch begins with, or restored from its saved state, it gives the features,
    outputs and decisions of the batch, bit for bit. It holds every bar that it was given.

    Parameters
    ----------
    live : LiveModel
    engineer : FeatureEngineer
    """

    def __init__(self, live: LiveModel, engineer: FeatureEngineer) -> None:
        self.live = live
        self._engineer = engineer
        opened, manifest = live.opened, live.opened.manifest
        self._spec, self._settings = opened.spec, opened.strategy.decisions
        self._base = opened.strategy.training_data.timeframes.base
        self._inference = read_inference(manifest, opened.model.feature_ids)
        self._target = opened.target
        known = {item.id: item for item in of_symbol(input_columns(live.features), live.instrument.asset_class)}
        self._columns = [known[name] for name in manifest.model["input_features"]]
        self._history = settled_history(manifest, live.features, self._base, self._spec.window)
        self._begin({}, State())

    @property
    def symbol(self) -> str:
        """The symbol that is served."""
        return self.live.instrument.symbol

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The timeframes whose bars are to be fed; others are made of these."""
        return tuple(self._feeds.fed)

    @property
    def base_timeframe(self) -> str:
        """The timeframe on whose bars decisions are made."""
        return self._base

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
            that counts from the first bar would begin on another one than in training. Nothing has changed then.
        """
        grown = self._take(timeframe, bar)
        if not grown:
            return self._waiting(OTHER_TIMEFRAME)
        if self._unsettled():
            return self._waiting(UNSETTLED)
        if not len(self._window):
            return self._waiting(NO_VALUE)
        return self._decided() if len(self._window) == self._spec.window else self._waiting(NO_WINDOW)

    def observe(self, timeframe: str, bar: Bar) -> None:
        """Take in one bar without deciding: history before the first bar that counts; raises as `update` does."""
        self._take(timeframe, bar)

    def observe_all(self, bars: Mapping[str, Bars]) -> None:
        """Take in many bars at once, of each timeframe that is fed, before any other.

        Raises
        ------
        InvalidInput
            If bars were taken in before, are missing or of another symbol, or begin as `update` refuses it.
        """
        if self._feeds.clock is not None:
            raise InvalidInput("history can only be given before the first bar")
        self._require_history(bars)
        self._begin(bars, State())

    def state(self) -> bytes:
        """Return all that `restore` needs: every bar so far, and what the strategy remembers. No code, plain arrays."""
        bars = {name: item.bars() for name, item in self._feeds.fed.items()}
        return to_bytes(PredictorState(self.live.opened.manifest.manifest_sha256, self.symbol, bars, self._state))

    def restore(self, state: bytes) -> None:
        """Go on where `state` was taken, with the same bits as if there had been no break.

        Raises
        ------
        InvalidInput
            If it is no such state, or that of another model or symbol. Nothing has changed then.
        """
        saved = from_bytes(state, self._feeds.fed, self.live.sessions)
        if saved.model != self.live.opened.manifest.manifest_sha256 or not same_symbol(saved.symbol, self.symbol):
            raise InvalidInput(
                f"this is the state of another predictor, for {saved.symbol} and the model {saved.model[:12]}...; it "
                f"can not be restored for {self.symbol} by {self.live.reference}"
            )
        self._require_history(saved.bars)
        self._begin(saved.bars, saved.decisions)

    def _begin(self, bars: Mapping[str, Bars], state: State) -> None:
        """Start from these bars, the last rows one by one, so that lags and windows have what they look back on."""
        self._open(bars)
        looked_back = self._spec.window + max((item.lag for item in self._columns), default=0)
        known_at = self._base_bars.known_at
        if len(known_at):
            cut = int(known_at[-1 - looked_back]) if len(known_at) > looked_back else None
            later = {name: _after(item, cut) for name, item in bars.items()}
            self._open({name: item.take(slice(0, len(item) - len(later[name]))) for name, item in bars.items()})
            for timeframe, bar in self._merged(later):
                self._take(timeframe, bar)
        self._state = state

    def _open(self, bars: Mapping[str, Bars]) -> None:
        hours = self.live.opened.strategy.training_data.extended_hours
        self._feeds = BarFeeds(self.symbol, self._base, self.live.origins, self.live.sessions, hours)
        if bars:
            self._feeds.extend(bars)
        self._base_bars = self._feeds.held[self._base]
        self._stream = self._engineer.stream(self._columns, self._feeds.held, self._base, self.live.context)
        self._window: deque[Float32s] = deque(maxlen=self._spec.window)
        self._gate = VolumeGate(self._settings.volume_filter, self._base_bars.column("volume"))
        self._permitted, self._settled, self._state = True, False, State()

    def _merged(self, bars: Mapping[str, Bars]) -> list[tuple[str, Bar]]:
        """Return bars of several timeframes in the order in which they become known, the base's last."""
        makes_rows = {self._base, self.live.origins[self._base]}
        found = [(name, Bar.of(item, row)) for name, item in bars.items() for row in range(len(item))]
        return sorted(found, key=lambda pair: (pair[1].known_at, pair[0] in makes_rows))

    def _take(self, timeframe: str, bar: Bar) -> bool:
        """Take in a bar; return whether it makes a row."""
        if timeframe in self._feeds.fed and not len(self._feeds.fed[timeframe]):
            self._require_beginning(timeframe, bar.stamp)
        grown = self._feeds.take(timeframe, bar)
        for name in grown:
            self._stream.advance(name)
        if self._base not in grown:
            return False
        self._look_at(self._stream.row())
        self._permitted = self._gate.permits(self._base_bars.column("volume").item(-1))
        self._state = self._aged()
        return True

    def _look_at(self, row: Float32s) -> None:
        """Add the newest row to those that the model reads; what comes after a break begins anew."""
        if not np.isfinite(row).all():
            self._window.clear()
            return
        if self._spec.reads_windows and len(self._window):
            pair = self._base_bars.bars(len(self._base_bars) - 2)
            if not follows(pair, self._spec.break_at_session)[1]:
                self._window.clear()
        self._window.append(row)

    def _unsettled(self) -> bool:
        """Whether the newest row still depends on where the bars began; once it does not, none does."""
        history, held = self._history, self._feeds.held
        if not self._settled and history is None:
            self._settled = True
        elif not self._settled and history is not None:
            enough = all(len(held[key.partition(" ")[0]]) >= needed for key, needed in history.bars.items())
            bars = {name: item.bars() for name, item in held.items()} if enough else {}
            self._settled = enough and history.first_row(bars, self.live.context) < len(self._base_bars)
        return not self._settled

    def _decided(self) -> TradingDecision:
        rows = np.stack(self._window)
        ends = np.array([len(rows) - 1]) if self._spec.reads_windows else None
        outputs = self._inference.outputs(self.live.opened.model, rows, ends)
        settings = self._settings
        signals = decide(
            outputs,
            self._target,
            confidence_threshold=settings.confidence_threshold,
            minimum_edge=settings.minimum_edge,
        )
        action, wanted = str(signals.actions[0]), str(signals.wanted[0])
        state, done = step(self._state, Signal(action, wanted, self._permitted, 0), settings)
        self._state = state
        sure = None if signals.confidence is None else float(signals.confidence[0])
        return self._said(done, rows[-1], outputs.reshape(-1), action, sure)

    def _aged(self) -> State:
        """Return the state one base bar later, whether or not there is a decision on that bar."""
        since = self._state.bars_since
        return self._state if since is None else State(self._state.position, since + 1)

    def _waiting(self, reason: str) -> TradingDecision:
        return self._said(Decision("hold", self.position, reason))

    def _said(
        self,
        done: Decision,
        features: Float32s | None = None,
        outputs: np.ndarray | None = None,
        signal: str | None = None,
        confidence: float | None = None,
    ) -> TradingDecision:
        moment = self._feeds.clock or 0
        facts = features, outputs, signal, confidence
        return TradingDecision(self.symbol, self._base, moment, done.action, done.position, done.reason, *facts)

    def _require_history(self, bars: Mapping[str, Bars]) -> None:
        missing = [name for name in self.timeframes if name not in bars]
        others = [item.symbol for item in bars.values() if not same_symbol(item.symbol, self.symbol)]
        if missing or others or set(bars) - set(self.timeframes):
            given = ", ".join(f"{item.symbol} {name}" for name, item in bars.items()) or "none"
            wanted = ", ".join(f"{self.symbol} {name}" for name in self.timeframes)
            raise InvalidInput(f"a predictor needs the bars {wanted}; given: {given}")
        for name, item in bars.items():
            if len(item):
                self._require_beginning(name, int(item.stamps[0]))

    def _require_beginning(self, timeframe: str, stamp: int) -> None:
        """Refuse a first bar that is not training's, where an indicator counts from the first one."""
        manifest = self.live.opened.manifest
        for source in never_settling(self.live.features):
            origin = self.live.origins[source.timeframe]
            if source.data_source or timeframe != (source.timeframe if origin == NATIVE else origin):
                continue
            trained = [item for item in manifest.data if same_symbol(str(item.get("symbol")), self.symbol)]
            was = next((item.get("first") for item in trained if item.get("timeframe") == timeframe), None)
            if was != iso(stamp):
                raise InvalidInput(
                    f"{self.live.reference}: {source.indicator} on {source.timeframe} counts from the first bar: begin "
                    f"with the {timeframe} bar of {was or 'no symbol but its own'}, or restore a saved state; found "
                    f"{iso(stamp)}"
                )


def _after(bars: Bars, moment: int | None) -> Bars:
    """Return the bars known after a moment; all for None."""
    first = 0 if moment is None else int(np.searchsorted(bars.known_at, moment, side="right"))
    return bars.take(slice(first, None))
