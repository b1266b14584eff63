"""Labels of every real series there is: defects, gaps and splits included."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import talib
from samples.splits import temporal_split
from twins.labels import (
    average_range_twin,
    context_twin,
    direction_twin,
    pivots_twin,
    regime_twin,
    risk_adjusted_twin,
    triple_barrier_twin,
)

from ktrdr.domain.catalogue.labels import IMPLIED_LABELS, find_label
from ktrdr.domain.labels.balance import balance
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.thresholds import average_true_range
from ktrdr.domain.labels.zigzag_segments import find_pivots
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

FOLDER = Path(__file__).parents[3] / "shared" / "data"
FILES = sorted(FOLDER.glob("*.parquet"))
IMPLIED = {name: value for name, value in IMPLIED_LABELS.items() if name != "source"}
CONFIGURATIONS = [
    ("zigzag", IMPLIED),
    ("zigzag", {"zigzag_threshold": 0.02, "entry": "next_open"}),
    ("zigzag", {"method": "segments", "zigzag_threshold": 0.03}),
    ("zigzag", {"method": "segments", "zigzag_threshold": {"atr": 3}}),
    ("forward_return", {"horizon": 10}),
    ("triple_barrier", {}),
    ("triple_barrier", {"side": "both", "expiry": "band", "cusum_multiplier": 1.0, "entry": "next_open"}),
    ("direction", {"horizon": 3}),
    ("volatility", {}),
    ("context", {}),
    ("regime", {}),
    ("market_regime", {}),
    ("risk_adjusted", {"classes": 5}),
]

pytestmark = pytest.mark.skipif(not FILES, reason="the developers' real market data is not here (../shared/data)")


@pytest.fixture(scope="module", params=FILES, ids=lambda path: path.stem)
def bars(request):
    symbol, timeframe = request.param.stem.rsplit("_", 1)
    return Bars.from_frame(pd.read_parquet(request.param), symbol, Timeframe(timeframe), source=request.param.name)


def test_a_prefix_has_the_labels_of_the_whole_as_far_as_they_were_decided(bars):
    for source, parameters in CONFIGURATIONS:
        whole = label(bars, source, parameters)
        for size in (len(bars) // 3, len(bars) - 7):
            prefix = label(bars.take(slice(0, size)), source, parameters)
            decided = whole.defined[:size] & (whole.end_rows[:size] < size)
            np.testing.assert_array_equal(prefix.defined, decided)
            np.testing.assert_array_equal(prefix.values[decided], whole.values[:size][decided])
            np.testing.assert_array_equal(prefix.end_rows[decided], whole.end_rows[:size][decided])


def test_labels_are_what_the_loops_say(bars):
    bars = bars.take(slice(-1000, None))
    path = tuple(getattr(bars, name).tolist() for name in ("open", "high", "low", "close"))
    opens, high, low, close = path
    barriers = {"side": "both", "pt_multiplier": 1.0, "expiry": "band", "max_holding_period": 10}
    settings = find_label("triple_barrier").complete(barriers)
    width = [vol and vol * 5**0.5 for vol in ewm_ranges(bars)]
    compared = [
        ("triple_barrier", settings, triple_barrier_twin(path, width, settings)),
        ("direction", {"horizon": 3}, direction_twin(close, opens, 3, 0.001, "close")),
        ("context", {}, context_twin(close, opens, 5, 0.005, -0.005, "close")),
    ]
    for source, twin in (("regime", regime_twin), ("risk_adjusted", risk_adjusted_twin)):
        settings = find_label(source).complete({})
        arguments = (high, low, close) if source == "regime" else (close, opens)
        compared.append((source, settings, twin(*arguments, settings)))
    for source, settings, expected in compared:
        found = label(bars, source, settings)
        pairs = zip(found.values.tolist(), found.end_rows.tolist(), found.defined.tolist(), strict=True)
        assert [(value, end) if defined else None for value, end, defined in pairs] == expected, source


def ewm_ranges(bars):
    """Span 50, by pandas; the loop over all weights would take minutes here."""
    previous = pd.Series(bars.close).shift()
    extremes = pd.concat([pd.Series(bars.high), previous], axis=1), pd.concat([pd.Series(bars.low), previous], axis=1)
    ranges = (extremes[0].max(axis=1, skipna=False) - extremes[1].min(axis=1, skipna=False)) / bars.close
    values = ranges.ewm(span=50, min_periods=50).mean()
    return [None if np.isnan(value) else value for value in values]


def test_pivots_are_what_the_loop_says(bars):
    reversal = np.full(len(bars), 0.01)
    found = find_pivots(bars.close, reversal)
    expected = pivots_twin(bars.close.tolist(), reversal.tolist())
    assert list(zip(found.rows.tolist(), found.confirmed.tolist(), found.highs.tolist(), strict=True)) == expected


def test_the_average_true_range_is_what_the_loop_and_ta_lib_say(bars):
    found = average_true_range(bars)
    twin = [np.nan if value is None else value for value in average_range_twin(bars.high, bars.low, bars.close)]
    np.testing.assert_allclose(found, twin, rtol=1e-9)
    np.testing.assert_allclose(found, talib.ATR(bars.high, bars.low, bars.close, 14), rtol=1e-9)


def test_the_implied_labels_have_no_rare_class_and_can_be_split(bars):
    labels = label(bars, "zigzag", IMPLIED)
    found = balance(labels, bars, "zigzag", IMPLIED)
    if len(bars) > 1000:
        assert set(found.rare) <= {"buy", "sell"}
        if found.rare:
            assert found.suggestion is not None
            assert min(found.suggestion.shares.values()) > min(found.shares.values())
    rows = np.flatnonzero(labels.defined)
    if len(rows) > 300:
        split = temporal_split(
            bars.known_at[rows], bars.known_at[labels.end_rows[rows]], bars.known_at, (0.7, 0.15, 0.15)
        )
        assert split.fitted_until < split.cuts[0]
        assert split.selected_until < split.cuts[1]
        assert split.parts["train"].purged == split.parts["validation"].purged == 20
