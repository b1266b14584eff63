"""Symbols that cannot be pooled: all of them are named at once, or left out where nobody asked for them by name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from ktrdr.domain.errors import DataNotFound, InvalidInput, KtrdrError, NotFound

Failing = dict[str, KtrdrError]


@contextmanager
def noted(failing: Failing, symbol: str) -> Iterator[None]:
    """Note what is wrong with the data of a symbol and go on; what else goes wrong is raised."""
    try:
        yield
    except (InvalidInput, NotFound) as error:
        failing[symbol] = error


def require_others(failing: Mapping[str, KtrdrError], everyone: Collection[str], may_go: Collection[str]) -> None:
    """Refuse a pool for symbols that cannot be pooled, unless they may go and others are left.

    Raises
    ------
    InvalidInput, DataNotFound
        With every symbol that fails and its reason.
    """
    if not failing or (set(failing) <= set(may_go) and not set(may_go) <= set(failing)):
        return
    if len(failing) == 1:
        raise next(iter(failing.values()))
    kind = DataNotFound if all(isinstance(error, NotFound) for error in failing.values()) else InvalidInput
    raise kind(f"{len(failing)} of {len(everyone)} symbols cannot be pooled: {_reasons(reasons(failing))}")


def reasons(failing: Mapping[str, KtrdrError]) -> dict[str, str]:
    """Return why each symbol cannot be pooled, in order."""
    return {symbol: str(failing[symbol]) for symbol in sorted(failing)}


def left_out_notes(left_out: Mapping[str, str], n_symbols: int) -> tuple[str, ...]:
    """Return the warning that symbols are left out; none where none is.

    Parameters
    ----------
    left_out : mapping of symbol to str
        See `reasons`.
    n_symbols : int
        How many were chosen.
    """
    if not left_out:
        return ()
    return (f"{len(left_out)} of {n_symbols} symbols are left out, they cannot be pooled: {_reasons(left_out)}",)


def _reasons(reasons: Mapping[str, str]) -> str:
    return "; ".join(text if text.startswith(f"{symbol} ") else f"{symbol}: {text}" for symbol, text in reasons.items())
