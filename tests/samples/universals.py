"""Made-up manifests and artifacts of several symbols; nothing here imports anything heavy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.symbol_files import (
    SYMBOL_CONFIGS,
    SYMBOLS,
    PooledSymbol,
    symbol_configs_json,
    symbols_json,
)
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.profile import SymbolProfile
from samples.models import artifact, manifest

RATIO = {"id": "1d_rsi_low", "kind": "membership", "indicator": "rsi"}
PRICE = {"id": "1d_sma_high", "kind": "membership", "indicator": "sma"}
COUNTING = {"id": "1d_nvi_up", "kind": "membership", "indicator": "nvi"}


def instrument(symbol: str, asset_class: Any = "stock") -> SymbolCharacteristics:
    return SymbolCharacteristics(symbol, asset_class, "XNAS", "XNYS", "America/New_York")


def profile(volatility: float | None = 0.3, asset_class: Any = "stock") -> SymbolProfile:
    cuts = (0.15, 0.4)
    tier = None if volatility is None else ("low", "medium", "high")[sum(volatility >= cut for cut in cuts)]
    span = "2010-01-04T00:00:00Z", "2020-01-02T00:00:00Z"
    venue = "XNAS", "XNYS", "America/New_York"
    return SymbolProfile(asset_class, *venue, *span, 2500, volatility, None, tier, None)


def model(
    key: str | None,
    trained: Mapping[str, float | None] | None = None,
    *,
    timeframe: str = "1d",
    asset_class: str = "stock",
    **changes: Any,
) -> Manifest:
    """Return the manifest of a symbol's model, or for None of a universal one; `trained` maps to volatilities."""
    trained = {key or "AAPL": 0.3} if trained is None else trained
    profiles = {symbol: profile(volatility, asset_class).as_dict() for symbol, volatility in trained.items()}
    strategy = {"training_data": {"timeframes": {"base_timeframe": timeframe}}, **changes.pop("strategy", {})}
    values: dict[str, Any] = {
        "model_name": f"demo/{'universal' if key is None else f'{key}_{timeframe}'}",
        "symbol": key,
        "timeframe": None if key is None else timeframe,
        "training_symbols": list(trained),
        "symbols": profiles,
        "strategy": strategy,
        "feature_contract": [RATIO],
    }
    return manifest(**values | changes)


def universal(payload: bytes = b"weights", trained: Mapping[str, float | None] | None = None) -> Artifact:
    """Return a universal artifact with both files of symbols."""
    made = model(None, {"AAPL": 0.3, "MSFT": 0.2} if trained is None else trained)
    rows = {"train": 700, "validation": 150, "test": 150}
    symbols = {
        name: PooledSymbol.of(
            instrument(name), SymbolProfile.from_dict((made.symbols or {})[name]), rows, {"1d": "native"}
        )
        for name in made.training_symbols
    }
    files = {SYMBOLS: symbols_json(symbols), SYMBOL_CONFIGS: symbol_configs_json({})}
    return Artifact(made, {**artifact(payload).blobs, **files})


def deployed(mode: str | None = None, supported: list[str] | None = None, **restrictions: list[str]) -> dict[str, Any]:
    """Return a strategy's part with that ``deployment``."""
    symbols = {"mode": mode, "restrictions": restrictions} if mode else {}
    timeframes = {"target_timeframes": {"supported": supported}} if supported else {}
    return {"deployment": ({"target_symbols": symbols} if symbols else {}) | timeframes}
