"""No label parameter is dead: each one, changed alone, changes labels, spans or weights, or is said to do nothing."""

import numpy as np
import pytest

from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

CHANGED = {
    "zigzag.lookahead": {"zigzag_threshold": 0.02, "label_lookahead": 5, "entry": "next_open", "method": "segments"},
    "zigzag.segments": {"zigzag_threshold": {"atr": 2.0}, "method": "lookahead"},
    "triple_barrier": {
        "pt_multiplier": 1.0, "sl_multiplier": 1.0, "max_holding_period": 20, "vol_span": 20, "vol_method": "close",
        "expiry": "sign", "side": "both", "scale": "bar", "compute_weights": "uniqueness", "cusum_threshold": 0.02,
        "cusum_multiplier": 2.0, "entry": "next_open",
    },
    "forward_return": {"horizon": 5, "entry": "next_open"},
    "direction": {"horizon": 5, "neutral_band": 0.01, "entry": "next_open"},
    "volatility": {"window": 5},
    "context": {"horizon": 2, "bullish_threshold": 0.02, "bearish_threshold": -0.02, "entry": "next_open"},
    "regime": {
        "macro_atr_mult": 5.0, "micro_atr_mult": 0.5, "atr_period": 7, "vol_lookback": 60,
        "vol_crisis_threshold": 1.2, "progression_tolerance": 0.9,
    },
    "market_regime": {
        "fast": 20, "slow": 100, "vol_symbol": "^VXN", "high": 20.0, "horizon": 10, "entry": "next_open",
    },
    "risk_adjusted": {"horizon": 5, "classes": 5, "vol_window": 20, "entry": "next_open"},
}  # fmt: skip
SPECS = {spec.key: spec for specs in LABELS.values() for spec in specs}
CASES = [(key, name, value) for key, changes in CHANGED.items() for name, value in changes.items()]


@pytest.fixture(scope="module")
def series():
    rng = np.random.default_rng(2)
    n = 2000
    spread = 0.01 * np.where(np.arange(n) // 50 % 4 == 3, 3, 1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, spread)))
    opens = np.append(100.0, close[:-1]) * np.exp(rng.normal(0, 0.005, n))
    high, low = np.maximum(opens, close) * 1.005, np.minimum(opens, close) * 0.995
    stamps = np.arange(n, dtype=np.int64) * NS_PER_DAY
    index = rng.uniform(10, 45, n).cumsum() / np.arange(1, n + 1) + rng.normal(0, 8, n)
    return (
        Bars("X", Timeframe("1d"), stamps, opens, high, low, close, np.zeros(n)),
        {"^VIX": Bars("^VIX", Timeframe("1d"), stamps, index, index, index, index, np.zeros(n))},
    )


def outcome(series, spec, parameters):
    bars, extra = series
    found = label(bars, spec.source, {"method": spec.method, **parameters} if spec.method else parameters, extra)
    values = np.where(found.defined, found.values, -9.0)
    return values.tolist(), found.end_rows.tolist(), found.weighting, found.target.classes


def test_the_table_covers_every_parameter_that_does_something():
    for key, spec in SPECS.items():
        assert set(CHANGED[key]) | spec.without_effect.keys() == {item.name for item in spec.parameters}
        assert not set(CHANGED[key]) & spec.without_effect.keys()


@pytest.mark.parametrize(("key", "name", "value"), CASES)
def test_a_changed_parameter_changes_the_labels(series, key, name, value):
    assert outcome(series, SPECS[key], {name: value}) != outcome(series, SPECS[key], {})


@pytest.mark.parametrize(("name", "value"), [("low", 1.0), ("adx_period", 50)])
def test_what_is_said_to_do_nothing_does_nothing(series, name, value):
    spec = SPECS["market_regime"]
    assert name in spec.without_effect
    assert outcome(series, spec, {name: value}) == outcome(series, spec, {})
