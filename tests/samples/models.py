"""Small artifacts with made-up content; nothing here imports anything heavy."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest

FEATURES = ["1d_rsi_oversold", "1d_rsi_overbought"]


def manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "model_name": "demo/AAPL_1d",
        "strategy_name": "demo",
        "strategy_version": "3.0",
        "symbol": "AAPL",
        "timeframe": "1d",
        "model": {"type": "mlp", "architecture": {"hidden_layers": [4], "activation": "relu", "dropout": 0.0}},
        "strategy": {"name": "demo", "description": "Überverkauft → kaufen"},
        "indicators": {"rsi": {"type": "rsi", "period": 14}},
        "fuzzy_sets": {"rsi": {"indicator": "rsi", "oversold": [0, 20, 40], "overbought": [60, 80, 100]}},
        "nn_inputs": [{"fuzzy_set": "rsi", "timeframes": "all"}],
        "resolved_features": list(FEATURES),
        "feature_contract": [{"id": name, "kind": "membership", "lag": 0} for name in FEATURES],
        "contract_hash": "0" * 64,
        "target": {"kind": "classification", "classes": ["down", "up"], "actions": ["sell", "buy"], "unit": ""},
        "inference": {},
        "training_symbols": ["AAPL"],
        "training_timeframes": ["1d"],
        "training_metrics": {"log_loss": 0.6931471805599453, "accuracy": 0.5},
        "settings": {"epochs": {"value": 3, "origin": "default"}},
        "seed": 7,
        "data": [{"symbol": "AAPL", "timeframe": "1d", "rows": 500, "sha256": "ab" * 32}],
        "data_origins": {"1d": "native"},
        "split": {"parts": {"train": {"rows": 300}}},
        "fitted_until": "2020-01-02T21:00:00Z",
        "selected_until": "2021-01-04T21:00:00Z",
        "judged_until": "2022-01-03T21:00:00Z",
        "libraries": {"numpy": "2.4.6"},
    }
    return Manifest(**values | changes)


def artifact(payload: bytes = b"weights", **changes: Any) -> Artifact:
    blobs = {"model.safetensors": payload, "metrics.json": b'{"verdict": {"outcome": "better"}}', "history.json": b"{}"}
    return Artifact(manifest(**changes), blobs)


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with the SHA-256 of its content, and every link with its target."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def visible(folder: Path) -> dict[str, str]:
    """The same without what lies in hidden files and folders."""
    return {name: content for name, content in tree(folder).items() if "/." not in f"/{name}"}
