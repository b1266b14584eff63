"""What is done, given the position and the filters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.run import run
from ktrdr.domain.decisions.step import Signal, State, step
from ktrdr.domain.decisions.volume import volume_note, volume_permits
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.strategy.document import Decisions

FLAT, LONG, SHORT = 0, 1, -1


def settings(**changes: Any) -> Decisions:
    return Decisions("classification", **changes)


def decided(position: int, action: str, *, permits: bool = True, since: int | None = None, **changes: Any) -> Any:
    state = State(position, since)
    after, decision = step(state, Signal(action, action, permits), settings(**changes))
    assert after.position == decision.position
    return decision.action, decision.position, decision.reason


@pytest.mark.parametrize(
    ("position", "action", "expected"),
    [
        (FLAT, "buy", ("buy", LONG, "acted")),
        (FLAT, "sell", ("sell", SHORT, "acted")),
        (FLAT, "hold", ("hold", FLAT, "no_signal")),
        (FLAT, "none", ("hold", FLAT, "not_tradable")),
        (LONG, "buy", ("hold", LONG, "already_in_position")),
        (LONG, "sell", ("sell", FLAT, "acted")),
        (LONG, "hold", ("hold", LONG, "no_signal")),
        (SHORT, "sell", ("hold", SHORT, "already_in_position")),
        (SHORT, "buy", ("buy", FLAT, "acted")),
    ],
)
def test_aware_of_its_position_a_signal_opens_or_closes(position: int, action: str, expected: Any) -> None:
    assert decided(position, action) == expected


@pytest.mark.parametrize(
    ("position", "action", "expected"),
    [
        (FLAT, "buy", ("buy", LONG, "acted")),
        (LONG, "buy", ("buy", LONG, "acted")),
        (SHORT, "buy", ("buy", LONG, "acted")),
        (LONG, "sell", ("sell", SHORT, "acted")),
        (SHORT, "sell", ("sell", SHORT, "acted")),
        (LONG, "hold", ("hold", LONG, "no_signal")),
    ],
)
def test_unaware_of_its_position_a_signal_is_the_position_that_is_wanted(
    position: int, action: str, expected: Any
) -> None:
    assert decided(position, action, position_awareness=False) == expected


@pytest.mark.parametrize("aware", [True, False])
def test_without_shorts_a_sell_only_closes(aware: bool) -> None:
    options = {"position_awareness": aware, "allow_short_from_flat": False}
    assert decided(FLAT, "sell", **options) == ("hold", FLAT, "short_not_allowed")
    assert decided(LONG, "sell", **options) == ("sell", FLAT, "acted")
    assert decided(SHORT, "sell", **options) == ("hold", SHORT, "already_in_position")
    assert decided(SHORT, "buy", **options)[0] == "buy"


@pytest.mark.parametrize(("filters", "reason"), [({"since": 0}, "separation"), ({"permits": False}, "volume")])
def test_filters_refuse_to_open_and_never_to_close(filters: dict[str, Any], reason: str) -> None:
    filters = filters | {"min_signal_separation": 3}
    assert decided(FLAT, "buy", **filters) == ("hold", FLAT, reason)
    assert decided(FLAT, "sell", **filters) == ("hold", FLAT, reason)
    assert decided(LONG, "sell", **filters) == ("sell", FLAT, "acted")
    unaware = filters | {"position_awareness": False}
    assert decided(LONG, "buy", **unaware) == ("hold", LONG, reason)
    assert decided(LONG, "sell", **unaware) == ("sell", FLAT, reason)
    assert decided(SHORT, "buy", **unaware) == ("buy", FLAT, reason)


def test_separation_is_the_distance_in_base_bars_from_any_signal_that_was_acted_on() -> None:
    actions = np.array(["buy", "buy", "sell", "buy", "buy", "buy", "buy"])
    bars = np.array([0, 1, 2, 3, 4, 5, 8])
    _, found = run(Signals(actions, actions, None), bars, settings(min_signal_separation=3))
    assert found.positions.tolist() == [1, 1, 0, 0, 0, 1, 1]
    assert found[3].reason == found[4].reason == "separation"
    assert (found[5].action, found[5].reason) == ("buy", "acted")
    _, unaware = run(Signals(actions, actions, None), bars, settings(min_signal_separation=3, position_awareness=False))
    assert unaware.trades.tolist() == [1, 0, -1, 0, 0, 1, 1]
    assert unaware[2].reason == "separation"


def test_a_signal_below_the_threshold_says_so() -> None:
    _, decision = step(State(), Signal("hold", "sell"), settings())
    assert (decision.action, decision.reason) == ("hold", "below_threshold")


def test_the_clock_counts_on_over_rows_that_are_missing() -> None:
    state, _ = step(State(), Signal("buy", "buy"), settings())
    state, _ = step(state, Signal("hold", "hold", bars=5), settings())
    assert state == State(LONG, 5)


@pytest.mark.parametrize("values", [(2, None), (0, -1)])
def test_a_state_that_cannot_be_is_refused(values: Any) -> None:
    with pytest.raises(InvalidInput, match="position must be"):
        State(*values)


@pytest.mark.parametrize("bars", [[0, 0], [1, 0], [0]])
def test_bars_must_ascend_one_for_each_signal(bars: list[int]) -> None:
    actions = np.array(["buy", "sell"])
    with pytest.raises(InvalidInput, match="bars must ascend"):
        run(Signals(actions, actions, None), np.array(bars), settings())


def test_no_signals_no_decisions() -> None:
    actions = np.array([], dtype=str)
    state, found = run(Signals(actions, actions, None), np.empty(0, dtype=np.int64), settings(), state=State(1, 7))
    assert (state, len(found)) == (State(1, 7), 0)


def test_volume_is_held_against_its_own_last_twenty_bars() -> None:
    volume = np.random.default_rng(5).uniform(0, 10, 200)
    volume[[40, 41]] = 0.0
    permitted = volume_permits(volume, 1.2)
    expected = [t >= 19 and 0 < volume[t] >= 1.2 * volume[t - 19 : t + 1].mean() for t in range(200)]
    assert permitted.tolist() == expected
    assert 0 < permitted.sum() < 100
    assert volume_permits(volume, None).all()
    assert volume_permits(volume, 0.0).tolist() == [t >= 19 and volume[t] > 0 for t in range(200)]


def test_a_source_without_volume_is_not_filtered_and_that_is_said() -> None:
    assert volume_permits(np.zeros(50), 2.0).all()
    assert "no volume" in str(volume_note(np.zeros(50), 2.0))
    assert volume_note(np.zeros(50), None) is None
    assert volume_note(np.ones(50), 2.0) is None


def test_later_volumes_change_no_earlier_permission() -> None:
    volume = np.concatenate([np.zeros(30), np.random.default_rng(1).uniform(0, 5, 60)])
    whole = volume_permits(volume, 1.0)
    for count in (10, 30, 31, 45, 89):
        assert volume_permits(volume[:count], 1.0).tolist() == whole[:count].tolist()
