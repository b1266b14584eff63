"""How commands get their container, without any heavy import at start-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ktrdr.entrypoints.container import Container


def open_container(**settings: Any) -> Container:
    """Return a container for these settings; None means not given."""
    from ktrdr.entrypoints.container import make_container

    return make_container(**settings)


def strategy_of(
    container: Container, text: str, symbol: str | None, timeframe: str | None
) -> tuple[str, str | None, str | None]:
    """Return name, symbol and timeframe of a strategy: a file says what is not given, a name says nothing."""
    if Path(text).suffix not in {".yaml", ".yml"}:
        return text, symbol, timeframe
    strategy = container.read_strategy().execute(text, symbol=symbol, timeframe=timeframe)
    symbols = strategy.training_data.symbols.symbols
    only = symbols[0] if len(symbols) == 1 else None
    return strategy.name, symbol or only, timeframe or strategy.training_data.timeframes.base
