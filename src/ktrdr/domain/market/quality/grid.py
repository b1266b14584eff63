"""Prices on a grid: too coarse for their moves, or finer in one stretch than in another."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text

_STEPS = (1.0, 2.0, 2.5, 5.0)
_ON_GRID = 0.99
_SAMPLE = 5_000
_MOST_DECIMALS, _FEWEST_DECIMALS = 6, -3
_BLOCK, _LASTING = 25, 4


def coarse_grid(evidence: Evidence, limit: float) -> Found | None:
    """Find prices that all lie on steps so wide that a usual bar spans fewer than some of them."""
    bars = evidence.bars
    close = bars.close[:: max(len(bars) // _SAMPLE, 1)]
    moving = np.concatenate((bars.high - bars.low, np.abs(np.diff(bars.close))))
    moving = moving[moving > 0]
    if len(np.unique(close)) < 3 or not len(moving):
        return None
    usual = float(np.median(moving, overwrite_input=True))
    powers = 10.0 ** np.arange(np.floor(np.log10(usual / limit)), np.ceil(np.log10(usual)) + 3)
    for step in sorted((power * part for power in powers for part in _STEPS), reverse=True):
        places = close / step
        if (
            step * limit > usual
            and (np.abs(places - np.rint(places)) < 1e-6 * np.maximum(places, 1)).mean() >= _ON_GRID
        ):
            sentence = f"prices move in steps of {step:g}, and a usual bar spans {usual / step:.1f} of them"
            return Found(len(bars), len(bars), bars.stamps[:1], sentence, bar_text(bars, 0))
    return None


def decimals_change(evidence: Evidence, limit: float) -> Found | None:
    """Find stretches whose prices have fewer decimals than those beside them, and too few for their moves."""
    bars = evidence.bars
    n_blocks = len(bars) // _BLOCK
    if n_blocks < 2 * _LASTING:
        return None
    used = slice(0, n_blocks * _BLOCK)
    finest = np.max([_decimals(price[used].reshape(n_blocks, _BLOCK)) for price in evidence.prices], axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(finest, _LASTING)
    left, right = windows[:-_LASTING], windows[_LASTING:]
    rises, falls = right.min(axis=1) > left.max(axis=1), left.min(axis=1) > right.max(axis=1)
    if not (rises | falls).any():
        return None
    spans = np.median((bars.high - bars.low)[used].reshape(n_blocks, _BLOCK), axis=1)
    coarse = 10.0**-finest * limit > spans
    edges = np.arange(_LASTING, _LASTING + len(left))
    changes = edges[(rises & coarse[edges - 1]) | (falls & coarse[edges])]
    changes = changes[np.diff(changes, prepend=-2) > 1]
    if not len(changes):
        return None
    stamps = bars.stamps[changes * _BLOCK]
    shown = [
        f"{iso(stamp)[:10]} ({10.0 ** -finest[edge - 1]:g} before, {10.0 ** -finest[edge]:g} after)"
        for stamp, edge in zip(stamps[:5], changes, strict=False)
    ]
    sentence = f"prices change their decimals, and have few for their moves: steps change at {', '.join(shown)}"
    return Found(len(changes), len(bars), stamps, sentence, shown[0])


def _decimals(blocks: Floats) -> Int64s:
    """Return how many decimals the prices of each block need, at most one more than are told apart; -1 for tens.

    Nearly always a block needs those of its first price, and one look at the others tells.
    """
    needed = _each_needs(blocks[:, 0])
    for decimals in np.unique(needed[needed <= _MOST_DECIMALS]).tolist():
        rows = np.flatnonzero(needed == decimals)
        more = rows[~_fits(blocks[rows], decimals).all(axis=1)]
        needed[more] = _each_needs(blocks[more]).max(axis=1, initial=decimals)
    return needed


def _each_needs(prices: Floats) -> Int64s:
    needed, left = np.full(prices.size, _MOST_DECIMALS + 1, dtype=np.int64), np.arange(prices.size)
    for decimals in range(_FEWEST_DECIMALS, _MOST_DECIMALS + 1):
        fits = _fits(prices.ravel()[left], decimals)
        needed[left[fits]], left = decimals, left[~fits]
    return needed.reshape(prices.shape)


def _fits(prices: Floats, decimals: int) -> Bools:
    """Return which prices need no more than so many decimals; nearly all of those do to the last bit."""
    rounded = np.round(prices, decimals)
    fits: Bools = prices == rounded
    rest = ~fits
    room = np.minimum(1e-7 * np.maximum(np.abs(prices[rest]), 1e-3), 0.02 * 10.0**-decimals)
    fits[rest] = np.abs(prices[rest] - rounded[rest]) <= room
    return fits
