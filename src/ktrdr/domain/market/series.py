"""What a repository offers."""

from __future__ import annotations

from dataclasses import dataclass

from ktrdr.domain.market.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One symbol in one timeframe.

    Attributes
    ----------
    symbol : str
    timeframe : Timeframe
    rows : int
    first, last : int
        Stamps of the first and last bar (UTC nanoseconds); 0 where the series is empty.
    source : str
        File name or kind of source.
    """

    symbol: str
    timeframe: Timeframe
    rows: int
    first: int
    last: int
    source: str
