"""The column of prices that a name means."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, Floats

_MEANS: Mapping[str, tuple[str, ...]] = {
    "hl2": ("high", "low"),
    "hlc3": ("high", "low", "close"),
    "ohlc4": ("open", "high", "low", "close"),
}


def parts_of(name: str) -> tuple[str, ...]:
    """Return the columns whose mean a name of `PRICE_SOURCES` is; a column is its own."""
    return _MEANS.get(name, (name,))


def price_column(bars: Bars, name: str) -> Floats:
    """Return a column of the bars, or the mean of several.

    Parameters
    ----------
    bars : Bars
    name : str
        One of `PRICE_SOURCES`: a column, or ``hl2``, ``hlc3``, ``ohlc4``.

    Returns
    -------
    ndarray of float64, shape (n,)

    Causality: each value comes from its own bar.
    """
    if name in BAR_COLUMNS:
        column: Floats = getattr(bars, name)
        return column
    first, *others = (price_column(bars, part) for part in _MEANS[name])
    return sum(others, start=first) / (1 + len(others))
