"""The contract covers everything that decides a value, and says where two differ."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from samples.features import fuzzy, raw, source

from ktrdr.domain.features.context import context_features
from ktrdr.domain.features.contract import compare, contract_hash, feature_contract
from ktrdr.domain.features.feature import Feature, Membership
from ktrdr.domain.strategy.document import ContextFeatures

KERNELS = {"rsi": "talib 0.8.1 RSI", "macd": "talib 0.8.1 MACD"}
OVERSOLD = fuzzy("5m_rsi_oversold", source("rsi"), "triangular", 0.0, 20.0, 35.0)
FEATURES: tuple[Feature, ...] = (
    OVERSOLD,
    raw("1h_macd_raw", source("macd", "signal", "1h"), lag=0),
    *context_features(ContextFeatures({"returns": [1], "ma": 20}, None, False), "5m"),
)


def hash_of(*features: Feature, kernels: dict[str, str] = KERNELS) -> str:
    return contract_hash(feature_contract(features, kernels))


def test_an_entry_says_all_that_decides_the_values():
    entries = feature_contract(FEATURES, KERNELS)
    assert entries[0] == {
        "id": "5m_rsi_oversold",
        "kind": "membership",
        "timeframe": "5m",
        "alignment": "latest_known",
        "indicator": "rsi",
        "parameters": {"period": 14, "source": "close"},
        "inputs": ["close"],
        "output": "",
        "kernel": "talib 0.8.1 RSI",
        "membership": {"type": "triangular", "parameters": [0.0, 20.0, 35.0]},
        "normalization": "none",
        "lag": 0,
    }
    assert entries[1]["output"] == "signal"
    assert entries[1]["parameters"] == {"fast_period": 12, "slow_period": 26, "signal_period": 9, "source": "close"}
    assert entries[2]["context"] == {"name": "price_return", "period": 1, "timeframe": "5m"}


@pytest.mark.parametrize(("timeframe", "period", "said"), [("1h", 0, True), ("1h", 20, False), ("1d", 0, False)])
def test_what_a_session_is_counts_only_for_what_begins_anew_with_it(timeframe: str, period: int, said: bool):
    """Other models keep their contract when the meaning of a session changes."""
    feature = raw("vwap", source("vwap", timeframe=timeframe, period=period))
    (entry,) = feature_contract([feature], {"vwap": "kernel"})
    assert entry.get("session") == ("ktrdr session 2" if said else None)


def test_the_hash_is_sha256_of_canonical_json():
    entries = feature_contract(FEATURES, KERNELS)
    text = json.dumps(entries, sort_keys=True, separators=(",", ":"))
    assert contract_hash(entries) == hashlib.sha256(text.encode()).hexdigest()


def test_a_contract_survives_json_unchanged():
    entries = feature_contract(FEATURES, KERNELS)
    assert json.loads(json.dumps(entries)) == entries


def test_the_order_of_keys_does_not_count():
    shuffled = replace(OVERSOLD, source=replace(OVERSOLD.source, parameters={"source": "close", "period": 14}))
    assert hash_of(shuffled) == hash_of(OVERSOLD)


CHANGES: dict[str, Any] = {
    "id": replace(OVERSOLD, id="5m_rsi_low"),
    "parameters": replace(OVERSOLD, source=source("rsi", period=15)),
    "source": replace(OVERSOLD, source=source("rsi", source="hl2")),
    "timeframe": replace(OVERSOLD, source=source("rsi", timeframe="1h")),
    "indicator": replace(OVERSOLD, source=source("roc", period=14)),
    "membership type": replace(OVERSOLD, membership=Membership("gaussian", (0.0, 20.0))),
    "membership parameters": replace(OVERSOLD, membership=Membership("triangular", (0.0, 20.0, 36.0))),
    "normalization": replace(OVERSOLD, normalization="zscore"),
    "lag": replace(OVERSOLD, lag=1),
    "kind": replace(OVERSOLD, kind="raw"),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES)
def test_every_field_changes_the_hash(changed):
    kernels = KERNELS | {"roc": KERNELS["rsi"]}
    assert hash_of(changed, kernels=kernels) != hash_of(OVERSOLD, kernels=kernels)


def test_kernel_output_and_context_change_the_hash():
    assert hash_of(OVERSOLD, kernels={"rsi": "talib 0.9.0 RSI"}) != hash_of(OVERSOLD)
    assert hash_of(raw("m", source("macd", "line"))) != hash_of(raw("m", source("macd", "signal")))
    one, other = (context_features(ContextFeatures({"returns": [], "ma": ma}, None, False), "5m")[0] for ma in (20, 21))
    assert hash_of(one) != hash_of(replace(other, id=one.id))


def test_the_order_of_features_changes_the_hash():
    assert hash_of(*FEATURES) != hash_of(*reversed(FEATURES))


def test_equal_contracts_do_not_differ():
    assert compare(feature_contract(FEATURES, KERNELS), feature_contract(FEATURES, dict(KERNELS))) is None


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            (replace(OVERSOLD, source=source("rsi", period=15)), *FEATURES[1:]),
            "feature 1 ('5m_rsi_oversold'): parameters was {'period': 14, 'source': 'close'}, now {'period': 15, ",
        ),
        ((OVERSOLD, FEATURES[2], FEATURES[1], FEATURES[3]), "feature 2 ('1h_macd_raw'): id was '1h_macd_raw', now "),
        (FEATURES[:3], "4 features expected, 3 found; '5m_price_ma_distance_20' is missing"),
        ((*FEATURES, replace(OVERSOLD, id="new")), "4 features expected, 5 found; 'new' was not there"),
    ],
)
def test_a_difference_names_feature_and_field(changed, message):
    found = compare(feature_contract(FEATURES, KERNELS), feature_contract(changed, KERNELS))
    assert found is not None
    assert found.startswith(message)


def test_a_new_library_version_is_named():
    found = compare(feature_contract([OVERSOLD], KERNELS), feature_contract([OVERSOLD], {"rsi": "talib 0.9.0 RSI"}))
    assert found == "feature 1 ('5m_rsi_oversold'): kernel was 'talib 0.8.1 RSI', now 'talib 0.9.0 RSI'"
