"""Volumes that are missing, and volumes in two units."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text, marked

_WINDOW = 10
_SHORTEST = 5


def zero_volume(evidence: Evidence, limit: float) -> Found | None:
    """Find bars without volume in a series that has volume otherwise."""
    silent = evidence.bars.volume == 0
    if silent.all() or silent.mean() <= limit:
        return None
    return marked(evidence.bars, silent, "have no volume")


def no_volume(evidence: Evidence, _: float) -> Found | None:
    """Find a series without any volume."""
    bars = evidence.bars
    if bars.volume.any():
        return None
    return Found(len(bars), len(bars), bars.stamps[:1], "no bar has volume", bar_text(bars, 0))


def volume_units(evidence: Evidence, limit: float) -> Found | None:
    """Find sessions from which on, for ten sessions or more, volume is a large multiple or small part of before."""
    dates, levels = _levels(evidence)
    width = min(_WINDOW, len(levels) // 2)
    if width < _SHORTEST:
        return None
    medians = np.median(np.lib.stride_tricks.sliding_window_view(levels, width), axis=1)
    change = medians[width:] - medians[:-width]
    size = np.abs(change)
    beyond = size > np.log(limit)
    if not beyond.any():
        return None
    edges = np.flatnonzero(np.diff(np.concatenate(([False], beyond, [False])).astype(np.int8)))
    steps = np.abs(np.diff(levels, prepend=levels[:1]))
    turns = [
        begin + width // 2 + int(steps[begin + width // 2 : end + 3 * width // 2].argmax())
        for begin, end in edges.reshape(-1, 2)
    ]
    factors = [np.exp(change[begin:end][size[begin:end].argmax()]) for begin, end in edges.reshape(-1, 2)]
    shown = ", ".join(
        f"{iso(dates[turn])[:10]} (x {factor:{',.0f' if factor >= 1000 else '.3g'}})"
        for turn, factor in zip(turns[:5], factors, strict=False)
    )
    sentence = f"volume changes its unit, it seems: for ten sessions and more it is another size from {shown} on"
    return Found(len(turns), len(levels), dates[turns], sentence, shown.partition(", ")[0])


def _levels(evidence: Evidence) -> tuple[Int64s, Floats]:
    """Return the stamps and the mean log volume of each session, or of each bar of a day or more."""
    bars, there = evidence.bars, evidence.bars.volume > 0
    if bars.timeframe.intraday:
        there &= evidence.session >= 0
    logs, stamps = np.log(bars.volume[there]), bars.stamps[there]
    if not bars.timeframe.intraday or not len(stamps):
        return stamps, logs
    starts = np.flatnonzero(np.diff(evidence.session[there], prepend=-1))
    return stamps[starts], np.add.reduceat(logs, starts) / np.diff(np.append(starts, len(stamps)))
