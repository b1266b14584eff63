import json
from types import SimpleNamespace

import numpy as np
import pytest

from ktrdr.application.preparing.labelling import label_balance
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.labels.balance import _ADVICE as ADVICE
from ktrdr.domain.labels.balance import BALANCERS, balance
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Labels


def walk(n=4000, drift=0.0, volatility=0.002, seed=1):
    generator = np.random.default_rng(seed)
    close = np.exp(np.cumsum(generator.normal(drift, volatility, n)))
    stamps = np.arange(n, dtype=np.int64) * 3600 * 10**9
    return Bars("X", Timeframe("1h"), stamps, close, close * 1.001, close * 0.999, close, np.zeros(n))


def judged(bars, source, parameters):
    return balance(label(bars, source, parameters), bars, source, parameters)


def test_a_balanced_labelling_is_only_described():
    found = judged(walk(), "zigzag", {"zigzag_threshold": 0.012, "label_lookahead": 20})
    assert found.rare == ()
    assert found.suggestion is None
    assert found.labelled == 3980
    assert sum(found.shares.values()) == pytest.approx(1)
    (sentence,) = found.sentences()
    assert sentence.startswith("3,980 of 4,000 bars have a label: buy ")


@pytest.mark.parametrize("threshold", [0.2, 0.0001, {"atr": 50}])
def test_a_rare_class_is_named_with_a_threshold_that_gives_about_a_fifth_to_each_traded_class(threshold):
    bars = walk()
    parameters = {"zigzag_threshold": threshold, "label_lookahead": 20}
    found = judged(bars, "zigzag", parameters)
    assert set(found.rare) == ({"hold"} if threshold == 0.0001 else {"buy", "sell"})
    suggestion = found.suggestion
    assert isinstance(suggestion.value, dict) == isinstance(threshold, dict)
    taken = label(bars, "zigzag", {**parameters, "zigzag_threshold": suggestion.value}).class_shares()
    assert taken == suggestion.shares
    assert taken["buy"] + taken["sell"] == pytest.approx(0.4, abs=0.01)
    assert min(taken["buy"], taken["sell"]) > 0.1
    text = "\n".join(found.sentences())
    assert "of the labels, under 2%" in text
    assert ("zigzag_threshold: {atr: " in text) == isinstance(threshold, dict)
    assert f"would give buy {taken['buy']:.1%}" in text
    assert json.loads(json.dumps(found.as_dict()))["suggestion"]["value"] == suggestion.value


def test_no_threshold_is_named_where_none_helps():
    found = judged(walk(drift=0.01, volatility=0.0001), "zigzag", {"label_lookahead": 5})
    assert "sell" in found.rare
    assert found.suggestion is None
    assert found.sentences()[-1] == "no threshold balances these classes; forward_return needs none"


def test_pivots_that_are_too_few_point_to_the_other_method():
    found = judged(walk(volatility=0.0005), "zigzag", {"method": "segments", "zigzag_threshold": 0.01})
    assert found.rare == ("hold",)
    assert "method lookahead" in found.sentences()[-1]


def test_no_label_at_all_says_what_to_do():
    found = judged(walk(30), "zigzag", {"label_lookahead": 40})
    assert found.labelled == 0
    assert found.sentences()[-1].startswith("no bar has a label: use more bars")
    assert found.suggestion is None


def test_a_regression_shows_its_signs():
    bars = walk()
    found = judged(bars, "forward_return", {"horizon": 5})
    returns = bars.close[5:] / bars.close[:-5] - 1
    assert found.shares["up"] == pytest.approx((returns > 0).mean())
    assert found.rare == ()
    one_way = judged(walk(drift=0.01, volatility=0.0001), "forward_return", {"horizon": 5})
    assert one_way.rare == ("down",)
    assert "one way" in one_way.sentences()[-1]


