"""Overrides that reach no symbol of a run are warned about, whoever chose the symbols."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import changed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.application.preparing.override_reach import run_warnings
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.override import override
from ktrdr.domain.training.request import Mode, TrainingRequest

MARKET = repository_of("simulated", ("ONE_STOCK", "TWO_STOCK", "SIM_CRYPTO"), Timeframe("5m"), bars=100)
RSI = {"indicators": {"rsi_14": {"period": 21}}}


def warned(overrides: Any, chosen: Any = None, hold_out: tuple[str, ...] = (), **more: Any) -> dict[str, str]:
    """Return the messages by path, of a strategy over the two stocks."""
    document = changed("training_data.symbols", ["ONE_STOCK", "TWO_STOCK"]) | {"symbol_overrides": overrides} | more
    changes = {} if chosen is None else {"training_data.symbols": "--symbols"}
    strategy = parse(override(document, symbols=chosen), overridden=changes)
    request = TrainingRequest(strategy, mode=Mode.UNIVERSAL, hold_out=hold_out)
    found = run_warnings(MARKET, request)
    assert len({problem.path for problem in found}) == len(found)
    return {problem.path.removeprefix("symbol_overrides."): problem.message for problem in found}


@pytest.mark.parametrize("chosen", [None, ["ONE_STOCK", "TWO_STOCK"], "all"])
def test_a_misspelt_symbol_or_class_is_warned_about_whoever_chose_the_symbols(chosen: Any) -> None:
    found = warned({"symbols": {"ONE_STOK": RSI}, "sotck": RSI}, chosen)
    assert list(found) == ["symbols.ONE_STOK", "sotck"]
    assert "did you mean 'ONE_STOCK'?" in found["symbols.ONE_STOK"]
    assert "did you mean 'stock'?" in found["sotck"]


@pytest.mark.parametrize(
    ("overrides", "chosen", "hold_out", "paths"),
    [
        ({"symbols": {"ONE_STOCK": RSI}, "asset_classes": {"stock": RSI}}, ["ONE_STOCK"], (), []),
        ({"symbols": {"SIM_CRYPTO": RSI}}, "all", (), []),
        ({"symbols": {"SIM_CRYPTO": RSI}}, None, (), ["symbols.SIM_CRYPTO"]),
        ({"symbols": {"SIM_CRYPTO": RSI}, "crypto": RSI}, None, ("SIM_CRYPTO",), []),
        ({"symbols": {"TWO_STOCK": RSI}}, ["ONE_STOCK"], (), ["symbols.TWO_STOCK"]),
        ({"asset_classes": {"crypto": RSI}}, None, (), ["asset_classes.crypto"]),
        ({"forex": RSI}, "all", (), ["forex"]),
        ({"asset_classes": {"crypto": RSI}}, ["NOBODY"], (), []),  # what it is, nobody knows
        ({"defaults": RSI}, ["ONE_STOCK"], (), []),
    ],
)
def test_overrides_that_reach_no_symbol_of_the_run(
    overrides: Any, chosen: Any, hold_out: tuple[str, ...], paths: list[str]
) -> None:
    found = warned(overrides, chosen, hold_out)
    assert list(found) == paths
    assert all("reaches no symbol of this run" in text or "is none of" in text for text in found.values())


def test_a_deployment_may_serve_others() -> None:
    deployed = {"deployment": {"target_symbols": {"mode": "universal"}}}
    assert warned({"symbols": {"SIM_CRYPTO": RSI}, "crypto": RSI}, **deployed) == {}
    assert list(warned({"sotck": RSI}, **deployed)) == ["sotck"]
