"""Rules: planted ones are found, and every figure is what a row-by-row count gives."""

from __future__ import annotations

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.documents import changed

from ktrdr.domain.evaluation.rules import MIN_AGREEMENT, MIN_SUPPORT, MINED_ROWS, Rule, RuleMeasure, measure, mine_rules
from ktrdr.domain.evaluation.terms import linguistic_terms
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.strategy.reading.parse import parse

BUY, HOLD, SELL = 0, 1, 2


def said(values: np.ndarray, n_terms: int) -> tuple[np.ndarray, list[int]]:
    """One term per place and value: which rows it holds on, and the place of each."""
    places = [place for place in range(len(values)) for _ in range(n_terms)]
    return np.concatenate([row == np.arange(n_terms)[:, None] for row in values]), places


def planted(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, list[int], np.ndarray]:
    """Five sets of three values; BUY on 0 is 0 and 1 is 2, SELL on 2 is 1, 3 is 0 and 4 is 2, else HOLD."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 3, (5, n))
    decisions = np.full(n, HOLD)
    decisions[(values[2] == 1) & (values[3] == 0) & (values[4] == 2)] = SELL
    decisions[(values[0] == 0) & (values[1] == 2)] = BUY
    wrong = rng.random(n) < noise
    decisions[wrong] = rng.integers(0, 3, wrong.sum())
    holds, places = said(values, 3)
    return holds, places, decisions


def test_planted_rules_come_first_and_without_a_superfluous_condition():
    holds, places, decisions = planted(6000, noise=0.1)
    found = mine_rules(holds, places, decisions, 8)
    assert set(found[:2]) == {Rule((0, 5), BUY), Rule((7, 9, 14), SELL)}
    assert {rule.decision for rule in found[2:]} == {HOLD}
    other, _, judged = planted(2000, noise=0.1, seed=1)
    assert measure(found[0], other, judged).agreement > 0.85


def test_the_same_rows_give_the_same_rules_and_top_is_a_prefix():
    holds, places, decisions = planted(1500, noise=0.3)
    found = mine_rules(holds, places, decisions, 6)
    assert mine_rules(holds.copy(), list(places), decisions.copy(), 6) == found
    assert mine_rules(holds, places, decisions, 2) == found[:2]


def test_many_rows_are_thinned_out_evenly():
    n = MINED_ROWS * 2
    holds = np.zeros((2, n), dtype=np.bool_)
    holds[0, ::4] = True
    holds[1] = ~holds[0]
    assert mine_rules(holds, [0, 0], np.where(holds[0], BUY, HOLD), 5)[0].terms in {(0,), (1,)}


@settings(max_examples=examples(40))
@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 3), st.integers(20, 300))
def test_every_rule_keeps_its_promises(seed, n_sets, n_terms, n):
    rng = np.random.default_rng(seed)
    holds, places = said(rng.integers(0, n_terms + 1, (n_sets, n)), n_terms)
    decisions = rng.integers(0, 3, n)
    decisions[holds[0]] = BUY
    found = mine_rules(holds, places, decisions, 5)
    assert len(found) <= 5
    assert len(set(found)) == len(found)
    for rule in found:
        figures = measure(rule, holds, decisions)
        fired = [row for row in range(n) if all(holds[term, row] for term in rule.terms)]
        agreeing = [row for row in fired if decisions[row] == rule.decision]
        base = sum(decisions == rule.decision) / n
        assert (figures.rows, figures.support) == (len(fired), len(fired) / n)
        assert figures.agreement == pytest.approx(len(agreeing) / len(fired))
        assert figures.lift == pytest.approx(len(agreeing) / len(fired) / base)
        assert figures.support >= MIN_SUPPORT
        assert figures.agreement >= max(MIN_AGREEMENT, base)
        assert len({places[term] for term in rule.terms}) == len(rule.terms) <= 3


def test_a_model_that_says_the_same_everywhere_has_no_rules():
    holds, places, _ = planted(200, noise=0)
    assert mine_rules(holds, places, np.full(200, HOLD), 5) == ()


def test_a_rule_that_never_fires_has_no_agreement():
    holds = np.array([[False, False], [True, False]])
    assert measure(Rule((0,), BUY), holds, np.array([BUY, SELL])) == RuleMeasure(0, 0.0, None, None)
    assert measure(Rule((1,), HOLD), holds, np.array([BUY, SELL])) == RuleMeasure(1, 0.5, 0.0, None)


def test_the_largest_membership_of_each_set_holds():
    document = changed("nn_inputs", [{"fuzzy_set": "rsi"}, {"raw_indicator": "rsi_14"}, {"fuzzy_set": "macd"}])
    document["model"]["features"] = {"lookback_periods": 2}
    strategy = parse(document)
    now = [[0.2, 0.7, 0, 55, 0, 1], [0.5, 0.5, 0, 45, 0.1, 0.2], [0, 0, 0, 50, 1, 0]]
    values = np.concatenate([np.array(now), np.zeros((3, 6))], axis=1).astype(np.float32)
    names = ("rsi_oversold", "rsi_neutral", "rsi_overbought", "rsi_14_raw", "macd_down", "macd_up")
    ids = (*(f"5m_{name}" for name in names), *(f"5m_{name}_lag_1" for name in names))
    rows = np.arange(3)
    terms, holds = linguistic_terms(strategy, FeatureMatrix(values, ids, rows, rows, rows))
    assert [term.text(with_timeframe=False) for term in terms] == [
        *("rsi is oversold", "rsi is neutral", "rsi is overbought", "macd is down", "macd is up"),
    ]
    assert terms[3].text(with_timeframe=True) == "macd on 5m is down"
    assert [term.place for term in terms] == [0, 0, 0, 1, 1]
    assert holds.T.astype(int).tolist() == [[0, 1, 0, 0, 1], [1, 0, 0, 0, 1], [0, 0, 0, 1, 0]]
