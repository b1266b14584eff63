"""Many signals in a row: the same decisions as one `step` after the other, without a loop over bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.step import (
    ACTED,
    ALREADY_IN_POSITION,
    BELOW_THRESHOLD,
    DIRECTIONS,
    NO_SIGNAL,
    NOT_TRADABLE,
    REASONS,
    SEPARATION,
    SHORT_NOT_ALLOWED,
    VOLUME,
    Decision,
    State,
)
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.strategy.document import Decisions

Int8s = NDArray[np.int8]
Mask = NDArray[np.bool_]

_ACTIONS = np.array(["sell", "hold", "buy"])


@dataclass(frozen=True, slots=True, eq=False)
class DecisionSeries:
    """What is done at each of a series of bars.

    Attributes
    ----------
    trades : ndarray of int8, shape (n,)
        1 where bought, -1 where sold, 0 where nothing is done.
    positions : ndarray of int8, shape (n,)
        After each bar: -1 short, 0 flat, 1 long.
    reasons : ndarray of int8, shape (n,)
        Places in `REASONS`.
    """

    trades: Int8s
    positions: Int8s
    reasons: Int8s

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.trades)

    def __getitem__(self, row: int) -> Decision:
        """Return the decision at one bar."""
        action = str(_ACTIONS[self.trades[row] + 1])
        return Decision(action, int(self.positions[row]), REASONS[self.reasons[row]])

    @property
    def actions(self) -> NDArray[np.str_]:
        """``buy``, ``hold`` or ``sell`` at each bar."""
        return _ACTIONS[self.trades + 1]

    def take(self, rows: slice) -> DecisionSeries:
        """Return the decisions at some of the bars."""
        return DecisionSeries(self.trades[rows], self.positions[rows], self.reasons[rows])


def run(
    signals: Signals,
    bars: Int64s,
    settings: Decisions,
    permits: Mask | None = None,
    state: State | None = None,
) -> tuple[State, DecisionSeries]:
    """Decide on a series of signals as `step` does, in one go.

    Parameters
    ----------
    signals : Signals
        One per row, in time order.
    bars : ndarray of int64, shape (n,)
        Place of each row's bar in the base series, ascending; rows may be missing.
    settings : Decisions
    permits : ndarray of bool, shape (n,), optional
        What `volume_permits` says at those bars; without it every bar is permitted.
    state : State, optional
        Left by an earlier run whose last bar lies one bar before the first one; without it flat, and no signal yet.

    Returns
    -------
    State, DecisionSeries
        The state after the last row, and what is done at each.

    Causality: a decision uses its own and earlier rows.
    """
    state = State() if state is None else state
    if len(signals.actions) != len(bars) or (np.diff(bars) <= 0).any():
        raise InvalidInput("decisions: bars must ascend, one for each signal")
    if not len(bars):
        return state, DecisionSeries(*(np.zeros(0, dtype=np.int8) for _ in range(3)))
    directions = _directions(signals.actions)
    allowed = np.ones(len(bars), dtype=np.bool_) if permits is None else permits
    began = bars[0] - 1 - (settings.min_signal_separation if state.bars_since is None else state.bars_since)
    acted, held = _walk(directions, bars, allowed, settings, (state.position, began))
    trades = np.zeros_like(directions)
    trades[acted] = directions[acted]
    so_far = np.cumsum(trades != 0)
    positions = np.concatenate(([state.position], held)).astype(np.int8)
    times = np.concatenate(([began], bars[acted]))
    earlier = so_far - (trades != 0)
    late = bars - times[earlier] < settings.min_signal_separation
    found = _reasons(signals, directions, positions[earlier], (late, ~allowed), settings)
    since = None if state.bars_since is None and not len(acted) else int(bars[-1] - times[-1])
    return State(int(positions[-1]), since), DecisionSeries(trades, positions[so_far], found)


def _directions(actions: NDArray[np.str_]) -> Int8s:
    found = np.zeros(len(actions), dtype=np.int8)
    for name, direction in DIRECTIONS.items():
        found[actions == name] = direction
    return found


def _walk(
    directions: Int8s, bars: Int64s, allowed: Mask, settings: Decisions, start: tuple[int, np.int64]
) -> tuple[Int64s, Int8s]:
    """Return the rows at which something is done, and the position after each.

    Jumps from one such row to the next. `start` is the position, and the bar of the last signal that was acted on.
    """
    end, aware, separation = len(bars), settings.position_awareness, settings.min_signal_separation
    enters = ((directions > 0) | ((directions < 0) & settings.allow_short_from_flat)) & allowed
    next_entry, next_buy, next_sell = (_next(mask) for mask in (enters, directions > 0, directions < 0))
    ready = np.maximum(np.searchsorted(bars, bars + separation), np.arange(1, end + 1)).data
    side = directions.data
    acted: list[int] = []
    held: list[int] = []
    position, began = start
    row, earliest = 0, int(np.searchsorted(bars, began + separation))
    while True:
        entry = end if aware and position else next_entry[earliest]
        against = end if not position else next_sell[row] if position > 0 else next_buy[row]
        found = min(entry, against)
        if found == end:
            return np.array(acted, dtype=np.int64), np.array(held, dtype=np.int8)
        position = side[found] if found == entry else 0
        acted.append(found)
        held.append(position)
        row, earliest = found + 1, ready[found]


def _next(mask: Mask) -> memoryview:
    """Return, for each row and the end, the first row from there on where the mask holds; the end where none does."""
    rows = np.append(np.where(mask, np.arange(len(mask)), len(mask)), len(mask))
    return np.minimum.accumulate(rows[::-1])[::-1].data


def _reasons(
    signals: Signals, directions: Int8s, before: Int8s, refused: tuple[Mask, Mask], settings: Decisions
) -> Int8s:
    """Return the reason at each row, by the position before it and by what the filters refuse (late, volume)."""
    silent, barred = directions == 0, (directions < 0) & (not settings.allow_short_from_flat)
    simple = barred | settings.position_awareness
    wanted = np.isin(signals.wanted, tuple(DIRECTIONS))
    cases = (
        (silent & wanted, BELOW_THRESHOLD),
        (silent & (signals.actions == "none"), NOT_TRADABLE),
        (silent, NO_SIGNAL),
        (simple & (directions == before), ALREADY_IN_POSITION),
        (simple & (directions == -before), ACTED),
        (barred, SHORT_NOT_ALLOWED),
        (refused[0], SEPARATION),
        (refused[1], VOLUME),
    )
    codes = [np.int8(REASONS.index(name)) for _, name in cases]
    return np.select([case for case, _ in cases], codes, np.int8(REASONS.index(ACTED)))
