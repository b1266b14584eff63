"""The catalogue says what the grammar says, and each row has exactly one kernel per output."""

from __future__ import annotations

import re

import pytest
from samples.features import complete, indicator_outputs, random_bars

from ktrdr.adapters.features.kernels import KERNELS
from ktrdr.domain.catalogue.indicators import INDICATORS, find_indicator
from ktrdr.domain.catalogue.parameters import PRICE_SOURCES
from ktrdr.domain.errors import InvalidInput

GRAMMAR = {
    "rsi": ({"period": 14, "source": "close"}, ()),
    "roc": ({"period": 10, "source": "close"}, ()),
    "momentum": ({"period": 10, "source": "close"}, ()),
    "cci": ({"period": 20}, ()),
    "williamsr": ({"period": 14}, ()),
    "stochastic": ({"k_period": 14, "d_period": 3, "smooth_k": 3}, ("k", "d")),
    "adx": ({"period": 14}, ("adx", "plus_di", "minus_di")),
    "macd": (
        {"fast_period": 12, "slow_period": 26, "signal_period": 9, "source": "close"},
        ("line", "signal", "histogram"),
    ),
    "sma": ({"period": 20, "source": "close"}, ()),
    "ema": ({"period": 20, "source": "close"}, ()),
    "atr": ({"period": 14}, ()),
    "bbands": ({"period": 20, "multiplier": 2.0, "source": "close"}, ("upper", "middle", "lower")),
    "mfi": ({"period": 14}, ()),
    "rvi": ({"period": 10, "signal_period": 4}, ("rvi", "signal")),
    "fishertransform": ({"period": 10, "smoothing": 3}, ("fisher", "signal")),
    "aroon": ({"period": 14}, ("up", "down", "oscillator")),
    "wma": ({"period": 20, "source": "close"}, ()),
    "parabolicsar": ({"initial_af": 0.02, "step_af": 0.02, "max_af": 0.2}, ()),
    "ichimoku": (
        {"tenkan_period": 9, "kijun_period": 26, "senkou_b_period": 52, "displacement": 26},
        ("tenkan", "kijun", "senkou_a", "senkou_b"),
    ),
    "bollingerbandwidth": ({"period": 20, "multiplier": 2.0, "source": "close"}, ()),
    "keltnerchannels": ({"period": 20, "atr_period": 10, "multiplier": 2.0}, ("upper", "middle", "lower")),
    "donchianchannels": ({"period": 20}, ("upper", "middle", "lower")),
    "supertrend": ({"period": 10, "multiplier": 3.0}, ("trend", "direction")),
    "squeezeintensity": (
        {"bb_period": 20, "bb_multiplier": 2.0, "kc_period": 20, "kc_multiplier": 2.0, "source": "close"},
        (),
    ),
    "obv": ({}, ()),
    "vwap": ({"period": 20, "use_typical_price": True}, ()),
    "cmf": ({"period": 21}, ()),
    "adline": ({}, ()),
    "volumeratio": ({"period": 20}, ()),
    "distancefromma": ({"period": 20, "ma_type": "SMA", "source": "close"}, ()),
}
FURTHER = (
    "dema tema kama trix hma linearregressionslope vortex natr standarddeviation truerange historicalvolatility "
    "chaikinvolatility ulcerindex forceindex easeofmovement volumepricetrend nvi pvi "
    "stochrsi ultimateoscillator ppo tsi awesomeoscillator cmo supportdistance resistancedistance breakout divergence "
    "higherhighslowerlows returns zscore autocorrelation entropy skew kurtosis hurstexponent"
)


@pytest.mark.parametrize("name", GRAMMAR)
def test_parameters_defaults_and_outputs_are_those_of_the_grammar(name):
    parameters, outputs = GRAMMAR[name]
    spec = INDICATORS[name]
    assert complete(name) == parameters
    assert spec.outputs == outputs
    assert spec.primary == (outputs[0] if outputs else "")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("RSI", "rsi"),
        ("BollingerBands", "bbands"),
        ("SimpleMovingAverage", "sma"),
        ("exponentialmovingaverage", "ema"),
        ("WilliamsR", "williamsr"),
        ("Bollinger Bands", "bbands"),
        ("parabolic_sar", "parabolicsar"),
        ("PSAR", "parabolicsar"),
        ("SuperTrend", "supertrend"),
        ("linreg-slope", "linearregressionslope"),
        ("keltner_channels", "keltnerchannels"),
        ("Donchian", "donchianchannels"),
        ("stddev", "standarddeviation"),
        ("Squeeze_Intensity", "squeezeintensity"),
        ("AD_Line", "adline"),
        ("chaikin_money_flow", "cmf"),
        ("VPT", "volumepricetrend"),
        ("distance_from_ma", "distancefromma"),
        ("Relative_Vigor_Index", "rvi"),
        ("Fisher", "fishertransform"),
        ("StochasticRSI", "stochrsi"),
        ("stoch_rsi", "stochrsi"),
        ("Ultimate Oscillator", "ultimateoscillator"),
        ("percentage_price_oscillator", "ppo"),
        ("True_Strength_Index", "tsi"),
        ("awesome-oscillator", "awesomeoscillator"),
        ("ChandeMomentumOscillator", "cmo"),
        ("z_score", "zscore"),
        ("hurst", "hurstexponent"),
        ("skewness", "skew"),
        ("Support_Distance", "supportdistance"),
        ("on_balance_volume", "obv"),
        ("RelativeStrengthIndex", "rsi"),
        ("rate_of_change", "roc"),
        ("MOM", "momentum"),
        ("stoch", "stochastic"),
        ("stochastic_oscillator", "stochastic"),
        ("Williams %R", "williamsr"),
        ("williams_percent_r", "williamsr"),
        ("WILLR", "williamsr"),
        ("CommodityChannelIndex", "cci"),
        ("AO", "awesomeoscillator"),
        ("UO", "ultimateoscillator"),
        ("parabolic stop and reverse", "parabolicsar"),
        ("Chaikin's Volatility", "chaikinvolatility"),
    ],
)
def test_types_are_found_by_any_case_and_alias(written, name):
    found = find_indicator(written)
    assert found is not None
    assert found.name == name


