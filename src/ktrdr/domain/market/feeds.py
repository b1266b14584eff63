"""Bars that come in one by one, in several timeframes, of which some are made of finer ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bar import Bar, one_bar
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.dating import in_sessions
from ktrdr.domain.market.feeding import LATE, calendar_of, earliest_known, require_dates, require_moments
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.made_bars import MadeBars
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

NATIVE = "native"


class BarFeeds:
    """Takes bars in the order in which they become known, and holds them all.

    Parameters
    ----------
    symbol : str
    base : str
        Timeframe whose bars make the rows; among equal moments its bar comes last.
    origins : mapping of timeframe to str
        ``native``, or the finer timeframe that its bars are made of as `resample` makes them.
    sessions : Sessions or None
        The symbol's calendar, over the time to come, too.
    extended_hours : bool
        See `resample`.

    Attributes
    ----------
    held : mapping of timeframe to HeldBars
        Of every timeframe that `origins` names, made ones among them.
    fed : mapping of timeframe to HeldBars
        Of those that are to be fed.
    """

    def __init__(
        self,
        symbol: str,
        base: str,
        origins: Mapping[str, str],
        sessions: Sessions | None = None,
        extended_hours: bool = False,
    ) -> None:
        self.symbol, self.base = symbol, base
        self._sessions = sessions
        read = dict.fromkeys(name if origin == NATIVE else origin for name, origin in origins.items())
        self.fed = {name: self._empty(name) for name in read}
        self._made = {
            name: MadeBars(self.fed[origin], self._empty(name), extended_hours)
            for name, origin in origins.items()
            if origin not in (NATIVE, name)
        }
        self.held = {name: self._made[name].bars if name in self._made else self.fed[name] for name in origins}
        self._made_of = {name: origins[name] for name in self._made}

    def _empty(self, timeframe: str) -> HeldBars:
        return HeldBars.empty(self.symbol, Timeframe(timeframe), self._sessions)

    @property
    def clock(self) -> int | None:
        """Moment up to which everything is there (UTC nanoseconds); None before the first bar."""
        return max((int(item.known_at[-1]) for item in self.fed.values() if len(item)), default=None)

    def extend(self, bars: Mapping[str, Bars]) -> None:
        """Take in many bars at once, of every timeframe that is fed and none of them later than the base's last.

        Raises
        ------
        InvalidBars
            If a bar is said to be known before it is over, see `earliest_known`, long after it, or before the one
            before it; or if one of a day or more is not stamped with the date of its session.
        """
        for name, item in self.fed.items():
            require_dates(bars[name], self._sessions)
            item.sessions = calendar_of(bars[name], self._sessions)
            require_moments(bars[name], item.sessions)
            item.extend(bars[name])
        base = self.fed.get(self.base)
        until = int(base.known_at[-1]) if base is not None and len(base) else None
        for made in self._made.values():
            made.extend(until)

    def take(self, timeframe: str, bar: Bar) -> tuple[str, ...]:
        """Take in one bar; return which of `held` have grown, the base last.

        Raises
        ------
        InvalidInput
            If bars of that timeframe or symbol are none of these, or the bar comes twice, too late, or is said to be
            known before it is over or before bars that came before. Nothing has changed then.
        """
        bar, moment = self._placed(timeframe, bar)
        self.fed[timeframe].append(bar, moment)
        grown = [name for name, made in self._made.items() if self._completes(name, timeframe) and made.grow(moment)]
        grown += [timeframe] if timeframe in self.held and timeframe not in self._made else []
        return tuple(sorted(grown, key=lambda name: name == self.base))

    def dated(self, timeframe: str, bar: Bar) -> Bar:
        """Return a bar with the stamp that its series has: of a day or more, the date of its session.

        Where a market never closes that is its moment.
        """
        own = self.fed.get(timeframe)
        return bar if own is None else self._dated(own, bar)[0]

    def _dated(self, own: HeldBars, bar: Bar) -> tuple[Bar, int]:
        """Return a bar with the stamp of its series, and the moment before which such a moment cannot be known."""
        sessions = self._sessions
        if own.timeframe.intraday or sessions is None or sessions.never_closes or not bar.stamp % NS_PER_DAY:
            return bar, bar.stamp - NS_PER_DAY
        found = in_sessions(one_bar(bar, own.timeframe), sessions)
        return replace(bar, stamp=int(found.stamps[0])), int(found.known_at[0])

    def moment(self, timeframe: str, bar: Bar) -> int:
        """Return when a bar is known (UTC nanoseconds); raises as `take` does where it may not be taken in."""
        return self._placed(timeframe, bar)[1]

    def _placed(self, timeframe: str, bar: Bar) -> tuple[Bar, int]:
        """Return a bar with the stamp of its series, and when it is known, once it may be taken in."""
        if timeframe not in self.fed:
            raise InvalidInput(self._unknown(timeframe))
        own = self.fed[timeframe]
        dated, over = self._dated(own, bar)
        if not own.timeframe.intraday and not len(own):
            own.sessions = calendar_of(one_bar(dated, own.timeframe), self._sessions)
        return dated, self._moment(timeframe, dated, over)

    def _completes(self, made: str, timeframe: str) -> bool:
        """Whether a bar of a timeframe says that buckets of a made one are over: a part of them, or a row's bar."""
        return timeframe in (self._made_of[made], self.base)

    def _moment(self, timeframe: str, bar: Bar, over: int) -> int:
        """Return when the bar is known, once it may be taken in; it cannot be before it is `over`."""
        if not same_symbol(bar.symbol, self.symbol):
            raise InvalidInput(f"bars of {bar.symbol} are refused: this serves {self.symbol}")
        own = self.fed[timeframe]
        if len(own) and bar.stamp <= own.stamps[-1]:
            there = iso(own.stamps[-1])
            twice = "has come twice" if bar.stamp == own.stamps[-1] else "comes too late"
            raise InvalidBars(f"{bar}: this {timeframe} bar {twice}; the last one was that of {there}")
        self._require_time_of_day(own, bar)
        moment = max(self._derived(own, bar.stamp), over) if bar.known_at is None else bar.known_at
        self._require_order(timeframe, bar, moment)
        earliest = max(int(earliest_known(_alone(bar.stamp), own.timeframe, own.sessions)[0]), over)
        if not earliest <= moment <= bar.stamp + own.timeframe.ns + LATE:
            early = f"before it is over, at {iso(earliest)}"
            why = early if moment < earliest else "more than a year after it was over"
            raise InvalidBars(f"{bar}: this {timeframe} bar can not be known at {_shown(moment)}, {why}")
        return moment

    def _derived(self, own: HeldBars, stamp: int) -> int:
        """Return when a bar is known by the calendar: never before the one before it."""
        outside = own.outside + own.count_outside(_alone(stamp))
        moment = int(known_at(_alone(stamp), own.timeframe, own.sessions, outside)[0])
        return max(moment, int(own.known_at[-1])) if len(own) else moment

    def _require_time_of_day(self, own: HeldBars, bar: Bar) -> None:
        """Refuse a day of a market that never closes which begins at another time of day than those before."""
        sessions = own.sessions
        if own.timeframe.intraday or sessions is None or not sessions.never_closes or not len(own):
            return
        whole_days = (bar.stamp - int(own.stamps[-1])) % NS_PER_DAY == 0
        if not whole_days and sessions.locate(_alone(bar.stamp), own.timeframe)[0] < 0:
            raise InvalidBars(
                f"{bar}: this {own.timeframe} bar begins at another time of day than the last one, that of "
                f"{iso(own.stamps[-1])}"
            )

    def _require_order(self, timeframe: str, bar: Bar, moment: int) -> None:
        clock, rows = self.clock, self.held[self.base]
        if clock is not None and moment < clock:
            raise InvalidBars(
                f"{bar}: this {timeframe} bar is known at {_shown(moment)} and comes out of order: bars known at "
                f"{iso(clock)} came before it"
            )
        makes_rows = timeframe in (self.base, self._made_of.get(self.base))
        if not makes_rows and len(rows) and moment <= rows.known_at[-1]:
            raise InvalidBars(
                f"{bar}: this {timeframe} bar is known at {_shown(moment)} and comes out of order: of bars known at "
                f"the same moment the one that makes the {self.base} row must come last"
            )

    def _unknown(self, timeframe: str) -> str:
        wanted = ", ".join(self.fed)
        if timeframe in self._made_of:
            return f"{timeframe} bars are refused: they are made of {self._made_of[timeframe]} bars here; feed {wanted}"
        return f"{timeframe} bars are refused: this model reads {wanted}"


def _alone(stamp: int) -> Int64s:
    return np.array([stamp], dtype=np.int64)


def _shown(moment: int) -> str:
    return iso(moment) if -(2**63) < moment < 2**63 else str(moment)
