"""Criteria choose among the symbols that there are."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import changed
from samples.features import random_bars

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import plan_one_symbol
from ktrdr.domain.training.request import TrainingRequest

CLASSES = {"AAA": "stock", "BBB": "forex", "CCC": "stock", "DDD": "stock"}


def bars(symbol: str, timeframe: str) -> Bars:
    sample = random_bars(10, timeframe=timeframe)
    columns = [getattr(sample, name) for name in ("stamps", "open", "high", "low", "close", "volume")]
    return Bars(symbol, sample.timeframe, *columns)


def chosen(symbols: dict[str, Any]) -> TrainingRequest:
    series = [bars("AAA", "5m"), bars("BBB", "5m"), bars("CCC", "1m"), bars("DDD", "1d")]
    facts = [SymbolCharacteristics(name, kind, "XNAS", "XNYS", "UTC") for name, kind in CLASSES.items()]
    strategy = parse(changed("training_data.symbols", symbols))
    return with_selected_symbols(MemoryRepository(series, facts), TrainingRequest(strategy))


@pytest.mark.parametrize(
    ("symbols", "expected"),
    [
        ({"selection_criteria": {"asset_class": "forex"}}, ("BBB",)),
        ({"selection_criteria": {"asset_class": "Stock"}}, ("AAA", "CCC")),  # DDD has no bars of 5m or finer
        ({"selection_criteria": {"asset_class": ["stock", "forex"]}}, ("AAA", "BBB", "CCC")),
        ({"selection_criteria": {"asset_class": "stock", "max_symbols": 1}}, ("AAA",)),
        ({"list": ["CCC", "BBB"], "selection_criteria": {"asset_class": "stock"}}, ("CCC",)),
        ({"list": ["CCC", "BBB"]}, ("CCC", "BBB")),
    ],
)
def test_criteria_choose_symbols(symbols: dict[str, Any], expected: tuple[str, ...]) -> None:
    assert chosen(symbols).strategy.training_data.symbols.symbols == expected


def test_the_choice_is_among_the_settings() -> None:
    strategy = chosen({"selection_criteria": {"asset_class": "forex"}}).strategy
    (found,) = [item for item in strategy.settings if item.path == "training_data.symbols"]
    assert (found.value, found.origin) == (["BBB"], "selection_criteria, 1 of 3 symbols")


def test_several_chosen_symbols_are_refused_by_name_as_a_list_is() -> None:
    with pytest.raises(InvalidInput, match="AAA, CCC"):
        plan_one_symbol(chosen({"selection_criteria": {"asset_class": "stock"}}))


def test_criteria_that_nothing_meets_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"none of 3 symbols .* asset_class crypto"):
        chosen({"selection_criteria": {"asset_class": "crypto"}})
