"""The charts of a model's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

from markupsafe import Markup

from ktrdr.adapters.report.svg import Point, Scale, below, dot, drawing, level_lines, line, linear, padded, ticks, words

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 16.0, 14.0, 40.0


def loss_chart(epochs: Sequence[Mapping[str, Any]], kept: int) -> Markup:
    """Return the losses by epoch that there are, with the kept epoch marked; there must be one in every epoch."""
    width, height = 920.0, 300.0
    names = losses_of(epochs)
    losses = [epoch[name] for epoch in epochs for name in names]
    x = linear(1, max(len(epochs), 2), _LEFT + 8, width - _RIGHT - 8)
    low, high = padded(min(losses), max(losses))
    y = linear(low, high, height - _BOTTOM, _TOP)
    parts = [_grid(ticks(low, high, 5), y, width), _x_axis(_whole_ticks(len(epochs)), x, height, "epoch")]
    if kept:
        parts.append(line("kept-line", (x(kept), _TOP), (x(kept), height - _BOTTOM)))
    for name in names:
        points = [(x(epoch["number"]), y(epoch[name])) for epoch in epochs]
        parts.append(_curve(name.removesuffix("_loss"), points, dots=len(epochs) <= 30))
    if kept and "val_loss" in names:
        parts.append(dot("val kept", (x(kept), y(epochs[kept - 1]["val_loss"])), 5.0))
    return drawing("Train and validation loss by epoch", width, height, parts)


def losses_of(epochs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return which losses every epoch has."""
    return [name for name in ("train_loss", "val_loss") if all(epoch.get(name) is not None for epoch in epochs)]


def reliability_chart(table: Sequence[Mapping[str, Any]]) -> Markup:
    """Return how often forecasts came true by the probability given; the area of a dot is its share of the rows."""
    side = 340.0
    values = [row[name] for row in table for name in ("confidence", "accuracy")]
    low, high = max(floor(min(values) * 10 - 0.2) / 10, 0.0), min(ceil(max(values) * 10 + 0.2) / 10, 1.0)
    x = linear(low, high, _LEFT, side - _RIGHT)
    y = linear(low, high, side - _BOTTOM, _TOP)
    marks, rows = ticks(low, high, 5), sum(row["rows"] for row in table)
    points = [(x(row["confidence"]), y(row["accuracy"])) for row in table]
    parts = [_grid(marks, y, side), _x_axis(marks, x, side, "probability given"), _y_title(side, "came true")]
    parts.append(line("ideal", (x(low), y(low)), (x(high), y(high))))
    parts += [line("gap", point, (point[0], y(row["confidence"]))) for point, row in zip(points, table, strict=True)]
    parts += [
        dot("val", point, 2.5 + 11.0 * (row["rows"] / rows) ** 0.5) for point, row in zip(points, table, strict=True)
    ]
    return drawing("How often forecasts came true, by the probability given", side, side, parts)


def contribution_chart(groups: Sequence[Mapping[str, Any]], unit: str) -> Markup:
    """Return a dot for each row and group at what the group adds there; equal ones stand beside each other."""
    width, names, lane = 920.0, 240.0, 34.0
    height = _TOP + lane * len(groups) + _BOTTOM
    every = [value for group in groups for value in group["values"]]
    low, high = padded(min(0.0, *every), max(0.0, *every))
    x = linear(low, high, names, width - _RIGHT)
    parts = [line("zero", (x(0.0), _TOP), (x(0.0), height - _BOTTOM))]
    for place, group in enumerate(groups):
        middle = _TOP + lane * (place + 0.5)
        parts.append(words(names - 12, middle + 4, "end", _short(group["group"])))
        parts.append(_swarm([x(value) for value in group["values"]], middle, lane / 2 - 3))
    parts.append(_x_axis(ticks(low, high, 7), x, height, f"adds to the {unit}"))
    return drawing("What each group adds, row by row", width, height, parts)


def _swarm(across: Sequence[float], middle: float, most: float) -> Markup:
    """Return dots on a lane, those of one place in turn above and below its middle, as far as there is room."""
    counts: dict[int, int] = {}
    path = []
    for at in across:
        column = int(at / 3)
        number = counts[column] = counts.get(column, -1) + 1
        away = min((number + 1) // 2 * 1.5, most)
        path.append(f"M{at:.1f} {middle + (away if number % 2 else -away):.1f}h0")
    return Markup('<path class="swarm" d="{}"/>').format("".join(path))


def _short(name: str) -> str:
    return name if len(name) <= 32 else f"{name[:31]}…"


def interval_chart(difference: float, interval: Sequence[float]) -> Markup:
    """Return the difference from the baseline with its interval, on an axis through 0."""
    width, height = 640.0, 66.0
    low, high = padded(min(0.0, *interval), max(0.0, *interval), 0.18)
    x, middle = linear(low, high, 12.0, width - 12.0), 30.0
    parts = [
        _x_axis(ticks(low, high, 7), x, height + 20, ""),
        line("zero", (x(0.0), 4.0), (x(0.0), height - 20)),
        line("interval", (x(interval[0]), middle), (x(interval[1]), middle)),
        *(line("interval end", (x(end), middle - 7), (x(end), middle + 7)) for end in interval),
        dot("interval", (x(difference), middle), 6.0),
        words(x(0.0) - 8, 14.0, "end", "← better"),
        words(x(0.0) + 8, 14.0, "start", "worse →"),
    ]
    return drawing("Difference from the best baseline with its 95 % interval", width, height, parts)


def _whole_ticks(last: int) -> list[float]:
    step = max(ceil(last / 10), 1)
    return [1.0, *(float(number) for number in range(step, last + 1, step) if number > 1)]


def _grid(places: Sequence[float], y: Scale, width: float) -> Markup:
    return level_lines(places, y, _LEFT, width - _RIGHT)


def _x_axis(places: Sequence[float], x: Scale, height: float, title: str) -> Markup:
    marks = below([(x(place), f"{place:.4g}") for place in places], height - _BOTTOM)
    return marks + words((x(places[0]) + x(places[-1])) / 2, height - 4, "middle", title)


def _y_title(height: float, title: str) -> Markup:
    middle = (height - _BOTTOM + _TOP) / 2
    return Markup(
        '<text class="axis" text-anchor="middle" transform="translate(12 {:.1f}) rotate(-90)">{}</text>'
    ).format(middle, title)


def _curve(kind: str, points: Sequence[Point], *, dots: bool) -> Markup:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = Markup('<polyline class="{}" points="{}"/>').format(kind, path)
    return Markup("").join([drawn, *(dot(kind, point, 2.5) for point in points if dots)])
