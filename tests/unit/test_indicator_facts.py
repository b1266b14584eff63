"""The facts that the catalogue declares, measured on the kernels."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from feature_samples import complete, flat_bars, indicator_outputs, random_bars, sample_bars, with_columns

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "sma": [{"period": 1}, {"period": 50}],
    "ema": [{"period": 1}, {"period": 2}, {"period": 50}, {"period": 200}],
    "macd": [
        {"fast_period": 2, "slow_period": 3, "signal_period": 2},
        {"fast_period": 3, "slow_period": 10, "signal_period": 16},
        {"fast_period": 12, "slow_period": 26, "signal_period": 26},
    ],
    "adx": [{"period": 2}, {"period": 5}, {"period": 50}],
    "rsi": [{"period": 2}, {"period": 5}, {"period": 50}],
    "atr": [{"period": 1}, {"period": 5}, {"period": 50}],
    "bbands": [{"period": 2}, {"period": 50, "multiplier": 0.5}],
    "stochastic": [{"k_period": 1, "smooth_k": 1, "d_period": 1}, {"k_period": 5, "smooth_k": 4, "d_period": 7}],
}
CASES = [
    pytest.param(name, complete(name, **given), id="-".join([name, *map(str, given.values())]))
    for name, spec in INDICATORS.items()
    for given in [{}, *VARIANTS.get(name, [{"period": 2}, {"period": 50}])]
]


@cache
def _series() -> tuple[Bars, ...]:
    walks = tuple(random_bars(5000, seed) for seed in range(6))
    return (*walks, sample_bars("AAPL_1d"), sample_bars("EURUSD_1h").take(slice(0, 5000)), sample_bars("GSPC_1d"))


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_first_value_stands_on_the_declared_bar(name, parameters):
    outputs = indicator_outputs(name, parameters, random_bars(300))
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
    primary = INDICATORS[name].primary
    assert len(few[primary]) == first
    assert np.isnan(few[primary]).all()
    assert np.isfinite(enough[primary][-1])


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_values_settle_on_the_declared_bar_and_not_long_before(name, parameters):
    spec = INDICATORS[name]
    measured = max(_settled(name, parameters, bars) for bars in _series())
    assert measured <= spec.settled_bars(parameters)
    slack = 5 + 0.3 * spec.fade(parameters)
    assert measured >= spec.settled_bars(parameters) - slack


def _settled(name: str, parameters: dict[str, Any], bars: Bars) -> int:
    """First bar from which beginning later changes no output by 1e-4 of its interquartile range."""
    whole = indicator_outputs(name, parameters, bars)
    spread = {output: np.subtract(*np.nanpercentile(values, [75, 25])) for output, values in whole.items()}
    latest = 0
    for start in np.linspace(1, len(bars) - 1700, 12).astype(int):
        part = indicator_outputs(name, parameters, bars.take(slice(start, None)))
        for output, values in part.items():
            error = np.abs(values - whole[output][start:]) / spread[output]
            latest = max(latest, *(np.flatnonzero(~(error < 1e-4)) + 1), 0)
    return latest


def test_the_figures_of_the_grammar():
    settled = {name: INDICATORS[name].settled_bars(complete(name)) for name in ("rsi", "macd", "adx")}
    settled["ema"] = INDICATORS["ema"].settled_bars(complete("ema", period=200))
    expected = {"rsi": 160, "macd": 160, "adx": 210, "ema": 1000}
    assert {name: abs(value / expected[name] - 1) < 0.12 for name, value in settled.items()} == dict.fromkeys(
        settled, True
    )


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_the_scale_is_what_it_says(name, parameters):
    bars = random_bars(400)
    doubled = with_columns(bars, **{column: 2 * getattr(bars, column) for column in BAR_COLUMNS})
    factor = 2.0 if INDICATORS[name].scale == "price" else 1.0
    for output, values in indicator_outputs(name, parameters, bars).items():
        other = indicator_outputs(name, parameters, doubled)[output]
        np.testing.assert_allclose(other, factor * values, rtol=1e-9, atol=1e-9)


BOUNDS = {"rsi": (0, 100), "stochastic": (0, 100), "williamsr": (-100, 0), "adx": (0, 100), "mfi": (0, 100)}


def test_bounded_indicators_keep_their_bounds():
    assert {name for name, spec in INDICATORS.items() if spec.scale == "bounded"} == set(BOUNDS)
    for name, (low, high) in BOUNDS.items():
        for bars in _series():
            for values in indicator_outputs(name, complete(name), bars).values():
                assert np.nanmin(values) >= low - 1e-9
                assert np.nanmax(values) <= high + 1e-9


@pytest.mark.parametrize("name", INDICATORS)
def test_a_flat_market_gives_finite_values_and_0_where_nothing_moves(name):
    for output, values in indicator_outputs(name, complete(name), flat_bars(120)).items():
        level = 50.0 if name in {"sma", "ema", "bbands"} else 0.0
        np.testing.assert_array_equal(values[INDICATORS[name].first_value(complete(name)) :], level, err_msg=output)
