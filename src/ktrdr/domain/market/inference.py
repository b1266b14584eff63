"""What can be guessed of a symbol from its name and the times of its bars."""

from __future__ import annotations

import re

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.characteristics import AssetClass, SymbolCharacteristics
from ktrdr.domain.market.timeframe import NS_PER_DAY

_CURRENCY = "USD|EUR|GBP|JPY|CHF|AUD|NZD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR|MXN|SGD|HKD|CNH"
_CURRENCY_PAIR = re.compile(rf"(?:{_CURRENCY}){{2}}")
_METAL_PAIR = re.compile(rf"X(?:AU|AG|PT|PD)(?:{_CURRENCY})")
_INDEX = re.compile(r"\^.+|GSPC|SPX|IXIC|COMP|NDX|DJIA?|RUT|VIX|FTSE|GDAXI|FCHI|STOXX50E|N225|HSI|NSEI|NSEBANK")
_SATURDAY, _SUNDAY = 5, 6
_SATURDAY_SHARE, _SUNDAY_EVENING_SHARE = 0.05, 0.005
_EVENING = 20 * NS_PER_DAY // 24

# exchange, calendar, time zone
_VENUES: dict[AssetClass, tuple[str, str, str]] = {
    "crypto": ("unknown", "24/7", "UTC"),
    "forex": ("OTC", "24/5", "America/New_York"),
    "metal": ("OTC", "24/5", "America/New_York"),
    "index": ("XNYS", "XNYS", "America/New_York"),
    "stock": ("XNYS", "XNYS", "America/New_York"),
}


def infer_characteristics(symbol: str, stamps: Int64s) -> SymbolCharacteristics:
    """Return the likely facts of a symbol, each with a sentence that says why.

    Parameters
    ----------
    symbol : str
    stamps : ndarray of int64, shape (n,)
        Bar opens in UTC nanoseconds, best of the finest bars there are.
    """
    asset_class, reason = _guess(symbol, stamps)
    exchange, calendar, time_zone = _VENUES[asset_class]
    inferred = (
        f"{symbol} is taken for {asset_class}, because {reason}",
        f"{symbol} is taken to trade by the calendar {calendar} ({time_zone}), as {asset_class} mostly does",
    )
    return SymbolCharacteristics(symbol, asset_class, exchange, calendar, time_zone, inferred=inferred)


def _guess(symbol: str, stamps: Int64s) -> tuple[AssetClass, str]:
    if _INDEX.fullmatch(symbol):
        return "index", "of its name"
    if _METAL_PAIR.fullmatch(symbol):
        return "metal", "its name is a metal's price in a currency"
    if _CURRENCY_PAIR.fullmatch(symbol):
        return "forex", "its name is a pair of currencies"
    weekday = (stamps // NS_PER_DAY + 3) % 7
    evening = stamps % NS_PER_DAY >= _EVENING
    if np.count_nonzero(weekday == _SATURDAY) > _SATURDAY_SHARE * len(stamps):
        return "crypto", "it has bars on Saturdays"
    if np.count_nonzero((weekday == _SUNDAY) & evening) > _SUNDAY_EVENING_SHARE * len(stamps):
        return "forex", "it has bars on Sunday evenings"
    return "stock", "nothing in its name or bars says otherwise"
