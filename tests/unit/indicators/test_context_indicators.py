"""Every indicator over a series beside the bars, against the same indicator over bars that hold the same values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from samples.features import random_bars, raw, source

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.bars import BAR_COLUMNS
from ktrdr.domain.market.context_series import ContextSeries

BARS = random_bars(400)
ENGINEER = TalibFeatureEngineer()


def published(first: int, last: int = len(BARS)) -> ContextSeries:
    """One publication a bar, from bar `first` on, of what that bar holds."""
    columns = {name: getattr(BARS, name)[first:last] for name in BAR_COLUMNS}
    return ContextSeries("ib", "SAME", BARS.known_at[first:last], columns)


def beside(features: list[Feature]) -> list[Feature]:
    return [
        replace(feature, source=replace(feature.source, data_source="ib/SAME"))
        for feature in features
        if feature.source is not None
    ]


@pytest.mark.parametrize("name", INDICATORS)
def test_a_series_gives_what_bars_of_its_values_give(name: str) -> None:
    own = [raw(f"{name}.{output}", source(name, output)) for output in INDICATORS[name].outputs or ("",)]
    for first in (0, 37, 398):
        since = BARS.take(slice(first, None))
        expected = ENGINEER.engineer(own, {"5m": since}, "5m")
        found = ENGINEER.engineer(beside(own), {"5m": BARS}, "5m", {"ib/SAME": published(first)})
        assert found.warmup_rows == expected.warmup_rows + first
        np.testing.assert_array_equal(found.values, expected.values)
    nothing = replace(published(0, 1), known_at=BARS.known_at[-1:] + 1)
    assert len(ENGINEER.engineer(beside(own), {"5m": BARS}, "5m", {"ib/SAME": nothing})) == 0
