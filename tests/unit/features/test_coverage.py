"""Rows on which a fuzzy set says nothing are counted, by fuzzy set and timeframe."""

from __future__ import annotations

import numpy as np
from samples.documents import changed

from ktrdr.domain.features.coverage import uncovered
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.strategy.reading.parse import parse


def test_the_share_of_silent_rows_is_said_for_each_set() -> None:
    strategy = parse(changed("nn_inputs", [{"fuzzy_set": "rsi"}, {"fuzzy_set": "macd"}]))
    ids = ("5m_rsi_oversold", "5m_rsi_neutral", "5m_rsi_overbought", "5m_macd_down", "5m_macd_up")
    values = np.array([[1, 0, 0, 0, 1], [0, 0, 0, 0, 1], [0, 0.5, 0, 1, 0], [0, 0, 0.1, 0, 1]], dtype=np.float32)
    rows = np.arange(4)
    matrix = FeatureMatrix(np.asfortranarray(values), ids, rows, rows, rows)
    assert uncovered(strategy, matrix) == ("fuzzy set 'rsi' on 5m: every membership is 0 on 25.00% of the rows",)


def test_a_learnable_set_is_counted_from_its_indicator_as_it_is_written() -> None:
    document = changed("nn_inputs", [{"fuzzy_set": "rsi"}, {"fuzzy_set": "macd"}])
    document["fuzzy_sets"]["rsi"]["learnable"] = True
    values = np.array([[10, 0, 1], [45, 0, 1], [120, 1, 0], [-5, 0, 1]], dtype=np.float32)
    values[:, 0] -= 50  # the middle of the set, which the column is short of
    rows = np.arange(4)
    ids = ("5m_rsi_input", "5m_macd_down", "5m_macd_up")
    matrix = FeatureMatrix(np.asfortranarray(values), ids, rows, rows, rows)
    assert uncovered(parse(document), matrix) == ("fuzzy set 'rsi' on 5m: every membership is 0 on 50.00% of the rows",)
