"""What a model remembers of each symbol that it was trained on, so that another symbol can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, Floats, iso
from ktrdr.domain.market.characteristics import ASSET_CLASSES, AssetClass, SymbolCharacteristics
from ktrdr.domain.market.sessions import Int64s
from ktrdr.domain.market.timeframe import NS_PER_DAY

MIN_RETURNS = 20
"""Fewer returns than these give no volatility."""
_NS_PER_YEAR = 365.25 * NS_PER_DAY
_TEXTS = ("exchange", "calendar", "time_zone", "first", "last")


@dataclass(frozen=True, slots=True)
class SymbolProfile:
    """Facts of one symbol, frozen at a moment.

    Attributes
    ----------
    asset_class, exchange, calendar, time_zone
        See `SymbolCharacteristics`.
    first, last : str
        Stamps of the first and last bar that was looked at (ISO 8601, UTC).
    bars : int
        How many there were.
    volatility : float or None
        See `realised_volatility`.
    inferred : tuple of str
        One sentence per fact that was guessed.
    """

    asset_class: AssetClass
    exchange: str
    calendar: str
    time_zone: str
    first: str
    last: str
    bars: int
    volatility: float | None
    inferred: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return asdict(self) | {"inferred": list(self.inferred)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SymbolProfile:
        """Read what `as_dict` wrote.

        Raises
        ------
        InvalidInput
            If it is anything else.
        """
        if values.keys() != set(cls.__slots__):
            raise InvalidInput(f"must hold {', '.join(cls.__slots__)}; found {ascii(list(values))[:200]}")
        volatility, inferred = values["volatility"], values["inferred"]
        known = volatility is None or (type(volatility) is float and isfinite(volatility) and volatility >= 0)
        texts = isinstance(inferred, list) and all(isinstance(item, str) for item in inferred)
        if not (known and texts and all(isinstance(values[name], str) for name in _TEXTS)):
            raise InvalidInput("holds a text, a volatility or a list that no training writes")
        if values["asset_class"] not in ASSET_CLASSES or type(values["bars"]) is not int or values["bars"] < 1:
            raise InvalidInput("holds an asset class or a number of bars that no training writes")
        return cls(**{**values, "inferred": tuple(inferred)})


def profile_of(facts: SymbolCharacteristics, bars: Bars, until: int) -> SymbolProfile:
    """Return the profile of a symbol as it was at a moment.

    Parameters
    ----------
    facts : SymbolCharacteristics
    bars : Bars
        At least one of them known by `until`.
    until : int
        UTC nanoseconds.

    Causality: nothing but bars known by `until` is looked at.
    """
    seen = bars.take(slice(0, int(np.searchsorted(bars.known_at, until, side="right"))))
    return SymbolProfile(
        facts.asset_class,
        facts.exchange,
        facts.calendar,
        facts.time_zone,
        iso(seen.stamps[0]),
        iso(seen.stamps[-1]),
        len(seen),
        realised_volatility(seen.close, seen.known_at),
        facts.inferred,
    )


def realised_volatility(close: Floats, known_at: Int64s) -> float | None:
    """Return the square root of the realised variance per year of 365.25 days, a fraction.

    The realised variance is the sum of squared log returns of the closes, those over nights and holidays included; it
    is divided by the time between the first and the last close, so that no number of periods per year is needed and
    bars of any length give about the same.

    Parameters
    ----------
    close : ndarray of float64, shape (n,)
    known_at : ndarray of int64, shape (n,)
        Moments of the closes (UTC, nanoseconds), ascending.

    Returns
    -------
    float or None
        None with fewer than `MIN_RETURNS` returns, or where a close is not above 0: such a price has no return.

    References
    ----------
    Andersen, T. G. and Bollerslev, T. (1998), "Answering the skeptics: yes, standard volatility models do provide
    accurate forecasts", International Economic Review 39.
    """
    if len(close) <= MIN_RETURNS or close.min() <= 0:
        return None
    years = float(known_at[-1] - known_at[0]) / _NS_PER_YEAR
    variance = float(np.sum(np.square(np.diff(np.log(close)))))
    return float(np.sqrt(variance / years)) if years > 0 else None
