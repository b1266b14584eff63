"""The facts that the catalogue declares, measured on the kernels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from samples.features import complete, flat_bars, indicator_outputs, random_bars, sample_bars, scaled_bars, with_columns
from scipy.signal import lfilter

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "sma": [{"period": 1}, {"period": 50}],
    "ema": [{"period": 1}, {"period": 2}, {"period": 50}, {"period": 200}],
    "macd": [
        {"fast_period": 2, "slow_period": 3, "signal_period": 2},
        {"fast_period": 3, "slow_period": 10, "signal_period": 16},
        {"fast_period": 12, "slow_period": 26, "signal_period": 26},
        {"fast_period": 24, "slow_period": 26, "signal_period": 9},
    ],
    "adx": [{"period": 2}, {"period": 5}, {"period": 50}],
    "rsi": [{"period": 2}, {"period": 5}, {"period": 50}],
    "atr": [{"period": 1}, {"period": 5}, {"period": 50}],
    "bbands": [{"period": 2}, {"period": 50, "multiplier": 0.5}],
    "stochastic": [{"k_period": 1, "smooth_k": 1, "d_period": 1}, {"k_period": 5, "smooth_k": 4, "d_period": 7}],
    "hma": [{"period": 1}, {"period": 3}, {"period": 50}],
    "kama": [{"period": 2}, {"period": 5}, {"period": 50}],
    "parabolicsar": [
        {"initial_af": 0.01, "step_af": 0.01, "max_af": 0.1},
        {"initial_af": 0.05, "step_af": 0.02},
        {"initial_af": 0.1, "step_af": 0.1, "max_af": 0.5},
    ],
    "supertrend": [{"period": 2}, {"multiplier": 1.0}, {"multiplier": 6.0}, {"period": 50}],
    "ichimoku": [{"displacement": 0}, {"tenkan_period": 60, "kijun_period": 5, "senkou_b_period": 2}],
    "distancefromma": [{"ma_type": "EMA", "period": period} for period in (2, 20, 50)],
    "keltnerchannels": [{"period": 5, "atr_period": 40}, {"period": 50, "atr_period": 2}],
    "squeezeintensity": [{"bb_period": 50, "kc_period": 10}, {"kc_period": 50}],
    "chaikinvolatility": [{"period": 2, "roc_period": 1}, {"period": 50, "roc_period": 3}],
    "vwap": [{"period": 0}, {"period": 1}, {"use_typical_price": False}],
    "fishertransform": [{"period": 2, "smoothing": 1}, {"smoothing": 10}, {"smoothing": 20}],
    "stochrsi": [{"period": 5, "k_period": 5, "smooth_k": 1, "d_period": 1}, {"period": 30, "k_period": 10}],
    "ultimateoscillator": [{"short_period": 1, "medium_period": 2, "long_period": 3}, {"long_period": 60}],
    "ppo": [{"fast_period": 2, "slow_period": 3, "signal_period": 2}, {"slow_period": 50}, {"signal_period": 26}],
    "tsi": [{"long_period": 5, "short_period": 3, "signal_period": 2}, {"short_period": 25, "signal_period": 25}],
    "cmo": [{"period": 2}, {"period": 5}, {"period": 50}],
    "divergence": [{"period": 5, "rsi_period": 5}, {"period": 20, "rsi_period": 2}, {"period": 50, "rsi_period": 30}],
    "autocorrelation": [{"period": 3}, {"lag": 10}],
    "percentrank": [{"period": 1}, {"period": 300}],
}


def _variants(name: str) -> list[dict[str, Any]]:
    """Half and twice each window, unless the table says something else or the row refuses it."""
    if name in VARIANTS:
        return [{}, *VARIANTS[name]]
    windows = [item for item in INDICATORS[name].parameters if item.kind == "int" and item.name.endswith("period")]
    others = [
        {item.name: value}
        for item in windows
        for value in (max(int(item.low or 1), item.default // 2), 2 * item.default)
    ]
    check = INDICATORS[name].check
    return [{}, *(given for given in others if check is None or check(complete(name, **given)) is None)]


CASES = [
    pytest.param(name, complete(name, **given), id="-".join([name, *map(str, given.values())]))
    for name in INDICATORS
    for given in _variants(name)
]
PATH_DEPENDENT = {"kama", "parabolicsar", "supertrend"}
"""Histories of these agree once they have turned together, which depends on the prices: only a bound is declared."""


@cache
def _series() -> tuple[Bars, ...]:
    walks = tuple(random_bars(5000, seed) for seed in range(6))
    real = (sample_bars("AAPL_1d"), sample_bars("EURUSD_1h").take(slice(0, 5000)), sample_bars("GSPC_1d"))
    return (*walks, _reverting_bars(5000), *real)


def _reverting_bars(n: int) -> Bars:
    """Bars about a constant level, as an index of volatility draws them: what averages of ranges forget shows most."""
    bars = random_bars(n, 6)
    draw = np.random.default_rng(6)
    close = 100 * np.exp(lfilter([1.0], [1.0, -0.97], draw.normal(0, 0.02, n)))
    lively = 1 + draw.exponential(np.where(np.arange(n) % 500 < 250, 0.03, 0.01))
    columns = {"open": close, "close": close, "high": close * lively, "low": close / lively}
    return with_columns(bars, **columns)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_first_value_stands_on_the_declared_bar(name, parameters):
    outputs = indicator_outputs(name, parameters, random_bars(INDICATORS[name].first_value(parameters) + 200))
    firsts = [int(np.flatnonzero(np.isfinite(values))[0]) for values in outputs.values()]
    assert max(firsts) == INDICATORS[name].first_value(parameters)
    for first, values in zip(firsts, outputs.values(), strict=True):
        assert np.isnan(values[:first]).all()
        assert np.isfinite(values[first:]).all()


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_too_few_bars_give_no_value_and_one_more_gives_one(name, parameters):
    first = INDICATORS[name].first_value(parameters)
    few = indicator_outputs(name, parameters, random_bars(first))
    enough = indicator_outputs(name, parameters, random_bars(first + 1))
    assert any(np.isnan(values).all() for values in few.values())
    assert all(len(values) == first for values in few.values())
    assert all(np.isfinite(values[-1]) for values in enough.values())


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_values_settle_on_the_declared_bar_and_not_long_before(name, parameters):
    spec = INDICATORS[name]
    measured = max(_settled(name, parameters, bars) for bars in _series())
    if spec.cumulative:
        assert spec.settled_bars(parameters) is None
        assert measured >= len(_series()[0]) - 1
        return
    declared = spec.settled_bars(parameters)
    assert measured <= declared
    if name in PATH_DEPENDENT:
        assert measured >= declared / 10
    else:
        assert measured >= declared - 5 - 0.3 * spec.fade(parameters)


def _settled(name: str, parameters: dict[str, Any], bars: Bars) -> int:
    """First bar from which beginning later changes no output by 1e-4 of its interquartile range.

    Counted from the first session on, where the indicator begins anew with each.
    """
    whole = indicator_outputs(name, parameters, bars)
    spread = {output: _spread(values) for output, values in whole.items()}
    latest = 0
    for start in np.linspace(1, len(bars) - 1700, 12).astype(int):
        part = indicator_outputs(name, parameters, bars.take(slice(start, None)))
        counted_from = _first_session(bars, start) if INDICATORS[name].by_session(parameters) else 0
        for output, values in part.items():
            error = np.abs(values - whole[output][start:])[counted_from:] / spread[output]
            latest = max(latest, *(np.flatnonzero(~(error < 1e-4)) + 1), 0)
    return latest


def _first_session(bars: Bars, start: int) -> int:
    """Bars from `start` until a UTC day is over, or a bar of a day or more."""
    days = pd.to_datetime(bars.known_at[start:] - 1).normalize()
    return int(np.argmax(days != days[0])) if bars.timeframe.intraday else 0


OF_VOLUME = [
    pytest.param(name, parameters | {"source": "volume"}, id="-".join([name, *map(str, parameters.values())]))
    for name, parameters in (case.values for case in CASES)
    if "source" in parameters and INDICATORS[name].fade(parameters)
]


@pytest.mark.parametrize(("name", "parameters"), OF_VOLUME)
def test_values_of_volume_settle_on_the_declared_bar(name, parameters):
    assert max(_settled(name, parameters, bars) for bars in _volumes()) <= INDICATORS[name].settled_bars(parameters)


@cache
def _volumes() -> tuple[Bars, ...]:
    """Volumes that scatter little, much and very much, and real ones."""
    draws = [np.exp(np.random.default_rng(seed).normal(0, wild, 5000)) for seed, wild in enumerate((0.5, 1, 2), 50)]
    return (*(with_columns(random_bars(5000), volume=draw) for draw in draws), sample_bars("AAPL_1d"))


_UNEVEN = {
    "falling": scaled_bars(random_bars(6000, 0), np.geomspace(1e7, 0.1, 6000)),
    "bursts": scaled_bars(random_bars(6000, 1), np.where(np.arange(6000) % 700 < 3, 1e4, 1.0)),
    "volume bursts": with_columns(
        random_bars(6000, 2), volume=random_bars(6000, 2).volume * np.where(np.arange(6000) % 700 < 3, 1e6, 1.0)
    ),
}


@pytest.mark.parametrize("bars", _UNEVEN.values(), ids=_UNEVEN)
@pytest.mark.parametrize("name", [name for name, spec in INDICATORS.items() if not spec.cumulative])
def test_large_prices_and_volumes_of_long_ago_leave_no_trace(name, bars):
    """The last 500 bars, begun 1500 or more bars before them, against the same bars after all that stood before."""
    parameters = complete(name)
    whole = indicator_outputs(name, parameters, bars)
    for start in (3000, 3501):
        for output, values in indicator_outputs(name, parameters, bars.take(slice(start, None))).items():
            error = np.abs(values[-500:] - whole[output][-500:])
            assert error.max() < 1e-4 * _spread(values[-500:]), output


def _spread(values: np.ndarray) -> float:
    """The interquartile range; of an output that is nearly always the same, its whole range."""
    low, high = np.nanpercentile(values, [25, 75])
    return float(high - low) or float(np.nanmax(values) - np.nanmin(values)) or 1.0


def test_the_figures_of_the_grammar():
    settled = {name: INDICATORS[name].settled_bars(complete(name)) for name in ("rsi", "macd", "adx")}
    settled["ema"] = INDICATORS["ema"].settled_bars(complete("ema", period=200))
    expected = {"rsi": 160, "macd": 160, "adx": 210, "ema": 1000}
    assert {name: abs(value / expected[name] - 1) < 0.12 for name, value in settled.items()} == dict.fromkeys(
        settled, True
    )


POWERS = {"forceindex": (1, 1), "easeofmovement": (2, -1)}
"""Powers of price and volume in the unit of an output, where its scale does not say them."""
SCALES = {"bounded": (0, 0), "ratio": (0, 0), "price": (1, 0), "volume": (0, 1)}


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_scale_is_what_it_says(name, parameters):
    bars = random_bars(INDICATORS[name].first_value(parameters) + 200)
    prices = with_columns(bars, **{column: 2 * getattr(bars, column) for column in PRICE_COLUMNS})
    volumes = with_columns(bars, volume=4 * bars.volume)
    of_price, of_volume = POWERS.get(name, SCALES[INDICATORS[name].scale])
    by_price = indicator_outputs(name, parameters, prices)
    by_volume = indicator_outputs(name, parameters, volumes)
    for output, values in indicator_outputs(name, parameters, bars).items():
        factor = 1.0 if output == "direction" else 2.0**of_price
        np.testing.assert_allclose(by_price[output], factor * values, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(by_volume[output], 4.0**of_volume * values, rtol=1e-9, atol=1e-9)


BOUNDS: dict[str, tuple[float, float] | dict[str, tuple[float, float]]] = {
    "rsi": (0, 100),
    "stochastic": (0, 100),
    "williamsr": (-100, 0),
    "adx": (0, 100),
    "mfi": (0, 100),
    "aroon": {"up": (0, 100), "down": (0, 100), "oscillator": (-100, 100)},
    "squeezeintensity": (0, 1),
    "cmf": (-1, 1),
    "stochrsi": (0, 100),
    "ultimateoscillator": (0, 100),
    "tsi": (-100, 100),
    "cmo": (-100, 100),
    "divergence": (-1, 1),
    "candle": {"body": (-1, 1), "upper_wick": (0, 1), "lower_wick": (0, 1)},
    "insideoutside": (-1, 1),
    "streak": (-1, 1),
    "heikinashi": (-1, 1),
    "maxdrawdown": (0, 100),
    "autocorrelation": (-1, 1),
    **dict.fromkeys(("entropy", "percentrank", "rsquared", "upshare", "efficiencyratio", "downsideshare"), (0, 1)),
}


@pytest.mark.parametrize("name", [name for name, spec in INDICATORS.items() if spec.scale == "bounded"])
def test_bounded_indicators_keep_their_bounds(name):
    for bars in _series():
        for output, values in indicator_outputs(name, complete(name), bars).items():
            bounds = BOUNDS[name]
            low, high = bounds[output] if isinstance(bounds, dict) else bounds
            assert np.nanmin(values) >= low - 1e-9
            assert np.nanmax(values) <= high + 1e-9


LEVELS = ("sma", "ema", "wma", "dema", "tema", "kama", "hma", "parabolicsar", "ichimoku", "bbands", "vwap")
AT_50: dict[str, float | dict[str, float]] = {
    **dict.fromkeys((*LEVELS, "keltnerchannels", "donchianchannels"), 50.0),
    "supertrend": {"trend": 50.0, "direction": 1.0},
    "aroon": {"up": 100.0, "down": 100.0, "oscillator": 0.0},
    "nvi": 1000.0,
    "pvi": 1000.0,
}
"""What a market that stands at 50 without volume gives, where that is not 0."""


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_flat_market_gives_what_the_row_says(name, parameters):
    first = INDICATORS[name].first_value(parameters)
    expected = AT_50.get(name, 0.0)
    for output, values in indicator_outputs(name, parameters, flat_bars(first + 120)).items():
        value = expected[output] if isinstance(expected, dict) else expected
        np.testing.assert_allclose(values[first:], value, rtol=0, atol=1e-12, err_msg=output)


STAYING = {"rsi", "cmo", "tsi", "adx"}


@pytest.mark.parametrize("name", [name for name, spec in INDICATORS.items() if not spec.cumulative])
def test_where_a_market_falls_asleep_the_last_value_stays_only_where_the_row_says_so(name):
    """A thousand bars after the last movement: what a market gives that never moved, or what stood on that bar."""
    lively, parameters = random_bars(1500, 3), complete(name)
    asleep = np.arange(1500) >= 500
    columns = {column: np.where(asleep, lively.close[499], getattr(lively, column)) for column in PRICE_COLUMNS}
    found = indicator_outputs(name, parameters, with_columns(lively, **columns))
    flat = {column: np.full(1500, lively.close[499]) for column in PRICE_COLUMNS}
    never = indicator_outputs(name, parameters, with_columns(lively, **flat))
    for output, values in found.items():
        if name in STAYING:
            assert values[-1] == pytest.approx(values[550], rel=0.05)
            assert abs(values[-1]) > 5
        else:
            assert values[-1] == pytest.approx(never[output][-1], rel=1e-6, abs=1e-6)
    assert ("last value stays" in INDICATORS[name].description) == (name in STAYING)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_a_market_that_falls_asleep_and_loses_its_volume_keeps_finite_values(name, parameters):
    """After lively bars of large volume come bars that stand still, then lively ones without volume."""
    first = INDICATORS[name].first_value(parameters)
    lively = random_bars(3 * (first + 100))
    asleep = np.arange(len(lively)) // (first + 100) == 1
    last = lively.close[first + 99]
    columns = {column: np.where(asleep, last, getattr(lively, column)) for column in PRICE_COLUMNS}
    volume = np.where(np.arange(len(lively)) < first + 100, 1e5 * lively.volume, 0.0)
    for values in indicator_outputs(name, parameters, with_columns(lively, **columns, volume=volume)).values():
        assert np.isfinite(values[first:]).all()


@pytest.mark.parametrize("name", [name for name, spec in INDICATORS.items() if not spec.cumulative])
def test_a_million_bars_of_huge_volume_lose_no_digits(name):
    """The tail of a long series against the same bars as a short one."""
    parameters = complete(name)
    settled = INDICATORS[name].settled_bars(parameters)
    tail = slice(-settled - 2000, None)
    long = indicator_outputs(name, parameters, _million())
    for output, values in indicator_outputs(name, parameters, _million().take(tail)).items():
        error = np.abs(values[settled:] - long[output][tail][settled:])
        assert error.max() < 1e-4 * _spread(values), output


@cache
def _million() -> Bars:
    """Quiet five-minute bars of a currency with a volume of about 1e9, and now and then a thousand times as much."""
    bars = random_bars(1_000_000, 5)
    quiet = {column: 1.1 * (getattr(bars, column) / 100) ** 0.05 for column in PRICE_COLUMNS}
    bursts = np.where(np.arange(len(bars)) % 1000 == 0, 1e3, 1.0)
    return with_columns(bars, **quiet, volume=bars.volume * 5e4 * bursts)
