"""A kernel carried from bar to bar gives the bits of the same kernel over all bars, for every row of the table."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from samples.features import (
    complete,
    flat_bars,
    indicator_outputs,
    random_bars,
    same_bits,
    sample_bars,
    weekday_sessions,
    with_columns,
)

from ktrdr.adapters.features.kernels import Kernel, kernels_for
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "distancefromma": [{"ma_type": "EMA"}],
    "parabolicsar": [{"initial_af": 0.05, "step_af": 0.02}],
    "vwap": [{"period": 0}, {"period": 0, "use_typical_price": False}, {"period": 1}, {"period": 20}],
    "percentrank": [{"period": 3}, {"period": 300}],
    "ichimoku": [{"displacement": 0}],
    "stochrsi": [{"period": 5, "k_period": 5, "smooth_k": 1, "d_period": 1}],
    "fishertransform": [{"smoothing": 1}],
    "autocorrelation": [{"lag": 10}],
    "zscore": [{"period": 2}, {"period": 3}],
    "rsquared": [{"period": 3}],
    "historicalvolatility": [{"period": 2}],
    "ulcerindex": [{"period": 2}],
    "chaikinvolatility": [{"roc_period": 1}],
    "tsi": [{"long_period": 5, "short_period": 3, "signal_period": 2}],
    "sma": [{"period": 1}, {"source": "hlc3"}],
    "ema": [{"period": 1}, {"period": 200}],
    "rsi": [{"source": "volume"}, {"scale": "rolling"}],
    "macd": [{"scale": "atr"}, {"scale": "rolling"}],
    "bbands": [{"period": 2}, {"scale": "atr"}],
    "supertrend": [{"scale": "atr"}],
    "obv": [{"scale": "rolling"}],
}
CASES = [
    pytest.param(name, complete(name, **given), id="-".join([name, *map(str, given.values())]))
    for name in INDICATORS
    for given in [{}, *VARIANTS.get(name, [])]
]
STEPS = 150


@cache
def series() -> dict[str, Bars]:
    """Walks, real bars, and what is hard: no movement, no volume, huge jumps, a tiny spread on a high level."""
    walk = random_bars(900)
    still = flat_bars(900)
    high = 1e9 + np.random.default_rng(2).normal(0, 1e-3, 900).cumsum()
    jumps = walk.close * np.where(np.arange(900) % 97 == 0, 1e6, 1.0)
    rests = np.where(np.arange(900) % 100 < 60, walk.volume, 0.0)
    pauses = np.repeat(walk.close[::30], 30)
    return {
        "walk": walk,
        "hourly": random_bars(900, 3, "1h"),
        "daily": random_bars(900, 4, "1d"),
        "real": sample_bars("AAPL_1d").take(slice(0, 900)),
        "sessions": _round_the_clock(),
        "still": still,
        "level": with_columns(walk, open=high, high=high + 2e-3, low=high - 2e-3, close=high),
        "jumps": with_columns(walk, high=np.maximum(jumps, walk.high), close=jumps),
        "rests": with_columns(walk, volume=rests, open=pauses, high=pauses, low=pauses, close=pauses),
    }


def _round_the_clock() -> Bars:
    """Hourly bars within sessions and outside of them."""
    return random_bars(900, 5, "1h", sessions=weekday_sessions("2023-12-01", 60))


@pytest.mark.parametrize("bars", series().values(), ids=series().keys())
@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_steps_give_the_bits_of_the_whole(name: str, parameters: dict[str, Any], bars: Bars) -> None:
    whole = indicator_outputs(name, parameters, bars)
    for opened in (INDICATORS[name].first_known(parameters) + 2, len(bars) - STEPS):
        for kernel in kernels_for(name, parameters):
            stepped = _stepped(kernel, name, parameters, bars, opened)
            for output, values in zip(kernel.outputs or INDICATORS[name].outputs or ("",), stepped, strict=True):
                wanted = whole[output][opened : opened + STEPS]
                assert same_bits(values, wanted), f"{output}: {_first_difference(values, wanted)}"


def _stepped(kernel: Kernel, name: str, parameters: dict[str, Any], bars: Bars, opened: int) -> tuple[np.ndarray, ...]:
    columns = tuple(price_column(bars, item) for item in INDICATORS[name].columns(parameters))
    assert kernel.step is not None
    step = kernel.step(tuple(column[:opened] for column in columns), parameters)
    ends = range(opened + 1, min(opened + STEPS, len(bars)) + 1)
    rows = [step(tuple(column[:end] for column in columns)) for end in ends]
    return tuple(np.array(values, dtype=np.float64) for values in zip(*rows, strict=True))


def _first_difference(found: np.ndarray, wanted: np.ndarray) -> str:
    row = int(np.flatnonzero(~((found == wanted) | (np.isnan(found) & np.isnan(wanted))))[0])
    return f"row {row}: {found[row]!r}, by the whole series {wanted[row]!r}"
