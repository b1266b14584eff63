"""Features row by row, where bars, a series beside them, lags and refused values meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.features import fuzzy, random_bars, raw, source, with_columns

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.features.kernels import Kernel, kernels_for
from ktrdr.adapters.features.kernels.step import Columns, Step, Values
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.feeds import BarFeeds
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.values import LARGEST

BARS = random_bars(1200)
HOURLY = resample(BARS, Timeframe("1h"))
ENGINEER = TalibFeatureEngineer()


def rates(first: int, every: int) -> ContextSeries:
    """A publication each so many bars, the first one some bars in."""
    known_at = BARS.known_at[first::every] - 60 * 10**9
    return ContextSeries("fred", "DGS10", known_at, {"close": 4 + np.random.default_rng(1).normal(size=len(known_at))})


def rows(
    features: Sequence[Feature], bars: Bars, origins: Mapping[str, str], opened: int, context: ContextSeries | None
) -> np.ndarray:
    feeds = BarFeeds(bars.symbol, "5m", origins, bars.sessions)
    feeds.extend({"5m": bars.take(slice(0, opened))})
    series = {} if context is None else {context.key: context}
    stream = ENGINEER.stream(features, feeds.held, "5m", series)
    found = []
    for row in range(opened, len(bars)):
        for name in feeds.take("5m", Bar.of(bars, row)):
            stream.advance(name)
        found.append(stream.row())
    return np.array(found)


@pytest.mark.parametrize("opened", [0, 30, 700])
@pytest.mark.parametrize("context", [rates(100, 7), rates(0, 300), rates(900, 2)], ids=["often", "seldom", "late"])
def test_series_beside_the_bars_are_read_as_in_the_matrix(context: ContextSeries, opened: int) -> None:
    beside = [
        replace(source(name, timeframe=timeframe), data_source=context.key)
        for name, timeframe in (("rsi", "5m"), ("ema", "5m"), ("zscore", "1h"), ("returns", "5m"))
    ]
    features = [raw(f"f{place}", item) for place, item in enumerate(beside)]
    features += [fuzzy("high", beside[0], "triangular", 40, 60, 80), raw("own", source("rsi"))]
    matrix = ENGINEER.engineer(features, {"5m": BARS, "1h": HOURLY}, "5m", {context.key: context})
    found = rows(features, BARS, {"5m": "native", "1h": "5m"}, opened, context)
    usable = np.flatnonzero(np.isfinite(found).all(axis=1)) + opened
    wanted = matrix.base_rows >= opened
    assert usable.tolist() == matrix.base_rows[wanted].tolist()
    assert found[usable - opened].tobytes() == np.ascontiguousarray(matrix.values[wanted]).tobytes()


def test_lags_reach_back_over_rows_that_have_no_value() -> None:
    features = [raw("now", source("rsi", timeframe="1h")), raw("before", source("rsi", timeframe="1h"), lag=3)]
    features += [raw("close", source("sma", period=1), lag=2)]
    matrix = ENGINEER.engineer(features, {"5m": BARS, "1h": HOURLY}, "5m")
    found = rows(features, BARS, {"5m": "native", "1h": "5m"}, 0, None)
    assert found[matrix.base_rows].tobytes() == np.ascontiguousarray(matrix.values).tobytes()
    assert np.isnan(found[: matrix.base_rows[0]]).any(axis=1).all()


def test_values_at_the_bounds_are_those_of_the_whole() -> None:
    """A square loses all other values within the window, whatever a handle makes of that."""
    close = BARS.close.copy()
    close[600] = LARGEST
    bars = with_columns(BARS, close=close, high=np.maximum(BARS.high, close))
    features = [raw("deviation", source("standarddeviation", period=5)), raw("average", source("ema", period=3))]
    whole = ENGINEER.engineer(features, {"5m": bars}, "5m")
    found = rows(features, bars, {"5m": "native"}, 500, None)
    kept = whole.base_rows >= 500
    assert found[whole.base_rows[kept] - 500].tobytes() == np.ascontiguousarray(whole.values[kept]).tobytes()


def test_a_kernel_whose_step_fails_is_computed_over_all_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def failing(columns: Columns, parameters: Mapping[str, Any]) -> Step:
        carried = kernels_for("rsi", parameters)[0].step(columns, parameters)

        def step(columns: Columns) -> Values:
            calls.append(len(columns[0]))
            if len(columns[0]) > 800:
                raise ArithmeticError
            return carried(columns)

        return step

    def patched(indicator: str, parameters: Mapping[str, Any]) -> tuple[Kernel, ...]:
        return tuple(kernel.stepping(failing) for kernel in kernels_for(indicator, parameters))

    monkeypatch.setattr("ktrdr.adapters.features.stream.kernels_for", patched)
    features = [raw("rsi", source("rsi"))]
    matrix = ENGINEER.engineer(features, {"5m": BARS}, "5m")
    found = rows(features, BARS, {"5m": "native"}, 0, None)
    assert found[matrix.base_rows].tobytes() == np.ascontiguousarray(matrix.values).tobytes()
    assert calls[-1] == 801


def test_what_the_batch_refuses_is_refused_on_a_bar() -> None:
    held = {"5m": HeldBars(BARS.take(slice(0, 300)))}
    sar = raw("sar", source("parabolicsar", initial_af=0.05, step_af=0.02))
    stream = ENGINEER.stream([sar], held, "5m")
    held["5m"].append(Bar("TEST", int(BARS.stamps[300]), 1.0, 1.0, -1.0, 1.0), int(BARS.known_at[300]))
    with pytest.raises(InvalidInput, match="needs prices above 0"):
        stream.advance("5m")