@pytest.mark.parametrize(
    ("source", "parameters", "names"),
    [
        ("direction", {"horizon": 5, "neutral_band": 0.2}, ["neutral_band"]),
        ("direction", {"horizon": 5, "neutral_band": 1e-9}, ["neutral_band"]),
        (
            "context",
            {"bullish_threshold": 0.2, "bearish_threshold": -0.2},
            ["bullish_threshold", "bearish_threshold"],
        ),
        ("triple_barrier", {"pt_multiplier": 30.0, "sl_multiplier": 20.0}, ["pt_multiplier", "sl_multiplier"]),
        (
            "triple_barrier",
            {"pt_multiplier": 30.0, "sl_multiplier": 30.0, "side": "both"},
            ["pt_multiplier", "sl_multiplier"],
        ),
        ("regime", {"vol_crisis_threshold": 50.0, "vol_lookback": 30}, ["vol_crisis_threshold"]),
    ],
)
def test_thresholds_that_would_balance_are_named_together(source, parameters, names):
    bars = walk(volatility=0.003)
    found = judged(bars, source, parameters)
    assert found.rare
    suggestion = found.suggestion
    assert list(suggestion.values) == names
    taken = label(bars, source, {**parameters, **suggestion.values}).class_shares()
    assert taken == suggestion.shares
    assert min(taken.values()) > 0.05
    if source == "context":
        assert taken["bullish"] == pytest.approx(0.2, abs=0.01)
        assert taken["bearish"] == pytest.approx(0.2, abs=0.01)
    if source == "direction":
        assert taken["neutral"] == pytest.approx(0.6, abs=0.01)
    assert ", ".join(f"{name}: {value:g}" for name, value in suggestion.values.items()) in "\n".join(found.sentences())
    assert json.loads(json.dumps(found.as_dict()))["suggestion"]["values"] == suggestion.values


@pytest.mark.parametrize("source", ["risk_adjusted", "market_regime"])
def test_where_no_parameter_helps_another_source_is_named(source):
    drifting = walk(drift=0.01, volatility=0.0001)
    found = judged(drifting, source, {"slow": 100} if source == "market_regime" else {})
    assert found.rare
    assert found.suggestion is None
    assert "direction and context" in found.sentences()[-1]


def test_a_number_that_asks_for_no_trade_has_no_rare_side():
    found = judged(walk(), "volatility", {})
    assert found.shares == {}
    assert found.rare == ()
    assert found.sentences() == ("3,980 of 4,000 bars have a label",)


def test_advice_comes_from_the_bars_before_the_test_part():
    calm, wild = walk(3000, volatility=0.001), walk(1000, volatility=0.02, seed=2)
    close = np.concatenate((calm.close, calm.close[-1] * wild.close / wild.close[0]))
    stamps = np.arange(4000, dtype=np.int64) * 3600 * 10**9
    bars = Bars("X", Timeframe("1h"), stamps, close, close, close, close, np.zeros(4000))
    parameters = {"horizon": 5, "neutral_band": 0.5}
    strategy = SimpleNamespace(labels=Labels("direction", parameters))
    found = label_balance(label(bars, "direction", parameters), bars, strategy, int(bars.known_at[3000]))
    head = bars.take(slice(0, 3000))
    alone = judged(head, "direction", parameters)
    assert found.suggestion == alone.suggestion
    assert found.suggestion.values["neutral_band"] < 0.01
    assert found.sentences()[0].startswith("2,995 of 3,000 bars before the test part have a label")


def given(values, target):
    """Labels as they stand; the last bar has none."""
    ends = np.append(np.arange(1, len(values) + 1), NO_LABEL)
    return LabelSet(np.append(values, 0), ends, target)


SIDES = Target("classification", ("up", "down"), ("buy", "sell"))
RETURNS = Target("regression", unit="fraction")


