"""Decisions on a million signals: time, and the ratio to one step after the other, in one run."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.run import run
from ktrdr.domain.decisions.step import Signal, State, step
from ktrdr.domain.strategy.document import Decisions

ROWS, STEPPED = 1_000_000, 50_000
SHARES = {"every row trades": (0.5, 0.0, 0.5), "one row in ten": (0.05, 0.9, 0.05), "always buy": (1.0, 0.0, 0.0)}


@pytest.mark.parametrize("separation", [0, 10])
@pytest.mark.parametrize("aware", [True, False])
@pytest.mark.parametrize("shares", SHARES)
def test_run(benchmark, shares: str, aware: bool, separation: int) -> None:
    rng = np.random.default_rng(0)
    actions = rng.choice(np.array(["buy", "hold", "sell"]), ROWS, p=SHARES[shares])
    settings = Decisions("classification", position_awareness=aware, min_signal_separation=separation)
    signals, bars = Signals(actions, actions, None), np.arange(ROWS)
    benchmark.pedantic(run, (signals, bars, settings), rounds=3, warmup_rounds=1)
    began, state = time.perf_counter(), State()
    for action in actions[:STEPPED].tolist():
        state, _ = step(state, Signal(action, action), settings)
    stepped = (time.perf_counter() - began) * ROWS / STEPPED
    if benchmark.stats is not None:
        seconds = benchmark.stats.stats.min
        print(
            f"\n{shares}, aware {aware}, separation {separation}: {seconds:.3f} s, {stepped / seconds:.0f}x the steps"
        )
