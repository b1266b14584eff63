"""Charts over time: panels below each other, one pixel column for many bars where there are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ktrdr.adapters.report.svg import (
    Floats,
    area,
    below,
    boxes,
    curve,
    drawing,
    level_lines,
    linear,
    padded,
    ticks,
    time_ticks,
    words,
)
from ktrdr.domain.market.bars import Bars

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 960.0, 64.0, 14.0, 12.0, 30.0
_PRICE, _PANEL = 250.0, 180.0
_MARK = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One line of a panel; `tone` is the number of its colour."""

    values: Floats
    tone: int


@dataclass(frozen=True, slots=True)
class Band:
    """A range of values that is marked across a panel."""

    name: str
    low: float
    high: float
    tone: int


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Triangles at prices of some bars, one in six pixels: ``up`` below the price or ``down`` above it.

    `places` ascend and say which bars; both arrays have shape (n_marks,).
    """

    places: NDArray[np.int64]
    prices: Floats
    points: Literal["up", "down"]
    tone: int


def price_chart(
    title: str,
    bars: Bars,
    lines: Sequence[Line] = (),
    classes: NDArray[np.int64] | None = None,
    marks: Sequence[Marks] = (),
) -> Markup:
    """Return the closes inside the range from low to high, with lines in price units over them.

    Parameters
    ----------
    title : str
        What a screen reader says.
    bars : Bars
    lines : sequence of Line
    classes : ndarray of int64, shape (n_bars,), optional
        Colours what lies behind each bar; -1 for none.
    marks : sequence of Marks
    """
    x = _across(len(bars))
    low, high = padded(float(bars.low.min()), float(bars.high.max()))
    y = linear(low, high, _PRICE - _BOTTOM, _TOP)
    parts = [] if classes is None else [_backdrop(x, classes)]
    parts += [_levels(low, high, _PRICE), area("range", x, y(bars.low), y(bars.high)), curve("price", x, y(bars.close))]
    parts += [curve(f"tone c{item.tone}", x, y(item.values)) for item in lines]
    parts += [_triangles(item, x, y(item.prices)) for item in marks]
    return drawing(title, _WIDTH, _PRICE, [*parts, _times(bars, x, _PRICE)])


def panel(title: str, bars: Bars, lines: Sequence[Line], bands: Sequence[Band] = ()) -> Markup:
    """Return lines over the same time axis as `price_chart`, and named bands across them."""
    x = _across(len(bars))
    drawn = np.concatenate([item.values[np.isfinite(item.values)] for item in lines])
    low, high = padded(float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    y = linear(low, high, _PANEL - _BOTTOM, _TOP)
    parts = [_band(item, y(min(item.high, high)), y(max(item.low, low))) for item in bands if item.low < high > low]
    parts += [_levels(low, high, _PANEL)]
    parts += [curve(f"tone c{item.tone}", x, y(item.values)) for item in lines]
    return drawing(title, _WIDTH, _PANEL, [*parts, _times(bars, x, _PANEL)])


def _across(count: int) -> Floats:
    scale = linear(0, max(count - 1, 1), _LEFT, _WIDTH - _RIGHT)
    pixels: Floats = scale(np.arange(count, dtype=np.float64))
    return pixels


def _levels(low: float, high: float, height: float) -> Markup:
    y = linear(low, high, height - _BOTTOM, _TOP)
    return level_lines(ticks(low, high, 4), y, _LEFT, _WIDTH - _RIGHT)


def _times(bars: Bars, x: Floats, height: float) -> Markup:
    inside = [(place, text) for place, text in time_ticks(bars.stamps) if _LEFT + 30 < x[place] < _WIDTH - _RIGHT - 30]
    return below([(float(x[place]), text) for place, text in inside], height - _BOTTOM)


def _triangles(item: Marks, x: Floats, y: Floats) -> Markup:
    pixels = x[item.places]
    first = np.flatnonzero(np.diff(np.floor(pixels / _MARK), prepend=-1.0))
    height = _MARK if item.points == "up" else -_MARK
    path = "".join(
        f"M{across:.1f} {down:.1f}l{_MARK / 2:.1f} {height:.1f}h{-_MARK:.1f}Z"
        for across, down in zip(pixels[first].tolist(), y[first].tolist(), strict=True)
    )
    return Markup('<path class="mark c{}" d="{}"/>').format(item.tone, path) if path else Markup("")


def _band(item: Band, top: float, bottom: float) -> Markup:
    if bottom <= top:
        return Markup("")
    shape = boxes(f"band c{item.tone}", [(_LEFT, _WIDTH - _RIGHT, top, bottom)])
    return shape + (words(_WIDTH - _RIGHT - 6, top + 13, "end", item.name) if bottom - top >= 15 else Markup(""))


def _backdrop(x: Floats, classes: NDArray[np.int64]) -> Markup:
    """Return each pixel column in the colour of the class that most of its bars have."""
    pixel = np.floor(x - _LEFT).astype(np.int64)
    columns, kinds = int(pixel[-1]) + 1, int(classes.max(initial=0)) + 2
    counts = np.bincount(pixel * kinds + classes + 1, minlength=columns * kinds).reshape(columns, kinds)
    seen = counts.any(axis=1)
    held = np.maximum.accumulate(np.where(seen, np.arange(columns), 0))
    winner = counts.argmax(axis=1)[held] - 1
    edges = np.flatnonzero(np.diff(winner)) + 1
    starts, ends = np.concatenate(([0], edges)), np.append(edges, columns)
    shapes = []
    for kind in range(kinds - 1):
        spans = [
            (_LEFT + start, _LEFT + end, _TOP, _PRICE - _BOTTOM)
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
            if winner[start] == kind
        ]
        shapes.append(boxes(f"strip c{kind}", spans))
    return Markup("").join(shapes)
