"""One step after the other, and all at once: the same decisions."""

from __future__ import annotations

from typing import Any

import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.run import run
from ktrdr.domain.decisions.step import Decision, Signal, State, step
from ktrdr.domain.strategy.document import Decisions

SETTINGS = st.builds(
    Decisions,
    st.just("classification"),
    position_awareness=st.booleans(),
    allow_short_from_flat=st.booleans(),
    min_signal_separation=st.integers(0, 6),
)
STATES = st.builds(State, st.sampled_from([-1, 0, 1]), st.none() | st.integers(0, 8))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "buy", "sell", "sell", "hold", "none", "unsure"]),
        st.booleans(),
        st.sampled_from([1, 1, 1, 2, 9]),
    ),
    max_size=60,
)


def series(rows: list[Any]) -> tuple[Signals, Any, Any]:
    wanted = np.array(["buy" if action == "unsure" else action for action, _, _ in rows], dtype="<U4")
    actions = np.array(["hold" if action == "unsure" else action for action, _, _ in rows], dtype="<U4")
    bars = np.cumsum(np.array([gap for _, _, gap in rows], dtype=np.int64)) + 1000
    return Signals(actions, wanted, None), bars, np.array([permits for _, permits, _ in rows], dtype=np.bool_)


def stepped(rows: list[Any], chosen: Decisions, state: State) -> tuple[State, list[Decision]]:
    signals, _, permits = series(rows)
    found = []
    for place, (_, _, gap) in enumerate(rows):
        signal = Signal(str(signals.actions[place]), str(signals.wanted[place]), bool(permits[place]), gap)
        state, decision = step(state, signal, chosen)
        found.append(decision)
    return state, found


@settings(max_examples=examples(300))
@given(ROWS, SETTINGS, STATES)
def test_a_run_is_its_steps(rows: list[Any], chosen: Decisions, state: State) -> None:
    rows = [(action, permits, gap if place else 1) for place, (action, permits, gap) in enumerate(rows)]
    signals, bars, permits = series(rows)
    after, found = run(signals, bars, chosen, permits, state)
    expected_after, expected = stepped(rows, chosen, state)
    assert [found[row] for row in range(len(found))] == expected
    assert after == expected_after
    assert found.actions.tolist() == [decision.action for decision in expected]


@settings(max_examples=examples(100))
@given(ROWS, SETTINGS, st.integers(0, 60))
def test_later_rows_change_no_earlier_decision_and_a_run_goes_on_where_it_ended(
    rows: list[Any], chosen: Decisions, cut: int
) -> None:
    rows = [(action, permits, 1) for action, permits, _ in rows]
    signals, bars, permits = series(rows)
    after, whole = run(signals, bars, chosen, permits)
    parts = (slice(None, cut), slice(cut, None))
    state, found = State(), []
    for part in parts:
        piece = Signals(signals.actions[part], signals.wanted[part], None)
        state, decisions = run(piece, bars[part], chosen, permits[part], state)
        found += [decisions[row] for row in range(len(decisions))]
    assert found == [whole[row] for row in range(len(whole))]
    assert state == after


@settings(max_examples=examples(200))
@given(ROWS, SETTINGS, STATES)
def test_what_the_settings_promise(rows: list[Any], chosen: Decisions, state: State) -> None:
    signals, bars, permits = series(rows)
    _, found = run(signals, bars, chosen, permits, state)
    before = np.concatenate([[state.position], found.positions[:-1]]) if len(found) else np.empty(0)
    entered = (found.trades != 0) & (found.positions != 0)
    acted = bars[found.trades != 0]
    earlier = np.array([acted[acted < bar].max(initial=-(10**6)) for bar in bars[entered]])
    assert permits[entered].all()
    assert (bars[entered] - earlier >= chosen.min_signal_separation).all()
    if not chosen.allow_short_from_flat:
        assert not (entered & (found.positions < 0)).any()
    if chosen.position_awareness:
        assert (np.abs(found.positions - before) <= 1).all()
    against = ((signals.actions == "sell") & (before > 0)) | ((signals.actions == "buy") & (before < 0))
    assert (found.positions[against] != before[against]).all()
