"""Law 2 for every indicator, price column, membership and context feature: no value sees a later bar."""

from __future__ import annotations

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.features import (
    complete,
    indicator_outputs,
    poisoned,
    random_bars,
    same_bits,
    sample_bars,
    weekday_sessions,
)

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.features.context import context_column, context_features
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.strategy.document import ContextFeatures

LENGTH = 260


def _increasing(*names: str) -> st.SearchStrategy[dict[str, int]]:
    """Windows of which each is longer than the one before."""
    return st.lists(st.integers(2, 50), min_size=len(names), max_size=len(names), unique=True).map(
        lambda drawn: dict(zip(names, sorted(drawn), strict=True))
    )


PARAMETERS = {
    "macd": st.tuples(st.integers(2, 12), st.integers(1, 20), st.integers(1, 12)).map(
        lambda drawn: {"fast_period": drawn[0], "slow_period": sum(drawn[:2]), "signal_period": drawn[2]}
    ),
    "stochastic": st.fixed_dictionaries(
        {"k_period": st.integers(1, 30), "smooth_k": st.integers(1, 9), "d_period": st.integers(1, 9)}
    ),
    "vwap": st.fixed_dictionaries({"period": st.integers(0, 30), "use_typical_price": st.booleans()}),
    "ichimoku": st.fixed_dictionaries(
        {f"{name}_period": st.integers(1, 40) for name in ("tenkan", "kijun", "senkou_b")}
        | {"displacement": st.integers(0, 40)}
    ),
    "keltnerchannels": st.fixed_dictionaries({"period": st.integers(2, 40), "atr_period": st.integers(1, 40)}),
    "squeezeintensity": st.fixed_dictionaries({"bb_period": st.integers(2, 40), "kc_period": st.integers(2, 40)}),
    "chaikinvolatility": st.fixed_dictionaries({"period": st.integers(2, 40), "roc_period": st.integers(1, 40)}),
    "distancefromma": st.fixed_dictionaries({"period": st.integers(1, 60), "ma_type": st.sampled_from(["SMA", "EMA"])}),
    "parabolicsar": st.fixed_dictionaries({"initial_af": st.floats(0.01, 0.1), "step_af": st.floats(0.01, 0.1)}),
    "supertrend": st.fixed_dictionaries({"period": st.integers(2, 40), "multiplier": st.floats(0.5, 6)}),
    "rvi": st.fixed_dictionaries({"period": st.integers(1, 40), "signal_period": st.integers(1, 12)}),
    "fishertransform": st.fixed_dictionaries({"period": st.integers(2, 40), "smoothing": st.integers(1, 20)}),
    "stochrsi": st.fixed_dictionaries({"period": st.integers(2, 30), "k_period": st.integers(1, 30)}),
    "ultimateoscillator": _increasing("short_period", "medium_period", "long_period"),
    "ppo": _increasing("fast_period", "slow_period"),
    "pvo": _increasing("fast_period", "slow_period"),
    "awesomeoscillator": _increasing("fast_period", "slow_period"),
    "tsi": st.fixed_dictionaries({"long_period": st.integers(2, 40), "short_period": st.integers(2, 40)}),
    "divergence": st.fixed_dictionaries({"period": st.integers(2, 40), "rsi_period": st.integers(2, 40)}),
    "autocorrelation": st.fixed_dictionaries({"period": st.integers(3, 60), "lag": st.integers(1, 20)}),
    "varianceratio": st.fixed_dictionaries({"period": st.integers(3, 60), "lag": st.integers(2, 20)}),
}


def drawn_bars() -> st.SearchStrategy[Bars]:
    walks = st.integers(0, 10_000).map(lambda seed: random_bars(LENGTH, seed))
    real = st.integers(0, 1800).map(lambda first: sample_bars("AAPL_1d").take(slice(first, first + LENGTH)))
    return walks | real


@pytest.mark.parametrize("name", INDICATORS)
@settings(max_examples=examples(30))
@given(data=st.data(), bars=drawn_bars(), now=st.integers(0, LENGTH - 1))
def test_indicators(name, data, bars, now):
    parameters = complete(
        name, **data.draw(PARAMETERS.get(name, st.fixed_dictionaries({"period": st.integers(2, 60)})))
    )
    whole = indicator_outputs(name, parameters, bars)
    prefix = indicator_outputs(name, parameters, bars.take(slice(0, now + 1)))
    other = indicator_outputs(name, parameters, poisoned(bars, int(bars.known_at[now])))
    for output, values in whole.items():
        assert same_bits(prefix[output], values[: now + 1])
        assert same_bits(other[output][: now + 1], values[: now + 1])


@settings(max_examples=examples(60))
@given(
    seed=st.integers(0, 10_000),
    now=st.integers(0, LENGTH - 1),
    periods=st.tuples(st.integers(1, 60), st.integers(1, 60), st.integers(1, 60)),
    timeframe=st.sampled_from(["5m", "1h", "1d"]),
    with_sessions=st.booleans(),
)
def test_context_features(seed, now, periods, timeframe, with_sessions):
    sessions = weekday_sessions("2024-01-02", 200) if with_sessions else None
    bars = random_bars(LENGTH, seed, timeframe, sessions=sessions)
    known = int(bars.known_at[now])
    for feature in context_features(
        ContextFeatures({"returns": [periods[0]], "ma": periods[1]}, {"period": periods[2]}, True), timeframe
    ):
        whole = context_column(feature, bars)
        until = int(np.searchsorted(bars.known_at, known, side="right"))
        assert same_bits(context_column(feature, bars.take(slice(0, now + 1))), whole[: now + 1])
        assert same_bits(context_column(feature, poisoned(bars, known))[:until], whole[:until])


@pytest.mark.parametrize("kind", MEMBERSHIPS)
@given(st.lists(st.floats(-50, 150), min_size=1, max_size=60), st.data())
def test_memberships_depend_on_their_own_value_alone(kind, values, data):
    now = data.draw(st.integers(0, len(values) - 1))
    numbers = {"gaussian": (50.0, 12.0), "bell": (10.0, 2.5, 50.0), "sigmoid": (0.3, 50.0)}
    parameters = numbers.get(kind, tuple(np.linspace(20, 80, len(MEMBERSHIPS[kind].parameters))))
    whole = membership_degrees(Membership(kind, parameters), values)
    assert same_bits(membership_degrees(Membership(kind, parameters), values[: now + 1]), whole[: now + 1])
    assert same_bits(membership_degrees(Membership(kind, parameters), values[now:]), whole[now:])
