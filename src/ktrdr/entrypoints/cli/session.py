"""How commands get their container, without any heavy import at start-up."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.render import warn_or_refuse

if TYPE_CHECKING:
    from ktrdr.domain.strategy.document import Strategy
    from ktrdr.entrypoints.container import Container


def open_container(**settings: Any) -> Container:
    """Return a container for these settings; None means not given."""
    with _hidden("pydantic_settings"):  # the container's library would import it, for what is not used here
        from ktrdr.entrypoints.container import make_container
    return make_container(**settings)


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Let imports go without an optional package, unless it is there already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


def effective_strategy(container: Container, path: Path, strict: bool, **changes: Any) -> Strategy:
    """Return the strategy of a file with what the command line changes; say its warnings, or refuse it for them."""
    strategy: Strategy = container.read_strategy().execute(path, **changes)
    warn_or_refuse(strategy.warnings, str(path), strict)
    return strategy


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
