"""What is known of an instrument besides its bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

AssetClass = Literal["stock", "etf", "index", "forex", "crypto", "metal"]
CATALOGUE_NAME = "symbols.yaml"
"""The file beside bars that says what their symbols are."""
ASSET_CLASSES: tuple[str, ...] = get_args(AssetClass)


@dataclass(frozen=True, slots=True)
class SymbolCharacteristics:
    """Facts of one symbol.

    Attributes
    ----------
    symbol : str
    asset_class : str
        One of `ASSET_CLASSES`.
    exchange : str
        Market identifier code (``XNAS``), or a venue's name where there is none.
    calendar : str
        Name of the session calendar: an exchange's MIC, ``24/5`` or ``24/7``.
    time_zone : str
        IANA name; intraday bars longer than an hour are anchored to its clock.
    simulated : bool
        Whether the bars are made up.
    inferred : tuple of str
        One sentence per fact that was guessed from the bars, to be said aloud.
    adjustment : str
        For what the prices were adjusted, in the words of the source (``splits``, ``splits and dividends``); empty
        where nobody says.
    tick_size : float or None
        Smallest step of the price, in quote currency; None where nobody says.
    trading_hours : str
        Usual weekdays and hours on the exchange's clock (``Mon-Fri, 09:30 to 16:00``), by the calendar; empty where it
        is not known.
    stamp_zone : str
        IANA name of the zone of clock times in the symbol's files that carry none; empty where they are those of UTC.
    first, last : str
        Stamps of the first and last bar of any timeframe (ISO 8601, UTC); empty where there are none.
    """

    symbol: str
    asset_class: AssetClass
    exchange: str
    calendar: str
    time_zone: str
    simulated: bool = False
    inferred: tuple[str, ...] = ()
    adjustment: str = ""
    tick_size: float | None = None
    trading_hours: str = ""
    stamp_zone: str = ""
    first: str = ""
    last: str = ""
