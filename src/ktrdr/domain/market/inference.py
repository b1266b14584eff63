"""What can be guessed of a symbol from its name and the times of its bars."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market import venues
from ktrdr.domain.market.characteristics import AssetClass, SymbolCharacteristics
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.market.venues import Venue

_CURRENCY = "USD|EUR|GBP|JPY|CHF|AUD|NZD|CAD|SEK|NOK|DKK|PLN|CZK|HUF|TRY|ZAR|MXN|SGD|HKD|CNH"
_CURRENCY_PAIR = re.compile(rf"(?:{_CURRENCY})[/_.-]?(?:{_CURRENCY})(?:=X)?|[A-Z]{{3}}(?:[A-Z]{{3}})?=X")
_METAL_PAIR = re.compile(rf"X(?:AU|AG|PT|PD)[/_.-]?(?:{_CURRENCY})(?:=X)?")
_COINS = "|".join(sorted(venues.COINS, key=len, reverse=True))
_COIN_PAIR = re.compile(
    rf"(?:[A-Z0-9]{{2,12}}[/_-]?(?:{venues.STABLE})|(?:{_COINS})[/_-]?(?:{_CURRENCY}|BTC|XBT|ETH|KRW|BRL))(?:[:._-].+)?"
    rf"|X(?:{_COINS})Z(?:{_CURRENCY})|[A-Z0-9]{{2,12}}-(?:USD|EUR|GBP|JPY|BTC|ETH)"
)
_IS_TAKEN = re.compile(r"\S+ is taken for .* by the calendar ")
_SATURDAY, _SUNDAY = 5, 6
_SATURDAY_SHARE, _SUNDAY_EVENING_SHARE = 0.05, 0.005
_EVENING = 20 * NS_PER_DAY // 24

_Guess = tuple[AssetClass, Venue, str]


def infer_characteristics(symbol: str, stamps: Int64s, timeframe: Timeframe | None = None) -> SymbolCharacteristics:
    """Return the likely facts of a symbol, with one sentence that says why.

    Parameters
    ----------
    symbol : str
    stamps : ndarray of int64, shape (n,)
        Bar opens in UTC nanoseconds, best of the finest bars there are; what the source's own clock shows, where bars
        of a day or more have such a clock.
    timeframe : Timeframe, optional
        That of the bars. The stamps of a day or more say on which days a market trades, and never at which hours.
    """
    asset_class, venue, reason = _by_name(symbol.upper()) or _by_days(stamps, timeframe)
    taken = f"{symbol} is taken for {asset_class} by the calendar {venue.calendar} ({venue.time_zone})"
    return SymbolCharacteristics(symbol, asset_class, *venue, inferred=(f"{taken}, because {reason}",))


def is_guess(note: str) -> bool:
    """Return whether a sentence is one that `infer_characteristics` gives."""
    return _IS_TAKEN.match(note) is not None


def guesses_in_one(notes: Iterable[str]) -> tuple[str, ...]:
    """Return sentences, each once, and all those that say what was guessed as one, at the place of the first."""
    said = tuple(dict.fromkeys(notes))
    guesses = [note for note in said if is_guess(note)]
    joined = {guesses[0]: "; ".join(guesses)} if guesses else {}
    return tuple(joined.get(note, note) for note in said if note in joined or note not in guesses)


def _by_name(symbol: str) -> _Guess | None:
    """Return what the name says; None where it says nothing."""
    bare = symbol.removeprefix("^")
    if bare in venues.INDICES and (bare != symbol or bare not in venues.ALSO_SHARES):
        return "index", venues.INDICES[bare], "of its name"
    name, _, suffix = symbol.rpartition(".")
    venue = venues.SUFFIXES.get(suffix) if name else None
    if symbol.startswith("^"):
        return "index", venue or venues.UNITED_STATES, "of its name"
    if venue is not None:
        return _listed(name), venue, f"its name ends in .{suffix}"
    if symbol.endswith("=F"):
        asset_class = venues.FUTURES_CLASSES.get(symbol.removesuffix("=F"), "index")
        return asset_class, venues.FUTURES, "its name ends in =F, as those of futures do"
    if _METAL_PAIR.fullmatch(symbol):
        return "metal", venues.OVER_THE_COUNTER, "its name is a metal's price in a currency"
    if _CURRENCY_PAIR.fullmatch(symbol):
        return "forex", venues.OVER_THE_COUNTER, "its name is a pair of currencies"
    if _COIN_PAIR.fullmatch(symbol):
        return "crypto", venues.NEVER_CLOSED, "its name is the price of a coin"
    return ("etf", venues.UNITED_STATES, "its name is that of a fund") if symbol in venues.ETFS else None


def _listed(name: str) -> AssetClass:
    if name in venues.INDICES:
        return "index"
    return "etf" if name in venues.ETFS else "stock"


def _by_days(stamps: Int64s, timeframe: Timeframe | None) -> _Guess:
    if _count_on(_SATURDAY, stamps) > _SATURDAY_SHARE * len(stamps):
        return "crypto", venues.NEVER_CLOSED, "it has bars on Saturdays"
    clock = timeframe is None or timeframe.intraday
    if clock and _count_on(_SUNDAY, stamps, _EVENING) > _SUNDAY_EVENING_SHARE * len(stamps):
        return "forex", venues.OVER_THE_COUNTER, "it has bars on Sunday evenings"
    return "stock", venues.UNITED_STATES, "nothing in its name or bars says otherwise"


def _count_on(weekday: int, stamps: Int64s, since: int = 0) -> int:
    """Return how many stamps lie on a weekday (0 is Monday), from a time of day (nanoseconds) on."""
    if not len(stamps):
        return 0
    ordered = stamps if (stamps[1:] >= stamps[:-1]).all() else np.sort(stamps)
    days = np.arange(ordered[0] // NS_PER_DAY, ordered[-1] // NS_PER_DAY + 1)
    begins = days[(days + 3) % 7 == weekday] * NS_PER_DAY
    return int((np.searchsorted(ordered, begins + NS_PER_DAY) - np.searchsorted(ordered, begins + since)).sum())
