"""Faults planted at random places in good bars are found, each by its rule, and good bars are blamed for nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from samples.faults import PLANTS, Case, suits
from samples.faults_together import GROUPS

from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality import RULES, findings
from ktrdr.domain.market.timeframe import Timeframe

PLANTINGS = 10
SERIES = (
    *(("sample", "GOOG", "1d"), ("sample", "IBM", "1d"), ("sample", "MSFT", "1d"), ("sample", "EURUSD", "1h")),
    *(("simulated", "SIM_STOCK", "5m"), ("simulated", "SIM_STOCK", "1h"), ("simulated", "SIM_CRYPTO", "1h")),
    *(("simulated", "SIM_FOREX", "5m"), ("simulated", "SIM_CRYPTO", "5m")),
)
REAL_OF_THEIR_OWN = {"no_volume", "outside_hours"}


@cache
def cases() -> tuple[Case, ...]:
    found = []
    for source, symbol, timeframe in SERIES:
        data = repository_of(source)
        bars = data.load(symbol, Timeframe(timeframe))
        found.append(Case(bars.take(slice(None, 8_000)), data.characteristics(symbol)))
    return tuple(found)


@cache
def fear() -> Case:
    """Return two thousand days of a made-up volatility index: a level that returns, with jumps upwards."""
    rng, calm = np.random.default_rng(3), next(case for case in cases() if case.bars.symbol == "IBM")
    steps = rng.normal(0, 0.05, 2_000) + np.where(rng.random(2_000) < 0.03, 0.3, 0.0)
    level = np.zeros(2_000)
    for day in range(1, 2_000):
        level[day] = 0.95 * level[day - 1] + steps[day] - 0.009
    close = 16 * np.exp(level)
    columns = dict(zip(("open", "high", "low", "close"), (close, close * 1.01, close * 0.99, close), strict=True))
    bars = Bars.of("FEAR", Timeframe("1d"), calm.bars.stamps[:2_000], columns, sessions=calm.bars.sessions)
    return Case(bars, replace(calm.facts, asset_class="index"))


@pytest.mark.parametrize("rule", sorted(PLANTS))
def test_a_planted_fault_is_found_by_its_rule(rule: str) -> None:
    rng = np.random.default_rng(sum(rule.encode()))
    usable = [fear()] if rule == "volatility_as_stock" else [case for case in cases() if suits(rule, case)]
    missed = []
    for number in range(PLANTINGS):
        case = usable[int(rng.integers(len(usable)))]
        planted = PLANTS[rule](rng, case)
        if all(finding.rule != rule for finding in findings(planted.bars, planted.facts)):
            missed.append((number, case.bars.symbol, str(case.bars.timeframe)))
    assert not missed


@pytest.mark.parametrize("rule", sorted(GROUPS))
def test_a_fault_of_several_series_is_found_by_its_rule(rule: str) -> None:
    planted, found, good, blamed = GROUPS[rule](np.random.default_rng(5), PLANTINGS, cases())
    assert (found, blamed) == (planted, 0)
    assert good


def test_every_rule_has_its_fault() -> None:
    assert set(PLANTS) | set(GROUPS) == set(RULES)


def test_good_bars_are_blamed_for_nothing() -> None:
    said = {
        f"{case.bars.symbol} {case.bars.timeframe}": {finding.rule for finding in findings(case.bars, case.facts)}
        for case in (*cases(), fear())
    }
    assert {name: rules - REAL_OF_THEIR_OWN for name, rules in said.items()} == {name: set() for name in said}
