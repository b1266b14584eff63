"""Which indicators take ratios of prices, measured: a shift of all prices tells.

What works on differences is the same on prices that are all moved by one amount, or moves with them, also where they
then lie about 0. What takes ratios is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples.features import complete, indicator_outputs, random_bars, with_columns

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.indicators.scale import SCALE, contradiction
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.ratios import ratio_needs, require_ratios
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars

SHIFT = -100.0
GRID = 1 / 64


def _walk() -> Bars:
    """A walk of differences on a grid of sixty-fourths, so that a shift rounds nothing away."""
    wild = random_bars(1500, 8)
    return with_columns(wild, **{name: np.round(getattr(wild, name) / GRID) * GRID for name in PRICE_COLUMNS})


def shifted(bars: Bars, by: float) -> Bars:
    return with_columns(bars, **{name: getattr(bars, name) + by for name in PRICE_COLUMNS})


WALK = _walk()
ABOUT_0 = shifted(WALK, SHIFT)
SCALED = [
    (name, scale)
    for name, spec in INDICATORS.items()
    for scale in ("none", "atr", "rolling")
    if scale == "none"
    or (SCALE.name in {item.name for item in spec.parameters} and not contradiction(scale, spec.scale, name))
]


def follows(name: str, parameters: dict[str, Any]) -> bool:
    """Whether each output stays, or moves with the prices, when these move through 0."""
    before, after = (indicator_outputs(name, parameters, bars) for bars in (WALK, ABOUT_0))
    for output, values in before.items():
        there, moved = np.isfinite(values), after[output]
        if not np.array_equal(there, np.isfinite(moved)):
            return False
        change = (moved - values)[there]
        if min(np.abs(change).max(), np.abs(change - SHIFT).max()) > 1e-6 * np.ptp(values[there]):
            return False
    return True


def test_the_prices_lie_on_both_sides_of_0() -> None:
    assert WALK.low.min() > 0
    assert ABOUT_0.low.min() < 0 < ABOUT_0.high.max()
    assert (np.diff(np.sign(ABOUT_0.close)) != 0).sum() > 10


@pytest.mark.parametrize(("name", "scale"), SCALED)
def test_the_catalogue_says_which_take_ratios(name: str, scale: str) -> None:
    given = {} if scale == "none" else {SCALE.name: scale}
    assert follows(name, complete(name, **given)) is not INDICATORS[name].ratios


def test_ratios_of_volume_ask_nothing_of_prices() -> None:
    def needs(**parameters: Any) -> list[tuple[str, tuple[str, ...]]]:
        feature = Feature("r", "raw", Source("roc", complete("roc", **parameters), "", "5m"))
        return [(need.name, need.columns) for need in ratio_needs([feature], "5m")]

    assert needs(source="volume") == []
    assert needs(source="hl2") == [("the indicator roc", ("high", "low"))]
    assert needs() == [("the indicator roc", ("close",))]


def test_a_refusal_names_all_that_take_ratios_and_the_first_bar() -> None:
    types = ["natr", "rsi", "roc", "natr"]
    features = [Feature(f"f{n}", "raw", Source(name, complete(name), "", "5m")) for n, name in enumerate(types)]
    features.append(Feature("5m_price_return_3", "context", context={"name": "price_return", "period": 3}))
    require_ratios(features, {"5m": WALK}, "5m")
    require_ratios(features[1:2], {"5m": ABOUT_0}, "5m")
    row = int(np.flatnonzero(ABOUT_0.low <= 0)[0])
    names = "the indicator natr, the indicator roc, the feature 5m_price_return_3"
    with pytest.raises(InvalidBars, match=rf"row {row} at .*: {names} takes ratios of prices.*found "):
        require_ratios(features, {"5m": ABOUT_0}, "5m")
