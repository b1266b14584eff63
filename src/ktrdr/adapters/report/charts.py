"""Charts as inline SVG. Colours are classes of the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil, floor, log10
from typing import Any

from markupsafe import Markup

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 14.0, 40.0

Scale = Callable[[float], float]
Point = tuple[float, float]


def loss_chart(epochs: Sequence[Mapping[str, Any]], kept: int) -> Markup:
    """Return the losses by epoch, with the kept epoch marked."""
    width, height = 920.0, 300.0
    losses = [epoch[name] for epoch in epochs for name in ("train_loss", "val_loss")]
    x = _scale(1, max(len(epochs), 2), _LEFT + 8, width - _RIGHT - 8)
    low, high = _padded(min(losses), max(losses))
    y = _scale(low, high, height - _BOTTOM, _TOP)
    parts = [_grid(_ticks(low, high, 5), y, width), _x_axis(_whole_ticks(len(epochs)), x, height, "epoch")]
    if kept:
        parts.append(_line("kept-line", (x(kept), _TOP), (x(kept), height - _BOTTOM)))
    for name in ("train_loss", "val_loss"):
        points = [(x(epoch["number"]), y(epoch[name])) for epoch in epochs]
        parts.append(_curve(name.removesuffix("_loss"), points, dots=len(epochs) <= 30))
    if kept:
        parts.append(_dot("val kept", (x(kept), y(epochs[kept - 1]["val_loss"])), 5.0))
    return _svg("Train and validation loss by epoch", width, height, parts)


def reliability_chart(table: Sequence[Mapping[str, Any]]) -> Markup:
    """Return how often forecasts came true by the probability given; the area of a dot is its share of the rows."""
    side = 340.0
    values = [row[name] for row in table for name in ("confidence", "accuracy")]
    low, high = max(floor(min(values) * 10 - 0.2) / 10, 0.0), min(ceil(max(values) * 10 + 0.2) / 10, 1.0)
    x = _scale(low, high, _LEFT, side - _RIGHT)
    y = _scale(low, high, side - _BOTTOM, _TOP)
    ticks, rows = _ticks(low, high, 5), sum(row["rows"] for row in table)
    points = [(x(row["confidence"]), y(row["accuracy"])) for row in table]
    parts = [_grid(ticks, y, side), _x_axis(ticks, x, side, "probability given"), _y_title(side, "came true")]
    parts.append(_line("ideal", (x(low), y(low)), (x(high), y(high))))
    parts += [_line("gap", point, (point[0], y(row["confidence"]))) for point, row in zip(points, table, strict=True)]
    parts += [
        _dot("val", point, 2.5 + 11.0 * (row["rows"] / rows) ** 0.5) for point, row in zip(points, table, strict=True)
    ]
    return _svg("How often forecasts came true, by the probability given", side, side, parts)


def interval_chart(difference: float, interval: Sequence[float]) -> Markup:
    """Return the difference from the baseline with its interval, on an axis through 0."""
    width, height = 640.0, 66.0
    low, high = _padded(min(0.0, *interval), max(0.0, *interval), 0.18)
    x, middle = _scale(low, high, 12.0, width - 12.0), 30.0
    parts = [
        _x_axis(_ticks(low, high, 7), x, height + 20, ""),
        _line("zero", (x(0.0), 4.0), (x(0.0), height - 20)),
        _line("interval", (x(interval[0]), middle), (x(interval[1]), middle)),
        *(_line("interval end", (x(end), middle - 7), (x(end), middle + 7)) for end in interval),
        _dot("interval", (x(difference), middle), 6.0),
        _text(x(0.0) - 8, 14.0, "end", "← better"),
        _text(x(0.0) + 8, 14.0, "start", "worse →"),
    ]
    return _svg("Difference from the best baseline with its 95 % interval", width, height, parts)


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)


def _padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    room = (high - low) * share or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return multiples of 1, 2, 2.5 or 5 times a power of ten within [low, high], about as many as wanted."""
    rough = (high - low) / wanted
    power = 10.0 ** floor(log10(rough))
    step = next(multiple * power for multiple in (1, 2, 2.5, 5, 10) if multiple * power >= rough * 0.999)
    return [number * step for number in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _whole_ticks(last: int) -> list[float]:
    step = max(ceil(last / 10), 1)
    return [1.0, *(float(number) for number in range(step, last + 1, step) if number > 1)]


def _grid(ticks: Sequence[float], y: Scale, width: float) -> Markup:
    marks = [
        _line("grid", (_LEFT, y(tick)), (width - _RIGHT, y(tick))) + _text(_LEFT - 8, y(tick) + 4, "end", f"{tick:.4g}")
        for tick in ticks
    ]
    return Markup("").join(marks)


def _x_axis(ticks: Sequence[float], x: Scale, height: float, title: str) -> Markup:
    base = height - _BOTTOM
    marks = [
        _line("tick", (x(tick), base), (x(tick), base + 4)) + _text(x(tick), base + 18, "middle", f"{tick:.4g}")
        for tick in ticks
    ]
    return Markup("").join([*marks, _text((x(ticks[0]) + x(ticks[-1])) / 2, height - 4, "middle", title)])


def _y_title(height: float, title: str) -> Markup:
    middle = (height - _BOTTOM + _TOP) / 2
    return Markup(
        '<text class="axis" text-anchor="middle" transform="translate(12 {:.1f}) rotate(-90)">{}</text>'
    ).format(middle, title)


def _line(kind: str, start: Point, end: Point) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(kind, *start, *end)


def _dot(kind: str, centre: Point, radius: float) -> Markup:
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(kind, *centre, radius)


def _text(x: float, y: float, anchor: str, text: str) -> Markup:
    return Markup('<text class="axis" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(x, y, anchor, text)


def _curve(kind: str, points: Sequence[Point], *, dots: bool) -> Markup:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    line = Markup('<polyline class="{}" points="{}"/>').format(kind, path)
    return Markup("").join([line, *(_dot(kind, point, 2.5) for point in points if dots)])


def _svg(label: str, width: float, height: float, parts: Sequence[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">').format(width, height, label)
    return head + Markup("").join(parts) + Markup("</svg>")
