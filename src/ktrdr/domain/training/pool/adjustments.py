"""Whether the prices of a pool's symbols were adjusted alike."""

from __future__ import annotations

from collections.abc import Mapping


def mixed_adjustments(adjustments: Mapping[str, str]) -> tuple[str, ...]:
    """Return a warning if symbols are known to be adjusted differently; none where nothing is known of them.

    Parameters
    ----------
    adjustments : mapping of symbol to str
        See `SymbolCharacteristics.adjustment`; empty for a symbol that nothing is known of.
    """
    found: dict[str, list[str]] = {}
    for symbol, adjustment in sorted(adjustments.items()):
        if adjustment:
            found.setdefault(adjustment, []).append(symbol)
    if len(found) < 2:
        return ()
    said = "; ".join(f"{', '.join(symbols)}: {adjustment}" for adjustment, symbols in found.items())
    return (f"prices are adjusted differently, so that returns on dividend and split days are not alike: {said}",)
