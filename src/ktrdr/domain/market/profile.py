"""What a model remembers of each symbol that it was trained on, so that another symbol can be compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.characteristics import ASSET_CLASSES, AssetClass, SymbolCharacteristics
from ktrdr.domain.market.positive import all_positive
from ktrdr.domain.market.timeframe import NS_PER_DAY

MIN_RETURNS = 20
"""Fewer returns than these give no volatility."""
TURNOVER_DAYS = 250
"""How many of the newest days the turnover is taken from."""
TIERS = ("low", "medium", "high")
REFERENCE: Mapping[str, tuple[float, float]] = {"volatility": (0.15, 0.4), "turnover": (1e7, 1e8)}
"""From where on a figure is medium and high: volatility a year, turnover a day in quote currency."""
_NS_PER_YEAR = 365.25 * NS_PER_DAY
_TEXTS = ("exchange", "calendar", "time_zone", "first", "last")
_TRADED = frozenset({"stock", "etf", "crypto"})


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
    volatility, turnover : float or None
        See `realised_volatility` and `daily_turnover`.
    volatility_tier, liquidity_tier : str or None
        One of `TIERS`, by `reference`; None where the figure is not known.
    inferred : tuple of str
        One sentence per fact that was guessed.
    reference : mapping of str to two floats
        What the tiers were cut at, see `REFERENCE`.
    """

    asset_class: AssetClass
    exchange: str
    calendar: str
    time_zone: str
    first: str
    last: str
    bars: int
    volatility: float | None
    turnover: float | None
    volatility_tier: str | None
    liquidity_tier: str | None
    inferred: tuple[str, ...] = ()
    reference: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict(REFERENCE))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        reference = {name: list(cuts) for name, cuts in self.reference.items()}
        return asdict(self) | {"inferred": list(self.inferred), "reference": reference}

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
        inferred, reference = values["inferred"], values["reference"]
        texts = isinstance(inferred, list) and all(isinstance(item, str) for item in inferred)
        if not (texts and all(isinstance(values[name], str) for name in _TEXTS)):
            raise InvalidInput("holds a text or a list that no training writes")
        if values["asset_class"] not in ASSET_CLASSES or type(values["bars"]) is not int or values["bars"] < 1:
            raise InvalidInput("holds an asset class or a number of bars that no training writes")
        if not isinstance(reference, dict) or reference.keys() != REFERENCE.keys():
            raise InvalidInput(f"reference must hold {', '.join(REFERENCE)}")
        for name, tier in (("volatility", "volatility_tier"), ("turnover", "liquidity_tier")):
            if not _fits(values[name], reference[name], values[tier]):
                raise InvalidInput(f"holds a {name} with a tier that no training writes")
        cuts = {name: (low, high) for name, (low, high) in reference.items()}
        return cls(**{**values, "inferred": tuple(inferred), "reference": cuts})


def _fits(figure: Any, cuts: Any, tier: object) -> bool:
    """Return whether a tier is that of a figure."""
    sound = isinstance(cuts, list) and len(cuts) == 2 and all(type(cut) is float and isfinite(cut) for cut in cuts)
    known = figure is None or (type(figure) is float and isfinite(figure) and figure >= 0)
    return sound and known and tier == _tier(figure, cuts)


def _tier(figure: float | None, cuts: Sequence[float]) -> str | None:
    return None if figure is None else TIERS[sum(figure >= cut for cut in cuts)]


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
    volatility = realised_volatility(seen.close, seen.known_at)
    turnover = daily_turnover(seen) if facts.asset_class in _TRADED else None
    return SymbolProfile(
        facts.asset_class,
        facts.exchange,
        facts.calendar,
        facts.time_zone,
        iso(seen.stamps[0]),
        iso(seen.stamps[-1]),
        len(seen),
        volatility,
        turnover,
        _tier(volatility, REFERENCE["volatility"]),
        _tier(turnover, REFERENCE["turnover"]),
        facts.inferred,
    )


def daily_turnover(bars: Bars) -> float | None:
    """Return the median over the newest `TURNOVER_DAYS` days of close times volume, summed by day of UTC.

    Parameters
    ----------
    bars : Bars

    Returns
    -------
    float or None
        In quote currency; None for bars longer than a day, where there are none, where a close is not above 0, and
        where most days have no volume.
    """
    if not len(bars) or bars.timeframe.ns > NS_PER_DAY or not all_positive(bars, ("close",)):
        return None
    days = bars.stamps // NS_PER_DAY
    first = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
    median = float(np.median(np.add.reduceat(bars.close * bars.volume, first)[-TURNOVER_DAYS:]))
    return median if median > 0 else None


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
