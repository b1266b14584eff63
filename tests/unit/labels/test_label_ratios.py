"""Which labels take ratios of prices, measured: a shift of all prices tells."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from samples.features import random_bars, with_columns

from ktrdr.domain.catalogue.labels import LABELS, find_label
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.labels.balance import balance
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars

CHOICES: list[tuple[str, dict[str, Any]]] = [
    *((source, {"method": spec.method} if spec.method else {}) for source, specs in LABELS.items() for spec in specs),
    ("direction", {"neutral_band": 0.0, "horizon": 3}),
    ("direction", {"neutral_band": 0.0, "entry": "next_open"}),
    ("zigzag", {"zigzag_threshold": {"atr": 1.0}, "label_lookahead": 5}),
    ("zigzag", {"zigzag_threshold": {"atr": 1.0}, "label_lookahead": 5, "entry": "next_open"}),
    ("zigzag", {"method": "segments", "zigzag_threshold": {"atr": 2.0}}),
]


def on_a_grid(by: float) -> Bars:
    """A walk on a grid of sixty-fourths, so that a shift rounds nothing away; bars open at their lowest."""
    walk = random_bars(1500, 8)
    walk = with_columns(walk, open=walk.low)
    return with_columns(walk, **{name: np.round(getattr(walk, name) * 64) / 64 + by for name in PRICE_COLUMNS})


BARELY = 1 / 64 - float(on_a_grid(0.0).low.min())
"""The shift after which the lowest price is just above 0."""


def same(one: LabelSet, other: LabelSet) -> bool:
    return np.array_equal(one.values, other.values, equal_nan=True) and np.array_equal(one.end_rows, other.end_rows)


@pytest.mark.parametrize(("source", "parameters"), CHOICES)
def test_labels_follow_a_shift_through_0_or_refuse_it_by_name(source: str, parameters: dict[str, Any]) -> None:
    spec = find_label(source, parameters.get("method"))
    labels = label(on_a_grid(0.0), source, parameters)
    assert labels.defined.any()
    if spec.ratios(spec.complete(parameters)):
        assert not same(label(on_a_grid(BARELY), source, parameters), labels)
        with pytest.raises(InvalidBars, match=rf"row \d+ at .*: the label source {spec.key} takes ratios of prices"):
            label(on_a_grid(-100.0), source, parameters)
    else:
        assert same(label(on_a_grid(-100.0), source, parameters), labels)
        assert same(label(on_a_grid(900.0), source, parameters), labels)


def bars_of(*close: float) -> Bars:
    column = np.array(close)
    return with_columns(random_bars(len(column)), **dict.fromkeys(PRICE_COLUMNS, column))


def test_directions_by_hand() -> None:
    labels = label(bars_of(-40.0, -37.0, 0.0, 0.0, -0.5, 2.0), "direction", {"neutral_band": 0.0})
    assert labels.values[labels.defined].tolist() == [0, 0, 1, 2, 0]


def test_legs_by_hand() -> None:
    """Ranges of 1 to begin with, so that a leg must be of about 2; the turns are at -3, 5 and -6."""
    flat = [0.0, 1.0] * 10
    labels = label(
        bars_of(*flat, -3.0, 1.0, 5.0, 0.0, -6.0, 0.0),
        "zigzag",
        {"method": "segments", "zigzag_threshold": {"atr": 2.0}},
    )
    assert labels.values[20:25].tolist() == [1, 0, 1, 2, 1]


def test_no_advice_is_given_that_would_be_refused() -> None:
    parameters = {"neutral_band": 0.0}
    for by, advised in ((0.0, True), (-100.0, False)):
        bars = on_a_grid(by)
        found = balance(label(bars, "direction", parameters), bars, "direction", parameters)
        assert found.rare == ("neutral",)
        assert (found.suggestion is not None) is advised
