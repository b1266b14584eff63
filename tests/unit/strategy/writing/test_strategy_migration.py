"""Version 2 becomes version 3, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import small

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.migrate import migrate


def version_2() -> dict[str, Any]:
    document = small()
    del document["nn_inputs"]
    return document | {
        "version": "2.0",
        "indicators": [
            {"name": "rsi", "feature_id": "rsi_14", "period": 14, "source": "close"},
            {"name": "sma", "params": {"period": 9}},
        ],
        "fuzzy_sets": {
            "rsi_14": {"low": {"type": "triangular", "parameters": [0, 20, 40]}, "high": [60, 80, 100]},
            "sma": {"near": [90, 100, 110]},
        },
    }


def test_a_migrated_document_is_valid_and_resolves() -> None:
    document = migrate(version_2(), "old.yaml")
    assert document["version"] == "3.0"
    assert document["indicators"]["rsi_14"] == {"type": "rsi", "period": 14, "source": "close"}
    assert document["indicators"]["sma"] == {"type": "sma", "period": 9}
    strategy = parse(document)
    assert strategy.warnings == ()
    assert [feature.id for feature in resolve(strategy)] == ["5m_rsi_14_low", "5m_rsi_14_high", "5m_sma_near"]


def test_a_set_named_after_a_type_lies_over_the_only_indicator_of_that_type() -> None:
    document = migrate(version_2() | {"fuzzy_sets": {"RSI": {"low": [0, 20, 40]}}}, "old.yaml")
    assert document["fuzzy_sets"]["RSI"]["indicator"] == "rsi_14"
    assert [feature.id for feature in resolve(parse(document))] == ["5m_RSI_low"]


def test_what_both_versions_share_stays_as_it_is() -> None:
    old = version_2() | {"notes": ["x"], "backtesting": {"capital": 5}}
    document = migrate(old, "old.yaml")
    assert list(document)[: len(old)] == list(old)
    changed_keys = {"version", "indicators", "fuzzy_sets", "nn_inputs"}
    assert all(document[name] == old[name] for name in old if name not in changed_keys)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"indicators": {"rsi": {"type": "rsi"}}}, "no strategy of version 2"),
        ({"indicators": [{"period": 3}]}, r"indicators\[0\] has no name"),
        ({"indicators": [{"name": "rsi"}, {"name": "rsi"}]}, "feature_id"),
        ({"fuzzy_sets": None}, "fuzzy_sets must be a mapping"),
        ({"fuzzy_sets": {"macd": {"low": [0, 1, 2]}}}, "fuzzy_sets.macd lies over no indicator"),
        ({"fuzzy_sets": {"rsi_14": [0, 1, 2]}}, "fuzzy_sets.rsi_14 must be a mapping"),
    ],
)
def test_what_cannot_be_migrated_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        migrate(version_2() | change, "old.yaml")
