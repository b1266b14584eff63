"""What training says of rows that have not settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.preparing.market_data import MarketData
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.settling import SettledHistory, counted_bars, never_settling
from ktrdr.domain.market.bars import iso


def settling_notes(features: Sequence[Feature], market: MarketData) -> tuple[str, ...]:
    """Return one sentence for each indicator that never settles."""
    return tuple(
        f"{source.indicator} on {source.timeframe} never settles: it counts from the first bar "
        f"({iso(market.bars[source.timeframe].stamps[0])}), and predictions need bars from that one on"
        for source in never_settling(features)
        if not source.data_source
    )


@dataclass(frozen=True, slots=True)
class Settling:
    """Which rows of one symbol depend on where its bars begin.

    Attributes
    ----------
    series : str
        Symbol and base timeframe.
    first : int
        First base row that has settled; the number of base bars where none has.
    outlook : str
        What must come before that row, where none has settled; else empty.
    """

    series: str
    first: int
    outlook: str

    @classmethod
    def of(cls, history: SettledHistory, market: MarketData) -> Settling:
        """Return that of the bars that there are."""
        first = history.first_row(market.bars, market.context)
        outlook = _outlook(history, market) if first >= len(market.base_bars) else ""
        return cls(f"{market.base_bars.symbol} {market.base}", first, outlook)

    def findings(
        self, train: NDArray[np.integer], test: NDArray[np.integer]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what is to be warned about, and noted.

        Parameters
        ----------
        train, test : ndarray of int
            Base rows of these parts, ascending; either may be empty.

        Returns
        -------
        warnings, notes : tuple of str
            A warning where no test row has settled, so that the model is judged on what it could not be asked, and
            may not be able to serve; else a note where more than half of the train rows have not.
        """
        unsettled = int(np.searchsorted(train, self.first))
        rows = f"{unsettled:,} of {len(train):,} train rows"
        if len(test) and test[-1] < self.first:
            both = f"{rows} and all test rows" if len(train) else "all test rows"
            return (f"{self.series}: {both} depend on where the bars begin{self.outlook}",), ()
        most = 2 * unsettled > len(train)
        return (), (f"{self.series}: {rows} depend on where the bars begin",) if most else ()


def _outlook(history: SettledHistory, market: MarketData) -> str:
    """Return what must come before the first row has settled."""
    lacking = history.lacking(market.bars, market.context)
    more = " and ".join(f"{count:,} more {counted_bars(key)}" for key, count in lacking.items())
    return f"; the model can serve it only with {more}" if more else "; the model can not serve it yet"
