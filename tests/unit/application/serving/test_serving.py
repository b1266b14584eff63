"""Whom a model may serve, as its strategy's deployment says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from samples.documents import changed
from samples.models import manifest

from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.writing.render import render


def serve(symbol: str, asset_class: Any = "stock", stands_in: bool = False, **deployment: Any) -> None:
    made = replace(manifest(), training_symbols=["AAPL"], timeframe="1d", strategy={"deployment": deployment})
    facts = SymbolCharacteristics(symbol, asset_class, "XNAS", "XNYS", "America/New_York")
    require_servable(made, facts, stands_in=stands_in)


def test_a_trained_symbol_is_always_served() -> None:
    serve("AAPL")
    serve("AAPL", target_symbols={"mode": "training_only"})


def test_an_index_is_the_same_under_either_spelling() -> None:
    serve("^AAPL")
    rules = {"mode": "universal", "restrictions": {"excluded_symbols": ["^GSPC"]}}
    with pytest.raises(InvalidInput, match="without this symbol"):
        serve("GSPC", target_symbols=rules)


@pytest.mark.parametrize(
    ("rules", "words"), [({}, "training_only, the default"), ({"mode": "training_only"}, "training_only$")]
)
def test_other_symbols_are_refused_unless_allowed(rules: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=rf"MSFT \(stock\).*trained on AAPL.*{words}"):
        serve("MSFT", target_symbols=rules)


def test_an_excluded_symbol_is_refused_even_if_it_was_trained_on() -> None:
    with pytest.raises(InvalidInput, match="without this symbol"):
        serve("AAPL", target_symbols={"mode": "universal", "restrictions": {"excluded_symbols": ["AAPL"]}})


def test_universal_within_asset_classes_serves_no_other_class() -> None:
    rules = {"mode": "universal", "restrictions": {"asset_classes": ["stock"]}}
    serve("MSFT", target_symbols=rules)
    with pytest.raises(InvalidInput, match=r"BTC \(crypto\).*universal within stock"):
        serve("BTC", "crypto", target_symbols=rules)


def test_a_model_stands_in_only_where_nothing_is_said_of_target_symbols() -> None:
    serve("MSFT", stands_in=True)
    serve("MSFT", stands_in=True, target_timeframes={"supported": ["1d"]})
    for rules in ({"mode": "training_only"}, {"restrictions": {"excluded_symbols": ["MSFT"]}}):
        with pytest.raises(InvalidInput, match="may not serve MSFT"):
            serve("MSFT", stands_in=True, target_symbols=rules)


def test_universal_allows_all_but_the_excluded() -> None:
    rules = {"mode": "universal", "restrictions": {"excluded_symbols": ["GME"]}}
    serve("MSFT", target_symbols=rules)
    with pytest.raises(InvalidInput, match="without this symbol"):
        serve("GME", target_symbols=rules)


def test_a_group_is_an_asset_class() -> None:
    rules = {"mode": "group_restricted", "restrictions": {"asset_classes": ["stock", "etf"]}}
    serve("SPY", "etf", target_symbols=rules)
    with pytest.raises(InvalidInput, match="BTC"):
        serve("BTC", "crypto", target_symbols=rules)


def test_a_restriction_holds_in_every_mode() -> None:
    crypto = {"mode": "universal", "restrictions": {"asset_classes": ["crypto"]}}
    serve("BTC", "crypto", target_symbols=crypto)
    with pytest.raises(InvalidInput, match=r"MSFT \(stock\).*within crypto"):
        serve("MSFT", target_symbols=crypto)
    with pytest.raises(InvalidInput, match="without this symbol"):
        serve("AAPL", target_symbols={"restrictions": {"excluded_symbols": ["AAPL"]}})


def test_a_timeframe_that_is_not_supported_is_refused() -> None:
    serve("AAPL", target_timeframes={"supported": ["1d", "1h"]})
    with pytest.raises(InvalidInput, match=r"1d bars.*1h"):
        serve("AAPL", target_timeframes={"supported": ["1h"]})


def test_the_section_is_checked_and_kept() -> None:
    rules = {"target_symbols": {"mode": "universal", "restrictions": {"asset_classes": ["stock"]}}}
    strategy = parse(changed("deployment", rules))
    assert strategy.warnings == ()
    assert render(strategy)["deployment"] == rules


@pytest.mark.parametrize(
    ("path", "value", "word"),
    [
        ("deployment", 3, "mapping"),
        ("deployment.target_symbols.mode", "univrsal", "universal"),
        ("deployment.target_symbols.restrictions.asset_classes", ["stok"], "stock"),
        ("deployment.target_symbols.restrictions.excluded_symbols", "GME", "list"),
        ("deployment.target_timeframes.supported", "1d", "list"),
    ],
)
def test_faults_are_refused(path: str, value: Any, word: str) -> None:
    (problem,) = problems(changed(path, value))
    assert (problem.path, problem.severity) == (path, "error")
    assert word in problem.message


def test_keys_without_effect_are_warned_about() -> None:
    (problem,) = problems(changed("deployment.target_timefames", {"supported": ["1d"]}))
    assert problem.severity == "warning"
    assert "target_timeframes" in problem.message
