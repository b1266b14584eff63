"""What can only be seen in several series: timeframes of one symbol, and symbols of one pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.quality.finding import Finding, Found, named
from ktrdr.domain.market.timeframe import NS_PER_DAY

_SHARE_APART, _ENOUGH_SHARED = 0.02, 10
_STOCKS = ("stock", "etf")
_NOT_ADJUSTED, _NO_SPLIT = "not adjusted for a split", "no such split"
_YEARS_NS = 3 * 365 * NS_PER_DAY
_ENOUGH_STOCKS = 5


@dataclass(frozen=True, slots=True)
class PoolSymbol:
    """What is known of one symbol of a pool.

    Attributes
    ----------
    asset_class, adjustment : str
        See `SymbolCharacteristics`.
    first, last : int
        Stamps of its first and last bar (UTC nanoseconds).
    split : bool
        Whether its bars show a split that was not adjusted for.
    """

    asset_class: str
    adjustment: str
    first: int
    last: int
    split: bool = False


def shows_split(found: Iterable[Finding], symbol: str) -> bool:
    """Return whether the findings of a symbol's series have a split in them."""
    return any(finding.rule == "splits" and finding.series.startswith(f"{symbol} ") for finding in found)


def timeframes_disagree(series: Sequence[Bars], limit: float) -> Found | None:
    """Find closes of two timeframes of one symbol that are apart at the same moments.

    Parameters
    ----------
    series : sequence of Bars
        Of one symbol, from fine to coarse.
    limit : float
        How far apart two closes may be, a share.
    """
    for place, coarse in enumerate(series):
        for fine in series[:place]:
            _, rows, others = np.intersect1d(coarse.known_at, fine.known_at, return_indices=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = coarse.close[rows] / fine.close[others]
            apart = ~(np.abs(ratio - 1) <= limit)
            if len(rows) < _ENOUGH_SHARED or apart.mean() <= _SHARE_APART:
                continue
            places = coarse.stamps[rows[apart]]
            what = f"{int(apart.sum())} of {len(rows)} closes of {coarse.timeframe} and {fine.timeframe} bars are apart"
            sentence = f"{what}, as adjusted and unadjusted prices are: {named(places)}"
            example = f"{iso(places[0])}: {float(ratio[apart][0]):.4g} times"
            return Found(int(apart.sum()), len(rows), places, sentence, example)
    return None


def mixed_adjustments(pool: Mapping[str, PoolSymbol], _: float) -> Found | None:
    """Find symbols that are adjusted differently, as somebody says, or as a split in the bars of some of them shows."""
    found: dict[str, list[str]] = {}
    split = any(one.split for one in pool.values())
    for symbol, one in sorted(pool.items()):
        adjustment = _NOT_ADJUSTED if one.split else one.adjustment or (_NO_SPLIT if split else "")
        if adjustment:
            found.setdefault(adjustment, []).append(symbol)
    if len(found) < 2:
        return None
    said = "; ".join(f"{', '.join(symbols)}: {adjustment}" for adjustment, symbols in found.items())
    sentence = f"prices are adjusted differently, so that returns on dividend and split days are not alike: {said}"
    rarest = min(found.values(), key=len)
    return Found(len(rarest), len(pool), np.empty(0, dtype=np.int64), sentence, rarest[0])


def survivorship(pool: Mapping[str, PoolSymbol], limit: float) -> Found | None:
    """Find a pool of stocks, over three years or more, none of which ends before the others."""
    stocks = {symbol: one for symbol, one in pool.items() if one.asset_class in _STOCKS}
    if len(stocks) < _ENOUGH_STOCKS:
        return None
    lasts = np.array([one.last for one in stocks.values()])
    end, begin = int(lasts.max()), min(one.first for one in stocks.values())
    if end - begin < _YEARS_NS or (end - lasts > limit * NS_PER_DAY).any():
        return None
    years = (end - begin) / (365.25 * NS_PER_DAY)
    sentence = (
        f"none of the {len(stocks)} stocks ends before {iso(int(lasts.min()))[:10]} in {years:.0f} years: those that "
        "failed or were bought are missing, so that results look better than they could have been"
    )
    return Found(len(stocks), len(pool), np.empty(0, dtype=np.int64), sentence, next(iter(stocks)))