@pytest.mark.parametrize(("others", "rare"), [(49, ()), (50, ("up",))])
def test_two_percent_is_not_rare_and_less_is(others, rare):
    labels = given(np.array([0] + [1] * others), SIDES)
    found = balance(labels, walk(others + 2), "zigzag", {"method": "segments"})
    assert found.rare == rare
    assert (found.bars, found.labelled) == (others + 2, others + 1)
    assert found.shares == {"up": 1 / (others + 1), "down": others / (others + 1)}
    assert bool(found.advice) == bool(rare)
    lines = [
        f"{others + 1} of {others + 2} bars have a label: up 2.0%, down 98.0%",
        "up has 2.0% of the labels, under 2%",
    ]
    assert found.sentences()[: 1 + len(rare)] == tuple(lines[: 1 + len(rare)])


def test_returns_count_by_sign_and_none_at_all_is_never_rare():
    found = balance(given(np.array([0.5, 0.0, -0.1, 1e-300]), RETURNS), walk(5), "forward_return", {})
    assert found.shares == {"up": 0.5, "flat": 0.25, "down": 0.25}
    assert found.rare == ()
    moving = balance(given(np.array([0.5, -0.1]), RETURNS), walk(3), "forward_return", {})
    assert moving.shares == {"up": 0.5, "flat": 0.0, "down": 0.5}
    assert moving.rare == ()
    none = balance(LabelSet(np.zeros(3), np.full(3, NO_LABEL), RETURNS), walk(3), "forward_return", {})
    assert none.shares == {"up": 0.0, "flat": 0.0, "down": 0.0}
    assert none.sentences()[-1].startswith("no bar has a label")


PARAMETERS = {"horizon": 5, "neutral_band": 0.01}


@pytest.mark.parametrize(
    ("values", "suggested"),
    [
        ({"neutral_band": 0.01}, None),
        ({"neutral_band": 0.012345}, None),
        ({"neutral_band": 0.0012345}, {"neutral_band": 0.00123}),
        ({"neutral_band": -0.001}, None),
        ({}, None),
    ],
)
def test_a_value_is_suggested_to_three_digits_if_it_is_allowed_and_helps(monkeypatch, values, suggested):
    """The same value, one that makes the rarest class rarer, and one that the parameter refuses, are no help."""
    bars = walk(volatility=0.002)
    assert judged(bars, "direction", PARAMETERS).rare
    monkeypatch.setitem(BALANCERS, "direction", lambda *_: values)
    found = judged(bars, "direction", PARAMETERS)
    assert (found.suggestion and found.suggestion.values) == suggested
    assert bool(found.advice) == (suggested is None)
    if suggested:
        assert (found.suggestion.parameter, found.suggestion.value) == ("neutral_band", 0.00123)


def test_values_that_contradict_each_other_are_not_suggested(monkeypatch):
    parameters = {"bullish_threshold": 0.2, "bearish_threshold": -0.2}
    bars = walk(volatility=0.003)
    monkeypatch.setitem(BALANCERS, "context", lambda *_: {"bullish_threshold": 0.01, "bearish_threshold": 0.02})
    found = judged(bars, "context", parameters)
    assert found.suggestion is None
    assert found.advice.startswith("no thresholds balance")


def test_plain_values_say_all_that_was_found():
    found = judged(walk(), "direction", {"horizon": 5, "neutral_band": 0.2})
    assert found.as_dict() == {
        "bars": 4000,
        "labelled": 3995,
        "shares": dict(found.shares),
        "rare": ["up", "down"],
        "suggestion": {
            "parameter": "neutral_band",
            "value": found.suggestion.values["neutral_band"],
            "values": found.suggestion.values,
            "shares": found.suggestion.shares,
        },
        "advice": "",
    }


def test_a_source_that_nothing_balances_gets_advice_of_its_own():
    """Every source has a function or a sentence; one that is added without either is found here."""
    for variants in LABELS.values():
        for spec in variants:
            if spec.kind == "classification":
                assert spec.key in BALANCERS or spec.key in ADVICE
            assert spec.key in ADVICE or spec.actions == ("none",)
