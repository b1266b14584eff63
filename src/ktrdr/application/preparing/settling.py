"""What training says of rows that have not settled, and what prediction demands of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.preparing.market_data import NATIVE, MarketData
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.settling import SettledHistory, counted_bars, is_marked, never_settling
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.context_series import CONTEXT_FOLDER
from ktrdr.domain.market.series import same_symbol


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


def require_same_beginning(manifest: Manifest, features: Sequence[Feature], market: MarketData) -> None:
    """Refuse bars that do not begin where training's began, if an indicator counts from the first bar.

    Raises
    ------
    InvalidInput
        If symbol or first bar is another; the message names the indicator and both.
    """
    for source in never_settling(features):
        symbol, timeframe = _read_for(source, market)
        now = next(item.first for item in market.loaded if (item.symbol, item.timeframe) == (symbol, timeframe))
        trained = [item for item in manifest.data if same_symbol(str(item.get("symbol")), symbol)]
        was = next((item.get("first") for item in trained if item.get("timeframe") == timeframe), None)
        if now != was:
            beginning = f"on {was}" if was else "and it was not trained on this symbol"
            raise InvalidInput(
                f"{manifest.model_name}: {source.indicator} on {source.timeframe} never settles, so "
                f"{symbol} {timeframe} must begin as in training, {beginning}; found {now}"
            )


def _read_for(source: Source, market: MarketData) -> tuple[str, str]:
    """Return symbol and timeframe of the series that was read for an indicator."""
    if source.data_source:
        return source.data_source, CONTEXT_FOLDER
    origin = market.origins[source.timeframe]
    return market.base_bars.symbol, source.timeframe if origin == NATIVE else origin


def first_settled_row(manifest: Manifest, features: Sequence[Feature], market: MarketData, window: int) -> int:
    """Return the first base row whose features have settled; 0 for a model whose manifest says nothing of that.

    Raises
    ------
    InvalidInput
        If no row has settled; the message gives the bars that there are and those that are needed.
    """
    history = settled_history(manifest, features, market.base, window)
    if history is None:
        return 0
    row = history.first_row(market.bars, market.context)
    if row >= len(market.base_bars):
        shortage = history.shortage(market.bars, market.context)
        raise InvalidInput(f"{manifest.model_name} on {market.base_bars.symbol}: {shortage}")
    return row


def settled_history(manifest: Manifest, features: Sequence[Feature], base: str, window: int) -> SettledHistory | None:
    """Return the history that is stored with a model; None for one whose manifest says nothing of that.

    Older manifests count bars alone, neither by sessions nor by publications; for these the catalogue says what is
    needed.

    Raises
    ------
    CorruptArtifact
        If it is not that of these features.
    """
    if manifest.settled_history is None:
        return None
    declared = SettledHistory.of(features, base, window)
    stored = {key: 1 for key in declared.bars if is_marked(key)} | manifest.settled_history
    if stored.keys() != declared.bars.keys() or min(stored.values()) < 1:
        wanted = ", ".join(declared.bars)
        raise CorruptArtifact(f"{manifest.model_name}: settled_history needs a positive number for each of {wanted}")
    return replace(declared, bars={name: max(bars, declared.bars[name]) for name, bars in stored.items()})
