"""Blocks of raw columns: frozen, whole, free of units, and the same as their indicators one by one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from samples.documents import changed
from samples.features import flat_bars, indicator_outputs, random_bars, same_bits, sample_bars, with_columns

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.values import fault
from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.warmup import declared_warmup
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render

NAMES = """
adx_14 plus_di_14 minus_di_14 aroon_up_14 aroon_down_14 aroon_oscillator_25 vortex_plus_14 vortex_minus_14
trix_15 supertrend_direction_10 distance_ema_10 distance_sma_20 distance_ema_50 distance_sma_50 distance_sma_100
rsi_7 rsi_14 roc_10 cci_20 williamsr_14 stochastic_k_14 stochastic_d_14 rvi_10 rvi_signal_10 fisher_10
stochrsi_k_14 ultimateoscillator_28 ppo_line_12_26 ppo_histogram_12_26 tsi_25_13 natr_14 natr_50
bollingerbandwidth_20 bollingerbandwidth_50 squeezeintensity_20 historicalvolatility_10 historicalvolatility_20
historicalvolatility_60 chaikinvolatility_10 ulcerindex_14 mfi_7 mfi_14 mfi_28 cmf_10 cmf_21 volumeratio_5
volumeratio_20 volumeratio_50 pvo_line_12_26 pvo_histogram_12_26 supportdistance_20 resistancedistance_20
breakout_20 divergence_20 swing_structure_10 candle_body candle_upper_wick candle_lower_wick bar_expansion
streak_10 returns_1 returns_5 returns_20 zscore_20 autocorrelation_50 entropy_50 skew_50 kurtosis_50 hurst_100
varianceratio_100 percentrank_100 rsquared_20 maxdrawdown_50 upshare_20 efficiencyratio_10
"""
COLUMNS = NAMES.split()
SHA256 = "04313f5c1683e4a5051d2c6435b9b321dc1e8c128b7bbc6d607457dcd0889df1"
TECHNICAL = CATALOGUES["technical_75@1"]


def strategy(*entries: dict[str, Any], timeframes: Any = "5m", **model: Any) -> Strategy:
    """A strategy with nothing but a feature catalogue."""
    document = changed("nn_inputs", list(entries) or [{"catalogue": TECHNICAL.name, "timeframes": "all"}])
    document = changed("training_data.timeframes", timeframes, document)
    document["model"] |= model
    del document["indicators"], document["fuzzy_sets"]
    return parse(document)


def test_the_block_is_the_one_that_was_released():
    """To change a column is to make the next version: models that were trained on this one must find it again."""
    rows = [[item.name, item.indicator, dict(item.parameters), item.output] for item in TECHNICAL.columns]
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    assert [item.name for item in TECHNICAL.columns] == COLUMNS
    assert hashlib.sha256(text.encode()).hexdigest() == SHA256


def test_it_has_as_many_columns_of_each_category_as_the_grammar_says_in_its_order():
    categories = [INDICATORS[item.indicator].category for item in TECHNICAL.columns]
    shares = {"trend": 15, "momentum": 15, "volatility": 10, "volume": 10, "pattern": 10, "statistical": 15}
    assert list(Counter(categories).items()) == list(shares.items())


@pytest.mark.parametrize("column", TECHNICAL.columns, ids=COLUMNS)
def test_columns_name_all_parameters_within_bounds_and_an_output_without_unit(column):
    spec = INDICATORS[column.indicator]
    assert set(column.parameters) == {item.name for item in spec.parameters}
    assert [fault(item, column.parameters[item.name]) for item in spec.parameters] == [None] * len(spec.parameters)
    assert column.output in (spec.outputs or ("",))
    assert spec.scale in {"bounded", "ratio"} or column.output == "direction"
    assert not spec.cumulative


def test_a_catalogue_alone_resolves_to_its_columns_timeframe_by_timeframe():
    entry = {"catalogue": TECHNICAL.name, "timeframes": ["1h", "5m"], "normalization": "zscore"}
    features = resolve(strategy(entry, timeframes=["5m", "1h"], features={"lookback_periods": 2}))
    ids = [f"{timeframe}_{name}_raw" for timeframe in ("1h", "5m") for name in COLUMNS]
    assert [feature.id for feature in features] == [*ids, *(f"{name}_lag_1" for name in ids)]
    assert {feature.normalization for feature in features} == {"zscore"}
    assert declared_warmup(features, "5m") == 1 + max(
        INDICATORS[item.indicator].first_value(item.parameters) for item in TECHNICAL.columns
    )


def test_it_stands_between_other_entries_and_survives_the_round_trip():
    document = changed("nn_inputs.1", {"catalogue": TECHNICAL.name, "timeframes": "5m", "normalization": "minmax"})
    document["nn_inputs"].append({"raw_indicator": "rsi_14"})
    document["indicators"]["own"] = document["indicators"].pop("rsi_14")
    document["fuzzy_sets"]["rsi"]["indicator"] = document["nn_inputs"][2]["raw_indicator"] = "own"
    read = parse(document)
    ids = [feature.id for feature in resolve(read)]
    assert ids[3:78] == [f"5m_{name}_raw" for name in COLUMNS]
    assert ids[78:] == ["5m_own_raw"]
    assert parse(render(read)) == read


def test_the_contract_holds_every_column():
    features = resolve(strategy())
    contract = feature_contract(features, TalibFeatureEngineer().kernels(features))
    assert [entry["parameters"] for entry in contract] == [dict(item.parameters) for item in TECHNICAL.columns]
    assert len(contract_hash(contract)) == 64


def test_the_matrix_holds_what_each_indicator_gives():
    bars = random_bars(600, 4)
    matrix = TalibFeatureEngineer().engineer(resolve(strategy()), {"5m": bars}, "5m")
    for place, column in enumerate(TECHNICAL.columns):
        values = indicator_outputs(column.indicator, column.parameters, bars)[column.output]
        np.testing.assert_array_equal(matrix.values[:, place], values[matrix.base_rows].astype(np.float32))


def _without_volume(bars: Bars) -> Bars:
    return with_columns(bars, volume=np.zeros(len(bars)))


@pytest.mark.parametrize(
    "bars",
    [
        sample_bars("EURUSD_1h").take(slice(0, 900)),
        sample_bars("AAPL_1d").take(slice(0, 900)),
        random_bars(900),
        _without_volume(random_bars(900)),
        flat_bars(900),
    ],
    ids=["EURUSD", "AAPL", "walk", "without volume", "flat"],
)
def test_every_row_after_the_warm_up_has_a_value_in_every_column(bars):
    features = resolve(strategy())
    matrix = TalibFeatureEngineer().engineer(features, {"5m": bars}, "5m")
    assert matrix.warmup_rows == declared_warmup(features, "5m")
    assert matrix.unusable_rows == 0


def test_no_column_sees_a_later_bar():
    bars, features = random_bars(500, 9), resolve(strategy())
    whole = TalibFeatureEngineer().engineer(features, {"5m": bars}, "5m")
    for rows in (260, 333, 480):
        part = TalibFeatureEngineer().engineer(features, {"5m": bars.take(slice(0, rows))}, "5m")
        assert len(part)
        assert same_bits(part.values, whole.values[: len(part)])
