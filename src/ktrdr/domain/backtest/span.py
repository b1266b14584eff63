"""Which bars a model may be backtested on: those that had no part in choosing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso, iso


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which moments the bars had a part in a model.

    Attributes
    ----------
    selected_until, judged_until : str
        In its choice, and in its verdict (ISO 8601, UTC).
    chosen_by, judged_by : str
        The symbols whose bars they were, as a text; empty where the symbol that is traded is among them.
    """

    selected_until: str
    judged_until: str
    chosen_by: str = ""
    judged_by: str = ""

    @property
    def chosen(self) -> str:
        """Which bars chose the model."""
        return f"bars{self.chosen_by and ' of '}{self.chosen_by} up to {self.selected_until} chose the model"

    def used(self, used: int, bars: int) -> str:
        """Return the sentence for bars that were known when the model was chosen."""
        if self.chosen_by:
            return (
                f"in sample: {used:,} of {bars:,} bars are not later than {self.selected_until}, up to which bars of "
                f"{self.chosen_by} chose the model"
            )
        return f"in sample: {used:,} of {bars:,} bars, up to {self.selected_until}, chose the model"

    def judged(self, judged: int, bars: int) -> str:
        """Return the sentence for bars that were known when the model was judged."""
        if self.judged_by:
            return (
                f"already judged: {judged:,} of {bars:,} bars are not later than {self.judged_until}, up to which the "
                f"model's verdict rests on bars of {self.judged_by}"
            )
        return f"already judged: the model's verdict rests on {judged:,} of {bars:,} bars, up to {self.judged_until}"


@dataclass(frozen=True, slots=True)
class Span:
    """The bars of a backtest.

    Attributes
    ----------
    first : int
        Place of the first bar in its series; the span ends with the series.
    in_sample_bars : int
        Bars known by `Seen.selected_until`.
    judged_bars : int
        Bars known by `Seen.judged_until`, those above left out: the model's verdict rests on them.
    notes : tuple of str
        What must be said aloud.
    """

    first: int
    in_sample_bars: int
    judged_bars: int
    notes: tuple[str, ...]

    @property
    def marks(self) -> tuple[str, ...]:
        """What the bars were used for before: ``in sample``, ``already judged``, both or neither."""
        known = {"in sample": self.in_sample_bars, "already judged": self.judged_bars}
        return tuple(name for name, bars in known.items() if bars)


def choose_span(bars: Bars, usable: int, seen: Seen, start: int | None, in_sample: bool) -> Span:
    """Return the bars to trade on.

    Parameters
    ----------
    bars : Bars
        All up to the end that was asked for.
    usable : int
        Place of the first bar that can be predicted.
    seen : Seen
    start : int or None
        The first stamp that was asked for (UTC nanoseconds); None: as early as may be.
    in_sample : bool
        Whether bars are allowed that had a part in choosing the model.

    Raises
    ------
    InvalidInput
        If `start` lies before the first unseen bar and `in_sample` is not set, or fewer than 2 bars are left; the
        message gives both moments.
    """
    selected = from_iso(seen.selected_until)
    fresh = int(np.searchsorted(bars.known_at, selected, side="right"))
    asked = 0 if start is None else int(np.searchsorted(bars.stamps, start))
    if start is not None and asked < fresh and not in_sample:
        raise InvalidInput(
            f"{bars.symbol} {bars.timeframe}: a backtest from {iso(start)} would begin too early: {seen.chosen}; start "
            "after them, or give --in-sample"
        )
    allowed = asked if in_sample else max(asked, fresh)
    first = max(allowed, usable)
    if len(bars) - first < 2:
        raise InvalidInput(_too_few(bars, first, seen, start if asked == first else None, in_sample))
    known = bars.known_at[first:]
    used = int((known <= selected).sum())
    judged = int((known <= from_iso(seen.judged_until)).sum()) - used
    notes = []
    if first > allowed:
        notes.append(f"begins with {iso(bars.stamps[first])}, the first bar that can be predicted")
    elif start is None and not in_sample:
        notes.append(f"begins with {iso(bars.stamps[first])}: {seen.chosen}")
    if used:
        notes.append(seen.used(used, len(known)))
    if judged > 0:
        notes.append(seen.judged(judged, len(known)))
    return Span(first, used, max(judged, 0), tuple(notes))


def _too_few(bars: Bars, first: int, seen: Seen, start: int | None, in_sample: bool) -> str:
    """Return what is wrong with fewer than 2 bars; `start` is given where nothing but it is to blame."""
    begun = "" if start is None else f" from {iso(start)}"
    last = iso(bars.stamps[-1]) if len(bars) else "nowhere"
    said = (
        f"{bars.symbol} {bars.timeframe}: a backtest{begun} needs 2 bars, and {max(len(bars) - first, 0)} are left: "
        f"the bars end at {last}"
    )
    if start is not None:
        return f"{said}; give an earlier --start-date, a later --end-date or newer bars"
    return f"{said}, {seen.chosen}" + ("" if in_sample else "; give a later --end-date, newer bars, or --in-sample")
