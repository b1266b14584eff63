"""Indicators in units of price or volume, scaled so that they mean the same for every symbol."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from samples.documents import changed
from samples.features import random_bars, raw, same_bits, source

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.pool.scales import unscaled_inputs

BARS = random_bars(600, seed=3)
PRICED = [name for name, spec in INDICATORS.items() if spec.scale == "price"]
IN_UNITS = [name for name, spec in INDICATORS.items() if spec.scale in {"price", "volume"}]


def column(indicator: str, output: str | None = None, bars: Bars = BARS, **parameters: Any) -> np.ndarray:
    feature = raw("x", source(indicator, output, **parameters))
    matrix = TalibFeatureEngineer().engineer([feature], {"5m": bars}, "5m")
    values = np.full(len(bars), np.nan)
    values[matrix.base_rows] = matrix.values[:, 0]
    return values


def times(bars: Bars, price: float, volume: float = 1.0) -> Bars:
    """Return the bars of a symbol that costs more and trades more, but moves alike."""
    prices = {name: getattr(bars, name) * price for name in ("open", "high", "low", "close")}
    return Bars("OTHER", bars.timeframe, bars.stamps, **prices, volume=bars.volume * volume)


def test_a_level_becomes_the_distance_of_the_close_in_ranges() -> None:
    expected = (BARS.close - talib.SMA(BARS.close, 20)) / talib.ATR(BARS.high, BARS.low, BARS.close, 14)
    np.testing.assert_allclose(column("sma", scale="atr"), expected, rtol=1e-5)


def test_a_difference_becomes_a_number_of_ranges() -> None:
    expected = talib.MOM(BARS.close, 10) / talib.ATR(BARS.high, BARS.low, BARS.close, 14)
    np.testing.assert_allclose(column("momentum", scale="atr"), expected, rtol=1e-5, atol=1e-7)


def test_rolling_is_the_distance_from_its_own_mean() -> None:
    sma = pd.Series(talib.SMA(BARS.close, 20))
    expected = (sma - sma.rolling(250).mean()) / sma.rolling(250).std(ddof=0)
    np.testing.assert_allclose(column("sma", scale="rolling"), expected, rtol=1e-4, atol=1e-6)


def test_a_direction_has_no_unit_and_stays() -> None:
    found = column("supertrend", "direction", scale="atr")
    plain = column("supertrend", "direction")
    both = ~np.isnan(found)
    assert both.any()
    np.testing.assert_array_equal(found[both], plain[both])


@pytest.mark.parametrize("name", PRICED)
def test_in_ranges_a_dearer_symbol_that_moves_alike_has_the_same_values(name: str) -> None:
    for output in INDICATORS[name].outputs or (None,):
        one = column(name, output, scale="atr")
        other = column(name, output, times(BARS, 64.0), scale="atr")
        assert np.isfinite(one).sum() > 300
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", IN_UNITS)
def test_by_its_past_a_symbol_that_trades_more_has_the_same_values(name: str) -> None:
    for output in INDICATORS[name].outputs or (None,):
        one = column(name, output, scale="rolling")
        other = column(name, output, times(BARS, 64.0, 8.0), scale="rolling")
        if name != "supertrend":
            assert np.isfinite(one).sum() > 100
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("scale", ["atr", "rolling"])
@pytest.mark.parametrize("name", ["sma", "macd", "bbands", "vwap"])
def test_the_first_bars_give_the_first_values(name: str, scale: str) -> None:
    output = INDICATORS[name].primary or None
    whole = column(name, output, scale=scale)
    part = column(name, output, BARS.take(slice(0, 450)), scale=scale)
    assert same_bits(part, whole[:450])


@pytest.mark.parametrize("scale", ["atr", "rolling"])
@pytest.mark.parametrize("name", PRICED)
def test_the_declared_first_value_is_the_first(name: str, scale: str) -> None:
    spec = INDICATORS[name]
    first = spec.first_known(source(name).parameters | {"scale": scale})
    found = [column(name, output, scale=scale) for output in spec.outputs or (None,)]
    assert max(int(np.isfinite(values).argmax()) for values in found) == first


def document(kind: str, **more: Any) -> dict[str, Any]:
    written = changed("indicators.extra", {"type": kind, **more})
    written["nn_inputs"] = [*written["nn_inputs"], {"raw_indicator": "extra", "timeframes": "all"}]
    return written


def test_scale_is_kept_and_takes_an_input_off_the_warning() -> None:
    plain, scaled = parse(document("sma")), parse(document("sma", scale="rolling"))
    assert "5m_extra_raw" in [feature.id for feature in unscaled_inputs(resolve(plain))]
    assert "5m_extra_raw" not in [feature.id for feature in unscaled_inputs(resolve(scaled))]
    assert parse(render(scaled)) == scaled
    assert render(scaled)["indicators"]["extra"]["scale"] == "rolling"
    assert parse(document("sma", scale="none")) == plain


@pytest.mark.parametrize(
    ("kind", "scale", "message"),
    [
        ("rsi", "atr", "rsi has no unit"),
        ("obv", "atr", "obv has units of volume"),
        ("sma", "weekly", "none, atr, rolling"),
    ],
)
def test_scales_that_do_not_fit_are_refused(kind: str, scale: str, message: str) -> None:
    with pytest.raises(InvalidStrategy, match=message):
        parse(document(kind, scale=scale))


def test_where_scale_is_another_name_of_a_parameter_a_number_means_that() -> None:
    assert parse(document("easeofmovement", scale=5000)).indicators["extra"].parameters["divisor"] == 5000
    scaled = parse(document("easeofmovement", scale="rolling")).indicators["extra"].parameters
    assert (scaled["scale"], scaled["divisor"]) == ("rolling", INDICATORS["easeofmovement"].parameters[1].default)
