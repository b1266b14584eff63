"""Prices above 0: what ratios of prices need, and spreads and some commodities do not always have."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars, iso


def all_positive(bars: Bars, columns: Iterable[str] = PRICE_COLUMNS) -> bool:
    """Return whether all prices of some columns are above 0."""
    return all((getattr(bars, name) > 0).all() for name in columns)


def require_positive(bars: Bars, columns: Iterable[str], what: str) -> None:
    """Refuse bars of which `what` takes ratios of prices, where one of these columns is not above 0.

    Raises
    ------
    InvalidBars
        The message names `what`, and the first such bar.
    """
    low = {name: np.flatnonzero(getattr(bars, name) <= 0)[:1] for name in columns}
    rows = {int(found[0]): name for name, found in reversed(low.items()) if len(found)}
    if rows:
        row = min(rows)
        name, price = rows[row], float(getattr(bars, rows[row])[row])
        raise InvalidBars(
            f"{bars.source}: row {row} at {iso(bars.stamps[row])}: {what} takes ratios of prices, which must be above "
            f"0; found {name} {price:g}"
        )
