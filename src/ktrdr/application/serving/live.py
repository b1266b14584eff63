"""A stored model over bars that come in one by one: the rows that it reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.decisions.volume import VolumeGate
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.features.context import of_symbol
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.ratios import RatioNeed, ratio_needs
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.continuity import follows
from ktrdr.domain.market.feeds import NATIVE, BarFeeds
from ktrdr.domain.market.positive import require_positive
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.sessions import Sessions


@dataclass(frozen=True, slots=True, eq=False)
class LiveModel:
    """A stored model that is ready for one symbol's bars to come.

    Attributes
    ----------
    opened : OpenedModel
        With the symbol's own strategy.
    reference : str
        The model's name, for people.
    reason : str
        Why it is this model.
    instrument : SymbolCharacteristics
        The symbol that is served.
    origins : mapping of timeframe to str
        Where the symbol's bars come from, see `MarketData`.
    sessions : Sessions or None
        The symbol's calendar, over the time to come, too.
    context : mapping of ``provider/name`` to ContextSeries
    notes : tuple of str
        What should be said aloud.
    """

    opened: OpenedModel
    reference: str
    reason: str
    instrument: SymbolCharacteristics
    origins: Mapping[str, str]
    sessions: Sessions | None
    context: Mapping[str, ContextSeries] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def symbol(self) -> str:
        """The symbol that is served."""
        return self.instrument.symbol

    @property
    def base(self) -> str:
        """The timeframe whose bars make the rows."""
        return self.opened.strategy.training_data.timeframes.base

    def feeds(self) -> BarFeeds:
        """Return what takes its bars."""
        hours = self.opened.strategy.training_data.extended_hours
        return BarFeeds(self.symbol, self.base, self.origins, self.sessions, hours)

    def require_beginning(self, timeframe: str, stamp: int) -> None:
        """Refuse a first bar that is not training's, where an indicator counts from the first one.

        Raises
        ------
        InvalidInput
        """
        for source in never_settling(self.opened.features):
            origin = self.origins[source.timeframe]
            if source.data_source or timeframe != (source.timeframe if origin == NATIVE else origin):
                continue
            was = self.opened.first_bar(self.symbol, timeframe)
            if was != iso(stamp):
                raise InvalidInput(
                    f"{self.reference}: {source.indicator} on {source.timeframe} counts from the first bar: begin with "
                    f"the {timeframe} bar of {was or 'no symbol but its own'}, or restore a saved state; found "
                    f"{iso(stamp)}"
                )


class LiveRows:
    """The newest rows of a model's features.

    Parameters
    ----------
    live : LiveModel
    engineer : FeatureEngineer
    bars : mapping of timeframe to Bars
        Those that there are, of each timeframe that is fed, or none. The last ones are taken in one by one, so that
        lags and windows have what they look back on.

    Attributes
    ----------
    feeds : BarFeeds
    base_bars : HeldBars
    window : deque of ndarray of float32, shape (n_features,)
        The newest rows on which every feature has a value, as many as the model reads.
    reached : int
        How many of them follow each other up to the newest bar; 0 where that one has no value of some feature.
    permitted : bool
        Whether the volume filter permits a position at the newest row.

    Raises
    ------
    InvalidInput
        If the bars are not ones that `take` would take.
    """

    def __init__(self, live: LiveModel, engineer: FeatureEngineer, bars: Mapping[str, Bars]) -> None:
        opened = live.opened
        self._live, self._spec, self._history = live, opened.spec, opened.settled_history
        of_it = of_symbol(input_columns(opened.features), live.instrument.asset_class, live.symbol)
        known = {item.id: item for item in of_it}
        columns = [known[name] for name in opened.manifest.model["input_features"]]
        looked_back = self._spec.window + max((item.lag for item in columns), default=0)
        self._needs = ratio_needs(columns, live.base)
        for name, given in bars.items():
            for need in self._needs_of(name):
                require_positive(given, need.columns, need.name)
        while not self._begin(engineer, columns, bars, looked_back):
            looked_back *= 2

    def _begin(
        self, engineer: FeatureEngineer, columns: Sequence[Feature], bars: Mapping[str, Bars], looked_back: int
    ) -> bool:
        """Take in the bars, the last ones one by one; return whether these make the rows that the model reads."""
        live, spec = self._live, self._spec
        before, later = _parted(live, bars, looked_back) if bars else ({}, [])
        self.feeds = live.feeds()
        if before:
            self.feeds.extend(before)
        self.base_bars = self.feeds.held[live.base]
        known_before = len(self.base_bars)
        self.window: deque[Float32s] = deque(maxlen=spec.window)
        self.reached = 0
        self.permitted, self._settled = True, False
        self._stream = engineer.stream(columns, self.feeds.held, live.base, live.context)
        self._gate = VolumeGate(live.opened.strategy.decisions.volume_filter, self.base_bars.column("volume"))
        for timeframe, bar in later:
            self.take(timeframe, bar)
        return spec.unbroken == spec.window or len(self.window) == spec.window or not known_before

    def take(self, timeframe: str, bar: Bar) -> bool:
        """Take in a bar; return whether it makes a row.

        Raises
        ------
        InvalidInput
            See `BarFeeds.take` and `LiveModel.require_beginning`; or if a feature takes ratios of prices, and one of
            these is not above 0. Nothing has changed then.
        """
        if timeframe in self.feeds.fed and not len(self.feeds.fed[timeframe]):
            self._live.require_beginning(timeframe, self.feeds.dated(timeframe, bar).stamp)
        self._require_positive(timeframe, bar)
        grown = self.feeds.take(timeframe, bar)
        for name in grown:
            self._stream.advance(name)
        if self._live.base not in grown:
            return False
        self._look_at(self._stream.row())
        self.permitted = self._gate.permits(self.base_bars.column("volume").item(-1))
        return True

    def settled(self) -> bool:
        """Whether the newest row no longer depends on where the bars began; once it does not, none does."""
        history, held = self._history, self.feeds.held
        if not self._settled and history is None:
            self._settled = True
        elif not self._settled and history is not None:
            enough = all(len(held[key.partition(" ")[0]]) >= needed for key, needed in history.bars.items())
            bars = {name: item.bars() for name, item in held.items()} if enough else {}
            self._settled = enough and history.first_row(bars, self._live.context) < len(self.base_bars)
        return self._settled

    @property
    def whole(self) -> bool:
        """Whether the newest row has a whole window; see `are_whole`."""
        return self.reached >= self._spec.unbroken and len(self.window) == self._spec.window

    def _needs_of(self, timeframe: str) -> Iterator[RatioNeed]:
        """Yield what takes ratios of a timeframe's bars, or of those that are made of them."""
        origins = self._live.origins
        return (need for need in self._needs if timeframe in (need.timeframe, origins.get(need.timeframe)))

    def _require_positive(self, timeframe: str, bar: Bar) -> None:
        if min(bar.open, bar.high, bar.low, bar.close) > 0:
            return
        for need in self._needs_of(timeframe):
            if any(getattr(bar, name) <= 0 for name in need.columns):
                raise InvalidBars(f"{bar}: {need.name} takes ratios of prices, which must be above 0")

    def _look_at(self, row: Float32s) -> None:
        """Add the newest row to those that the model reads, and count those that follow each other up to it."""
        if not np.isfinite(row).all():
            self.reached = 0
            return
        if self._spec.reads_windows and self.reached:
            pair = self.base_bars.bars(len(self.base_bars) - 2)
            if not follows(pair, self._spec.break_at_session)[1]:
                self.reached = 0
        self.reached += 1
        self.window.append(row)


