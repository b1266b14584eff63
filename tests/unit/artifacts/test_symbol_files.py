"""symbols.json and symbol_configs.json: there and back, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from samples.models import artifact
from samples.universals import instrument, profile, universal

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.symbol_files import (
    SYMBOL_CONFIGS,
    SYMBOLS,
    PooledSymbol,
    read_symbol_configs,
    read_symbols,
    symbol_configs_json,
    symbol_problems,
    symbols_json,
)
from ktrdr.domain.errors import CorruptArtifact, InvalidInput

ROWS = {"train": 10, "validation": 0, "test": 3}
WHOLE: dict[str, Any] = {"characteristics": {}, "profile": None, "rows": ROWS, "origins": {}}


def with_blob(name: str, content: bytes) -> Artifact:
    made = universal()
    return replace(made, blobs={**made.blobs, name: content})


def test_symbols_come_back() -> None:
    given = {
        "MSFT": PooledSymbol.of(instrument("MSFT"), profile(), ROWS, {"1d": "native"}),
        "KO": PooledSymbol.of(instrument("KO", "etf"), None, ROWS | {"train": 0}, {"1d": "1h"}),
    }
    written = symbols_json(given)
    assert list(json.loads(written)) == ["KO", "MSFT"]
    assert symbols_json(dict(reversed(given.items()))) == written
    found = read_symbols(with_blob(SYMBOLS, written))
    assert found == given
    assert [one.seen for one in found.values()] == [False, True]
    assert found["KO"].characteristics["asset_class"] == "etf"
    assert "symbol" not in found["KO"].characteristics


def test_a_whole_symbol_is_read() -> None:
    assert read_symbols(with_blob(SYMBOLS, json.dumps({"AAPL": WHOLE}).encode()))["AAPL"].rows == ROWS


def test_configs_come_back() -> None:
    given = {"B": {"indicators": {"rsi_14": {"period": 9}}}, "A": {}}
    written = symbol_configs_json(given)
    assert list(json.loads(written)) == ["A", "B"]
    assert read_symbol_configs(with_blob(SYMBOL_CONFIGS, written)) == given


def test_a_model_without_the_files_has_no_symbols_and_no_configs() -> None:
    assert read_symbols(artifact()) == read_symbol_configs(artifact()) == {}
    assert list(symbol_problems(artifact())) == []


@pytest.mark.parametrize(
    "values",
    [
        1,
        {},
        {"characteristics": {}, "profile": None, "rows": ROWS},
        WHOLE | {"characteristics": []},
        WHOLE | {"profile": []},
        WHOLE | {"profile": {}},
        WHOLE | {"rows": {"train": 1}},
        WHOLE | {"rows": ROWS | {"test": -1}},
        WHOLE | {"rows": ROWS | {"test": True}},
        WHOLE | {"origins": []},
        WHOLE | {"origins": {"1d": 1}},
    ],
)
def test_a_symbol_that_no_training_writes_is_refused(values: Any) -> None:
    with pytest.raises(CorruptArtifact, match=r"symbols\.json: 'AAPL'"):
        read_symbols(with_blob(SYMBOLS, json.dumps({"AAPL": values}).encode()))


@pytest.mark.parametrize("content", [b"[]", b"{", b'{"AAPL": 1}'])
def test_configs_that_are_no_mappings_are_refused(content: bytes) -> None:
    with pytest.raises(CorruptArtifact, match=r"symbol_configs\.json"):
        read_symbol_configs(with_blob(SYMBOL_CONFIGS, content))


def test_what_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(InvalidInput, match=r"symbol_configs\.json"):
        symbol_configs_json({"A": {"x": float("nan")}})
    with pytest.raises(InvalidInput, match="count its rows"):
        symbols_json({"A": PooledSymbol({}, None, {"train": 1})})


def test_the_files_must_agree_with_the_manifest() -> None:
    assert list(symbol_problems(universal())) == []
    bare = universal()
    assert list(symbol_problems(Artifact(bare.manifest, artifact().blobs))) == [
        "universal, but without symbols.json",
        "universal, but without symbol_configs.json",
    ]
    unseen = {
        name: PooledSymbol.of(instrument(name), profile(volatility), ROWS | {"train": train}, {})
        for name, volatility, train in (("AAPL", 0.3, 1), ("MSFT", 0.2, 0))
    }
    (first, second) = symbol_problems(with_blob(SYMBOLS, symbols_json(unseen)))
    assert "other symbols than the training_symbols" in first
    assert "other profiles" in second
    (strange,) = symbol_problems(with_blob(SYMBOL_CONFIGS, symbol_configs_json({"TSLA": {}})))
    assert "'TSLA'" in strange
