"""Which overrides make an input in units of price each symbol's own."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import changed

from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.training.pool.own_inputs import own_inputs

CLASSES = {"AAPL": "stock", "MSFT": "stock", "EURUSD": "forex"}
WIDE, NARROW = {"down": [-9, -4, 0]}, {"down": [-2, -1, 0]}
OWN = {"AAPL": WIDE, "MSFT": NARROW}


def found(overrides: dict[str, Any], symbols: tuple[str, ...] = tuple(CLASSES)) -> frozenset[str]:
    document = changed("training_data.symbols", list(CLASSES)) | {"symbol_overrides": overrides}
    strategy = parse(document)
    own = [resolve(strategy_for(strategy, symbol, CLASSES[symbol])) for symbol in symbols]
    return own_inputs(resolve(strategy), own)


def sets(by_symbol: dict[str, Any]) -> dict[str, Any]:
    return {"symbols": {symbol: {"fuzzy_sets": {"macd": given}} for symbol, given in by_symbol.items()}}


def test_memberships_that_all_symbols_but_one_have_of_their_own_are_each_symbols_own() -> None:
    assert found(sets(OWN)) == {"5m_macd_down"}
    assert found(sets(OWN), ("AAPL", "MSFT")) == {"5m_macd_down"}
    assert found(sets({"AAPL": WIDE}), ("AAPL", "EURUSD")) == {"5m_macd_down"}


@pytest.mark.parametrize(
    "overrides",
    [
        {"defaults": {"fuzzy_sets": {"macd": WIDE}}},
        {"asset_classes": {"stock": {"fuzzy_sets": {"macd": WIDE}}}},  # two of three share it
        {"asset_classes": {"stock": {"fuzzy_sets": {"macd": WIDE}}, "forex": {"fuzzy_sets": {"macd": WIDE}}}},
        sets(dict.fromkeys(CLASSES, WIDE)),
        sets({"AAPL": WIDE}),
        {"symbols": {name: {"indicators": {"macd_a": {"slow_period": 30 + len(name)}}} for name in ("AAPL", "EURUSD")}},
        {
            "symbols": {
                name: {"indicators": {"macd_a": {"slow_period": 30 + place}}} for place, name in enumerate(CLASSES)
            }
        },
    ],
)
def test_what_symbols_share_and_other_periods_are_not(overrides: dict[str, Any]) -> None:
    assert found(overrides) == frozenset()
    if "asset_classes" in overrides:
        assert found(overrides, ("AAPL", "MSFT")) == frozenset()
