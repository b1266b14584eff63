"""Judging never fails: whatever bars pass the gate, rules find something or nothing, and count within bounds."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.data.simulation import simulate
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality import RULES, findings
from ktrdr.domain.market.quality.coverage import monthly_coverage
from ktrdr.domain.market.timeframe import Timeframe

MARKETS = [("A_STOCK", "5m"), ("A_STOCK", "1d"), ("A_CRYPTO", "1h"), ("A_FOREX", "1h"), ("A_STOCK", "1w")]
BASES = [simulate(symbol, Timeframe(timeframe), 80, 1) for symbol, timeframe in MARKETS]
SIZES = st.sampled_from([-5.0, 0.0, 1e-9, 0.01, 1.0, 7.5, 1e3, 1e12])


@st.composite
def judged_bars(draw: st.DrawFn) -> Bars:
    bars = draw(st.sampled_from(BASES))
    kept = draw(st.lists(st.integers(0, 79), min_size=1, max_size=80, unique=True))
    bars = bars.take(np.isin(np.arange(80), kept))
    rows = draw(st.lists(st.tuples(st.integers(0, len(bars) - 1), SIZES), max_size=8))
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for row, size in rows:
        columns[draw(st.sampled_from(["open", "close"]))][row] = size
        columns["high"][row], columns["low"][row] = max(size, columns["low"][row]), min(size, columns["low"][row])
    volume = bars.volume * draw(st.sampled_from([0.0, 1.0, 1e-6]))
    sessions = draw(st.sampled_from([bars.sessions, None]))
    return replace(bars, volume=volume, sessions=sessions, **columns)


@settings(max_examples=examples(150))
@given(bars=judged_bars())
def test_any_bars_can_be_judged(bars: Bars) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = findings(bars)
        _, shares = monthly_coverage(bars)
    assert len({finding.rule for finding in found}) == len(found)
    assert ((shares >= 0) & (shares <= 1)).all()
    for finding in found:
        assert finding.rule in RULES
        assert 0 < finding.count <= finding.of
        assert list(finding.places) == sorted(finding.places)
        assert finding.sentence
        assert finding.example


@pytest.mark.parametrize("bars", BASES, ids=lambda bars: f"{bars.symbol} {bars.timeframe}")
def test_order_of_judging_changes_nothing(bars: Bars) -> None:
    """The same bars give the same findings, and their values are left alone."""
    before = bars.fingerprint()
    assert findings(bars) == findings(bars)
    assert bars.fingerprint() == before
