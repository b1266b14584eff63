import json

import numpy as np
import pytest

from ktrdr.domain.labels.balance import balance
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe


def walk(n=4000, drift=0.0, volatility=0.002, seed=1):
    generator = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(generator.normal(drift, volatility, n)))
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
