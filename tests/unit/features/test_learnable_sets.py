"""Learnable sets: which columns the matrix carries, and how features come of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples.documents import changed

from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified, fuzzified, input_columns, resolved_matrix, tuned_features
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render

KERNELS = {"rsi": "talib RSI", "macd": "talib MACD"}
OVERSOLD = Membership("triangular", (0.0, 20.0, 40.0))
MIDDLE = 50.0
"""Of the places 0, 20, 40, 30, 50, 70, 60, 80 and 100 that the set over rsi is written at."""


def strategy(learnable: Any = True, **changes: Any) -> Strategy:
    document = changed("nn_inputs", [{"fuzzy_set": "macd"}, {"fuzzy_set": "rsi"}])
    document["fuzzy_sets"]["rsi"]["learnable"] = learnable
    document["training_data"]["timeframes"] = {"mode": "multi_timeframe", "list": ["5m", "1h"]}
    for path, value in changes.items():
        document["model"].setdefault("features", {})[path] = value
    return parse(document)


def test_one_raw_column_stands_where_the_first_membership_stood():
    features = resolve(strategy(lookback_periods=2))
    columns = input_columns(features)
    assert [column.id for column in columns] == [
        *("5m_macd_down", "5m_macd_up", "1h_macd_down", "1h_macd_up", "5m_rsi_input", "1h_rsi_input"),
        *("5m_macd_down_lag_1", "5m_macd_up_lag_1", "1h_macd_down_lag_1", "1h_macd_up_lag_1"),
        *("5m_rsi_input_lag_1", "1h_rsi_input_lag_1"),
    ]
    raw = columns[-1]
    assert (raw.kind, raw.lag, raw.normalization, raw.membership) == ("raw", 1, "none", None)
    assert raw.source is not None
    assert (raw.source.indicator, raw.source.timeframe, raw.offset) == ("rsi", "1h", MIDDLE)
    plan = fuzzified(features)
    assert len(plan) == len(features)
    assert plan[:5] == (*(Fuzzified(place) for place in range(4)), Fuzzified(4, OVERSOLD, ("rsi", "oversold"), MIDDLE))
    assert [item.column for item in plan[4:10]] == [4, 4, 4, 5, 5, 5]
    assert {item.tied for item in plan if item.membership == OVERSOLD} == {("rsi", "oversold")}


def test_resolved_features_do_not_depend_on_it_and_the_hash_does():
    learnable, fixed = resolve(strategy()), resolve(strategy(learnable=False))
    assert [item.id for item in learnable] == [item.id for item in fixed]
    assert input_columns(fixed) == fixed
    assert fuzzified(fixed) == ()
    contracts = [feature_contract(features, KERNELS) for features in (learnable, fixed)]
    assert contract_hash(contracts[0]) != contract_hash(contracts[1])
    assert contracts[0][4]["learnable"] == {
        "membership": ["rsi", "oversold"],
        "column": "5m_rsi_input",
        "offset": MIDDLE,
    }
    assert not any("learnable" in entry for entry in contracts[1])


def test_a_columns_name_collides_with_no_feature():
    document = changed("fuzzy_sets.rs", {"indicator": "rsi_14", "learnable": True, "low": [0, 20, 40]})
    document["fuzzy_sets"]["r"] = {"indicator": "rsi_14", "s_input": [0, 20, 40], "input": [60, 80, 100]}
    document["nn_inputs"] = [{"fuzzy_set": "rs"}, {"fuzzy_set": "r"}]
    ids = ["5m_rs_input", "5m_r_s_input", "5m_r_input"]
    assert [column.id for column in input_columns(resolve(parse(document)))] == ids
    document["fuzzy_sets"]["r"]["learnable"] = True  # its column would be called as its own membership is
    ids = ["5m_rs_input", "5m_r_input_"]
    assert [column.id for column in input_columns(resolve(parse(document)))] == ids


def test_scaling_leaves_learnable_sets_alone():
    features = resolve(strategy(scale_features=True))
    assert {item.normalization for item in features if item.learnable} == {"none"}
    assert {item.normalization for item in features if not item.learnable} != {"none"}


def test_the_document_keeps_it():
    assert render(strategy())["fuzzy_sets"]["rsi"]["learnable"] is True
    assert parse(render(strategy())).fuzzy_sets["rsi"].learnable
    assert "learnable" not in render(strategy(learnable=False))["fuzzy_sets"]["rsi"]


def test_anything_but_true_or_false_is_refused():
    with pytest.raises(InvalidStrategy, match=r"fuzzy_sets\.rsi\.learnable"):
        strategy(learnable="a little")


def test_features_come_of_the_columns_by_the_tuned_functions():
    features = resolve(strategy())
    values = np.zeros((2, 6), dtype=np.float32)
    values[:, 4], values[:, 5], values[:, 0] = np.subtract([10, 30], MIDDLE), np.subtract([70, 45], MIDDLE), 0.25
    rows = np.arange(2)
    matrix = FeatureMatrix(values, tuple(column.id for column in input_columns(features)), rows, rows, rows)
    written = resolved_matrix(matrix, features)
    assert written.ids == tuple(feature.id for feature in features)
    assert written.values[:, 0].tolist() == [0.25, 0.25]
    assert written.values[:, 4:].tolist() == [[0.5, 0, 0, 0, 0, 0.5], [0.5, 0, 0, 0, 0.75, 0]]
    tuned = tuned_features(features, {("rsi", "oversold"): Membership("triangular", (0.0, 10.0, 50.0))})
    assert resolved_matrix(matrix, tuned).values[:, [4, 7]].tolist() == [[1, 0], [0.5, 0.125]]
    assert resolve(strategy(learnable=False)) != features
    fixed = resolve(strategy(learnable=False))
    same = FeatureMatrix(np.zeros((2, 10), dtype=np.float32), tuple(item.id for item in fixed), rows, rows, rows)
    assert resolved_matrix(same, fixed) is same
