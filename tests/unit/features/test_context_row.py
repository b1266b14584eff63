"""Context features carried from bar to bar have the bits of whole columns."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from samples.features import flat_bars, random_bars, weekday_sessions, with_columns

from ktrdr.adapters.data.simulation import simulate
from ktrdr.domain.features.context import context_column, context_features, of_symbol
from ktrdr.domain.features.context_row import ContextRow
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import ContextFeatures

WINDOWS = {"price": {"returns": (1, 5), "ma": 20}, "volume": {"period": 20}}
EVERY = ContextFeatures(**{item.name: WINDOWS.get(item.name, True) for item in fields(ContextFeatures)})
SERIES = {
    "sessions": simulate("SIM_STOCK", Timeframe("5m"), 500, 1),
    "no calendar": random_bars(500),
    "outside of sessions": random_bars(500, timeframe="1h", sessions=weekday_sessions("2023-12-01", 60)),
    "flat": flat_bars(400),
    "rests": with_columns(random_bars(500), volume=np.where(np.arange(500) % 60 < 40, 0.0, 5.0)),
}


@pytest.mark.parametrize("opened", [0, 10, 320])
@pytest.mark.parametrize("bars", SERIES.values(), ids=SERIES.keys())
def test_a_row_has_the_bits_of_the_columns(bars: Bars, opened: int) -> None:
    features = of_symbol(context_features(EVERY, str(bars.timeframe)), "stock")
    held = HeldBars(bars.take(slice(0, opened)))
    row = ContextRow(features, held)
    found = []
    for place in range(opened, len(bars)):
        held.append(Bar.of(bars, place), int(bars.known_at[place]))
        found.append(row.advance())
    for feature, values in zip(features, np.array(found).T, strict=True):
        np.testing.assert_array_equal(values, context_column(feature, bars)[opened:], err_msg=feature.id)
    assert len(features) >= 18