def test_an_unknown_type_is_none():
    assert find_indicator("zigzag") is None


@pytest.mark.parametrize("name", FURTHER.split())
def test_the_further_rows_are_there(name):
    assert name in INDICATORS


def test_there_are_more_than_60_types_and_90_outputs_in_six_categories():
    assert len(INDICATORS) >= 60
    assert sum(len(spec.outputs) or 1 for spec in INDICATORS.values()) > 90
    assert len({spec.category for spec in INDICATORS.values()}) == 6


def test_no_two_indicators_share_a_name():
    names = [(name.replace("_", ""), spec.name) for spec in INDICATORS.values() for name in (spec.name, *spec.aliases)]
    assert len(dict(names)) == len(set(names))
    assert all(find_indicator(name) is INDICATORS[owner] for name, owner in names)
    assert all(name == name.casefold() for name, _ in names)
    assert all(name == spec.name for name, spec in INDICATORS.items())


@pytest.mark.parametrize("spec", INDICATORS.values(), ids=INDICATORS)
def test_every_row_is_whole(spec):
    names = {parameter.name for parameter in spec.parameters}
    assert set(spec.inputs) <= {*PRICE_SOURCES, "source", "session"}
    assert ("source" in spec.inputs) == ("source" in names)
    assert spec.description.endswith(".")
    assert re.search(r"\((19|20)\d\d\)", spec.reference)
    assert len(set(spec.outputs)) == len(spec.outputs) != 1
    settled = spec.settled_bars(complete(spec.name))
    assert settled is None if spec.cumulative else settled >= spec.first_value(complete(spec.name))


@pytest.mark.parametrize("spec", INDICATORS.values(), ids=INDICATORS)
def test_no_two_keys_of_a_row_share_a_name(spec):
    keys = [key for item in spec.parameters for key in (item.name, *item.aliases)]
    assert len(keys) == len(set(keys))
    assert not {"type", "source", "data_source"} & {alias for item in spec.parameters for alias in item.aliases}


def test_columns_follow_the_source_parameter():
    assert INDICATORS["rsi"].columns({"period": 3, "source": "hl2"}) == ("hl2",)
    assert INDICATORS["mfi"].columns({"period": 3}) == ("high", "low", "close", "volume")


@pytest.mark.parametrize(("fast", "slow", "ok"), [(12, 26, True), (26, 26, False), (30, 26, False)])
def test_macd_wants_fast_below_slow(fast, slow, ok):
    message = INDICATORS["macd"].check(complete("macd", fast_period=fast, slow_period=slow))
    assert (message is None) == ok
    if not ok:
        assert f"found {fast} and {slow}" in message


def test_short_forms_of_the_macd_periods_are_aliases():
    aliases = {alias: item.name for item in INDICATORS["macd"].parameters for alias in item.aliases}
    assert aliases == {"fast": "fast_period", "slow": "slow_period", "signal": "signal_period"}


def test_every_output_has_exactly_one_kernel():
    assert list(KERNELS) == list(INDICATORS)
    for name, kernels in KERNELS.items():
        outputs = [output for kernel in kernels for output in kernel.outputs or INDICATORS[name].outputs or ("",)]
        assert tuple(outputs) == (INDICATORS[name].outputs or ("",))


WHOLE = [(spec.name, item) for spec in INDICATORS.values() for item in spec.parameters if item.kind == "int"]
STRICTER = {"kama"}
"""Rows that allow less than TA-Lib does: its efficiency ratio over one bar is always 1."""


@pytest.mark.parametrize(("name", "parameter"), WHOLE, ids=lambda value: getattr(value, "name", value))
def test_bounds_are_those_of_the_library(name, parameter):
    bars = random_bars(60)
    others = {"fast_period": 2} if parameter.name == "slow_period" else {}
    indicator_outputs(name, complete(name, **others, **{parameter.name: int(parameter.low)}), bars)
    if name in STRICTER or any(kernel.name.startswith("ktrdr") for kernel in KERNELS[name]):
        return
    with pytest.raises(InvalidInput, match="refuses"):
        indicator_outputs(name, complete(name, **{parameter.name: int(parameter.low) - 1}), bars)