def _parted(
    live: LiveModel, bars: Mapping[str, Bars], looked_back: int
) -> tuple[dict[str, Bars], list[tuple[str, Bar]]]:
    """Return the bars to take in at once, and those after them in the order in which they become known.

    Of bars of the same moment the one that makes the base row comes last.
    """
    _require_fed(live, bars)
    whole = live.feeds()
    whole.extend(bars)
    known_at = whole.held[live.base].known_at
    cut = int(known_at[-1 - looked_back]) if len(known_at) > looked_back else None
    first = {name: 0 if cut is None else int(item.known_at.searchsorted(cut, "right")) for name, item in bars.items()}
    later = [(name, Bar.of(item, row)) for name, item in bars.items() for row in range(first[name], len(item))]
    makes_rows = {live.base, live.origins[live.base]}
    order = sorted(later, key=lambda pair: (pair[1].known_at, pair[0] in makes_rows))
    return {name: item.take(slice(0, first[name])) for name, item in bars.items()}, order


def _require_fed(live: LiveModel, bars: Mapping[str, Bars]) -> None:
    """Refuse bars that are not exactly those that are fed, or that do not begin where they must."""
    fed = live.feeds().fed
    others = [item.symbol for item in bars.values() if not same_symbol(item.symbol, live.symbol)]
    if others or set(bars) != set(fed):
        given = ", ".join(f"{item.symbol} {name}" for name, item in bars.items())
        wanted = ", ".join(f"{live.symbol} {name}" for name in fed)
        raise InvalidInput(f"a predictor needs the bars {wanted}; given: {given}")
    for name, item in bars.items():
        if len(item):
            live.require_beginning(name, int(item.stamps[0]))
