"""Strategy documents for tests: a small valid one, and ways to spoil it."""

from __future__ import annotations

import copy
from typing import Any

SMALL: dict[str, Any] = {
    "name": "small",
    "version": "3.0",
    "training_data": {"symbols": "SIM_STOCK", "timeframes": "5m", "history_required": 200},
    "indicators": {
        "rsi_14": {"type": "rsi", "period": 14},
        "macd_a": {"type": "macd", "fast_period": 12, "slow_period": 26, "signal_period": 9},
    },
    "fuzzy_sets": {
        "rsi": {"indicator": "rsi_14", "oversold": [0, 20, 40], "neutral": [30, 50, 70], "overbought": [60, 80, 100]},
        "macd": {"indicator": "macd_a.histogram", "down": [-1, -0.5, 0], "up": [0, 0.5, 1]},
    },
    "nn_inputs": [{"fuzzy_set": "rsi", "timeframes": "all"}, {"fuzzy_set": "macd", "timeframes": ["5m"]}],
    "model": {"type": "mlp", "architecture": {"hidden_layers": [8]}},
    "decisions": {"output_format": "classification", "confidence_threshold": 0.5},
    "training": {
        "labels": {"source": "zigzag", "zigzag_threshold": {"atr": 1.0}, "label_lookahead": 10},
        "data_split": {"train": 0.7, "validation": 0.15, "test": 0.15},
        "epochs": 2,
        "batch_size": 256,
    },
}
DELETE = "<deleted>"


def small() -> dict[str, Any]:
    """Return a fresh copy of the small document."""
    return copy.deepcopy(SMALL)


def changed(path: str, value: Any, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a copy with the value at a dotted path replaced, added, or deleted (`DELETE`)."""
    result = copy.deepcopy(SMALL if document is None else document)
    *parents, last = path.split(".")
    place: Any = result
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    key: Any = int(last) if isinstance(place, list) else last
    if value is DELETE:
        del place[key]
    else:
        place[key] = value
    return result
