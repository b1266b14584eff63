"""Pieces of inline SVG. Colours are classes of the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, floor, log10
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

Scale = Callable[[Any], Any]
Point = tuple[float, float]
Floats = NDArray[np.float64]


def linear(low: float, high: float, start: float, end: float) -> Scale:
    """Return the map of [low, high] onto [start, end], for a number or an array."""
    return lambda value: start + (value - low) / (high - low) * (end - start)


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """Return the range with some room on both sides; never empty."""
    room = (high - low) * share or abs(high) * 0.05 or 1.0
    return low - room, high + room


def ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return multiples of 1, 2, 2.5 or 5 times a power of ten within [low, high], about as many as wanted."""
    rough = (high - low) / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(multiple * power for multiple in (1, 2, 2.5, 5, 10) if multiple * power >= rough * 0.999)
    return [number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def time_ticks(stamps: NDArray[np.int64], wanted: int = 7) -> list[tuple[int, str]]:
    """Return positions at which a year, month, day, hour or minute begins, with its text; at most `wanted`.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        UTC nanoseconds, ascending.
    wanted : int
    """
    times, begins = stamps.astype("datetime64[ns]"), np.empty(0, dtype=np.int64)
    for unit in ("Y", "M", "D", "h", "m"):
        begins = np.flatnonzero(np.diff(times.astype(f"datetime64[{unit}]").astype(np.int64))) + 1
        if len(begins) >= max(wanted // 2, 2):
            break
    chosen = begins[:: ceil(len(begins) / wanted)] if len(begins) else begins
    return [(int(place), _moment(times[place], unit)) for place in chosen]


def _moment(time: np.datetime64, unit: str) -> str:
    return str(time.astype(f"datetime64[{'m' if unit in 'hm' else unit}]")).replace("T", " ")


def decimate(x: Floats, y: Floats) -> NDArray[np.int64]:
    """Return which points of a line to draw: of each whole pixel the first, the last, the lowest and the highest.

    Parameters
    ----------
    x : ndarray of float64, shape (n,)
        Pixels, ascending.
    y : ndarray of float64, shape (n,)
        NaN where the line is broken; such points are never chosen.

    Returns
    -------
    ndarray of int64, at most 4 a pixel
        Positions, ascending. The drawn line covers the same pixels as that of all points.

    References
    ----------
    Jugel et al. (2014), M4: A Visualization-Oriented Time Series Data Aggregation, VLDB 7(10).
    """
    there = np.flatnonzero(np.isfinite(y))
    pixel = np.floor(x[there])
    edges = np.diff(pixel) != 0
    first, last = np.concatenate(([True], edges)), np.concatenate((edges, [True]))
    if not len(there):
        return there
    by_height = np.lexsort((y[there], pixel))
    return np.unique(
        there[np.concatenate([np.flatnonzero(first), np.flatnonzero(last), by_height[first], by_height[last]])]
    )


def curve(kind: str, x: Floats, y: Floats) -> Markup:
    """Return a line through points in pixels, decimated, broken where y is NaN."""
    kept = decimate(x, y)
    if not len(kept):
        return Markup("")
    gap = np.cumsum(~np.isfinite(y))[kept]
    starts = np.concatenate(([True], np.diff(gap) != 0))
    points = zip(starts, x[kept], y[kept], strict=True)
    path = "".join(f"{'M' if start else 'L'}{across:.1f} {down:.1f}" for start, across, down in points)
    return Markup('<path class="{}" d="{}"/>').format(kind, path)


def area(kind: str, x: Floats, low: Floats, high: Floats) -> Markup:
    """Return what lies between two lines in pixels, decimated."""
    upper, lower = decimate(x, high), decimate(x, low)[::-1]
    if not len(upper) or not len(lower):
        return Markup("")
    points = [*zip(x[upper], high[upper], strict=True), *zip(x[lower], low[lower], strict=True)]
    path = "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
    return Markup('<path class="{}" d="M{}Z"/>').format(kind, path)


def boxes(kind: str, spans: Sequence[tuple[float, float, float, float]]) -> Markup:
    """Return rectangles (left, right, top, bottom) as one shape."""
    path = "".join(f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z" for left, right, top, bottom in spans)
    return Markup('<path class="{}" d="{}"/>').format(kind, path) if path else Markup("")


def line(kind: str, start: Point, end: Point) -> Markup:
    """Return a straight line."""
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, *start, *end)


def dot(kind: str, centre: Point, radius: float) -> Markup:
    """Return a circle."""
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(kind, *centre, radius)


def words(x: float, y: float, anchor: str, text: str) -> Markup:
    """Return a text."""
    return Markup('<text class="axis" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def level_lines(places: Sequence[float], y: Scale, left: float, right: float) -> Markup:
    """Return a horizontal line with its number at each place of a vertical axis."""
    marks = [
        line("grid", (left, y(at)), (right, y(at))) + words(left - 8, y(at) + 4, "end", f"{at:.4g}") for at in places
    ]
    return Markup("").join(marks)


def below(places: Sequence[tuple[float, str]], base: float) -> Markup:
    """Return the marks of a horizontal axis: pixel and text each."""
    marks = [line("tick", (at, base), (at, base + 4)) + words(at, base + 18, "middle", text) for at, text in places]
    return Markup("").join(marks)


def drawing(label: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    """Return the whole drawing; `label` is what a screen reader says."""
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">').format(width, height, label)
    return head + Markup("").join(parts) + Markup("</svg>")
