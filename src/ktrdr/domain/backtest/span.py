"""Which bars a model may be backtested on: those that had no part in choosing it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso, iso


@dataclass(frozen=True, slots=True)
class Seen:
    """Up to which moments the bars had a part in a model (ISO 8601, UTC): in its choice, and in its verdict."""

    selected_until: str
    judged_until: str


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
            f"{bars.symbol} {bars.timeframe}: a backtest from {iso(start)} would use bars up to {seen.selected_until} "
            "that chose the model; start after them, or give --in-sample"
        )
    allowed = asked if in_sample else max(asked, fresh)
    first = max(allowed, usable)
    if len(bars) - first < 2:
        last = iso(bars.stamps[-1]) if len(bars) else "nowhere"
        raise InvalidInput(
            f"{bars.symbol} {bars.timeframe}: a backtest needs 2 bars, and {max(len(bars) - first, 0)} are left: the "
            f"bars end at {last}, the model was chosen on bars up to {seen.selected_until}"
            + ("" if in_sample else "; give a later --end-date, newer bars, or --in-sample")
        )
    known = bars.known_at[first:]
    used = int((known <= selected).sum())
    judged = int((known <= from_iso(seen.judged_until)).sum()) - used
    notes = []
    if first > allowed:
        notes.append(f"begins with {iso(bars.stamps[first])}, the first bar that can be predicted")
    elif start is None and not in_sample:
        notes.append(f"begins with {iso(bars.stamps[first])}: bars up to {seen.selected_until} chose the model")
    if used:
        notes.append(f"in sample: {used:,} of {len(known):,} bars, up to {seen.selected_until}, chose the model")
    if judged > 0:
        notes.append(
            f"already judged: the model's verdict rests on {judged:,} of {len(known):,} bars, up to {seen.judged_until}"
        )
    return Span(first, used, max(judged, 0), tuple(notes))
