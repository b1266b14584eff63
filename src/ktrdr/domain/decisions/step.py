"""From one signal to one decision, with memory: what the strategy does, given what it already did."""

from __future__ import annotations

from dataclasses import dataclass

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.strategy.document import Decisions

ACTED = "acted"
NO_SIGNAL = "no_signal"
NOT_TRADABLE = "not_tradable"
BELOW_THRESHOLD = "below_threshold"
ALREADY_IN_POSITION = "already_in_position"
SHORT_NOT_ALLOWED = "short_not_allowed"
SEPARATION = "separation"
VOLUME = "volume"

REASONS = (
    ACTED,
    NO_SIGNAL,
    NOT_TRADABLE,
    BELOW_THRESHOLD,
    ALREADY_IN_POSITION,
    SHORT_NOT_ALLOWED,
    SEPARATION,
    VOLUME,
)
"""Why a decision is what it is; a decision series holds positions in this tuple."""

DIRECTIONS = {"buy": 1, "sell": -1}


@dataclass(frozen=True, slots=True)
class State:
    """What a strategy remembers between two bars.

    Attributes
    ----------
    position : int
        -1 short, 0 flat, 1 long.
    bars_since : int or None
        Base bars since the last signal that was acted on; None if none was.
    """

    position: int = 0
    bars_since: int | None = None

    def __post_init__(self) -> None:
        if self.position not in (-1, 0, 1) or (self.bars_since is not None and self.bars_since < 0):
            raise InvalidInput(f"position must be -1, 0 or 1, and bars since the last signal 0 or more; found {self}")


@dataclass(frozen=True, slots=True)
class Signal:
    """What the model asks for at one bar.

    Attributes
    ----------
    action : str
        ``buy``, ``hold``, ``sell`` or ``none``: what is asked for after threshold and edge.
    wanted : str
        The same before them.
    volume_permits : bool
        Whether the volume filter permits to open a position at this bar; see `volume_permits`.
    bars : int
        Base bars since the signal before.
    """

    action: str
    wanted: str
    volume_permits: bool = True
    bars: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done at one bar.

    Attributes
    ----------
    action : str
        ``buy``, ``sell``, or ``hold`` where nothing is done.
    position : int
        After it: -1 short, 0 flat, 1 long.
    reason : str
        One of `REASONS`. Beside a buy or sell that is not ``acted`` but ``separation`` or ``volume``: the filter kept a
        reversal from opening the other side, and the old position was closed all the same.
    """

    action: str
    position: int
    reason: str


def step(state: State, signal: Signal, settings: Decisions) -> tuple[State, Decision]:
    """Decide on one signal; `run` does the same for many.

    - ``hold`` and ``none`` leave the position as it is.
    - With `position_awareness` a signal moves the position by one towards its own side: from flat it opens, from the
      other side it closes (to flat, it does not reverse), on its own side it does nothing.
    - Without it the signal is the position that is wanted, whatever the present one: it opens, restates, or reverses in
      one go.
    - Without `allow_short_from_flat` a sell never leads below flat: it closes a long position and does nothing else.
    - To open, to restate, or to enter the other side of a reversal, at least `min_signal_separation` base bars must
      have passed since the last signal that was acted on (whatever it did), and the volume filter must permit it.
      To close is never delayed by a filter.

    Parameters
    ----------
    state : State
        After the signal before.
    signal : Signal
    settings : Decisions

    Returns
    -------
    State, Decision
        The state to hand to the next step, and what is done.

    Causality: uses the state and the signal alone.
    """
    since = None if state.bars_since is None else state.bars_since + signal.bars
    action, position, reason = _decide(state.position, since, signal, settings)
    return State(position, since if action == "hold" else 0), Decision(action, position, reason)


def _decide(position: int, since: int | None, signal: Signal, settings: Decisions) -> tuple[str, int, str]:
    direction = DIRECTIONS.get(signal.action, 0)
    if not direction:
        return "hold", position, _silence(signal)
    if direction == position and (settings.position_awareness or _is_barred(direction, settings)):
        return "hold", position, ALREADY_IN_POSITION
    closes = position == -direction
    if closes and (settings.position_awareness or _is_barred(direction, settings)):
        return signal.action, 0, ACTED
    if _is_barred(direction, settings):
        return "hold", position, SHORT_NOT_ALLOWED
    refusal = _refusal(since, signal, settings)
    if refusal is None:
        return signal.action, direction, ACTED
    return (signal.action, 0, refusal) if closes else ("hold", position, refusal)


def _is_barred(direction: int, settings: Decisions) -> bool:
    return direction < 0 and not settings.allow_short_from_flat


def _silence(signal: Signal) -> str:
    if signal.wanted in DIRECTIONS:
        return BELOW_THRESHOLD
    return NOT_TRADABLE if signal.action == "none" else NO_SIGNAL


def _refusal(since: int | None, signal: Signal, settings: Decisions) -> str | None:
    if since is not None and since < settings.min_signal_separation:
        return SEPARATION
    return None if signal.volume_permits else VOLUME
