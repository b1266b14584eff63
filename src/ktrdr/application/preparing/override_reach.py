"""Whom a strategy's overrides reach in one run: what the document alone cannot say of its symbols."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.errors import KtrdrError, did_you_mean
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.problems import Problem
from ktrdr.domain.strategy.document import Strategy, SymbolOverrides
from ktrdr.domain.strategy.varying.for_symbol import SECTION
from ktrdr.domain.training.request import TrainingRequest

_SHOWN = 5


def run_warnings(data: DataRepository, request: TrainingRequest) -> tuple[Problem, ...]:
    """Return the warnings of a strategy in one run, those about overrides by the symbols trained and held out.

    A strategy with a ``deployment`` may override for symbols that it only serves later; of its overrides only those
    that look like a misspelt asset class, and have no bars, are warned about.

    Raises
    ------
    InvalidInput, DataNotFound
        If no symbol meets the strategy's criteria.
    """
    strategy = request.strategy
    if strategy.symbol_overrides == SymbolOverrides():
        return strategy.warnings
    symbols = tuple(dict.fromkeys((*with_selected_symbols(data, request).symbols, *request.hold_out)))
    missed = {problem.path: problem for problem in _unreached(data, strategy, symbols)}
    known = {f"{SECTION}.{place}{name}" for name in strategy.symbol_overrides.symbols for place in ("", "symbols.")}
    kept = [problem for problem in strategy.warnings if problem.path not in known or problem.path in missed]
    told = {problem.path for problem in kept}
    return (*kept, *(problem for path, problem in missed.items() if path not in told))


def _unreached(data: DataRepository, strategy: Strategy, symbols: Sequence[str]) -> Iterator[Problem]:
    overrides, deployed = strategy.symbol_overrides, "deployment" in strategy.kept
    more = f" and {len(symbols) - _SHOWN} more" if len(symbols) > _SHOWN else ""
    among = f"reaches no symbol of this run: {', '.join(symbols[:_SHOWN])}{more}"
    for name in overrides.symbols:
        if any(same_symbol(name, symbol) for symbol in symbols):
            continue
        meant = did_you_mean(name, ASSET_CLASSES if deployed else (*symbols, *ASSET_CLASSES))
        if not deployed or (meant and not data.series(name)):
            yield Problem(_path(strategy, "symbols", name), f"{name!r} {among}{meant}", "warning")
    if deployed or not overrides.asset_classes:
        return
    try:
        present = {data.characteristics(symbol).asset_class for symbol in symbols}
    except KtrdrError:  # training says what is wrong with that symbol
        return
    for name in overrides.asset_classes:
        if name not in present:
            yield Problem(_path(strategy, "asset_classes", name), f"{among} ({', '.join(sorted(present))})", "warning")


def _path(strategy: Strategy, layer: str, name: str) -> str:
    """Return where an entry stands: in its layer, or beside the layers."""
    beside = f"{SECTION}.{name}"
    return (
        beside if any(item.path.startswith(f"{beside}.") for item in strategy.settings) else f"{SECTION}.{layer}.{name}"
    )
