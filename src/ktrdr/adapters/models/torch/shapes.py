"""Membership functions as tensors, in coordinates that gradients may move freely."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Coordinates = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of membership in coordinates that may move freely: a place, then sizes that keep their sign.

    Attributes
    ----------
    natural : callable
        Parameters as they are written to coordinates.
    written : callable
        And back; feet in order, whatever positive sizes are given.
    unit : callable
        Coordinates to the length in which the place moves: the set's own width.
    degrees : callable
        Whether any size is 0, values and coordinates, each of shape (..., n), to degrees of that shape.
    """

    natural: Callable[..., Coordinates]
    written: Callable[..., Coordinates]
    unit: Callable[..., float]
    degrees: Callable[..., Tensor]


def _rising(offset: Tensor, width: Tensor, has_vertical: bool) -> Tensor:
    """Return the edge that reaches 1 at offset 0; vertical where the width is 0, which it then stays."""
    if not has_vertical:
        return torch.clamp(1 + offset / width, 0, 1)
    vertical = width == 0
    slope = torch.clamp(1 + offset / torch.where(vertical, 1, width), 0, 1)
    return torch.where(vertical, (offset >= 0).to(slope.dtype), slope)


def _triangular(has_vertical: bool, x: Tensor, peak: Tensor, left: Tensor, right: Tensor) -> Tensor:
    offset = x - peak
    return torch.minimum(_rising(offset, left, has_vertical), _rising(-offset, right, has_vertical))


def _trapezoidal(has_vertical: bool, x: Tensor, start: Tensor, left: Tensor, top: Tensor, right: Tensor) -> Tensor:
    offset = x - start
    return torch.minimum(_rising(offset, left, has_vertical), _rising(top - offset, right, has_vertical))


def _left_shoulder(has_vertical: bool, x: Tensor, top: Tensor, width: Tensor) -> Tensor:
    return _rising(top - x, width, has_vertical)


def _right_shoulder(has_vertical: bool, x: Tensor, top: Tensor, width: Tensor) -> Tensor:
    return _rising(x - top, width, has_vertical)


def _sigmoid(_: bool, x: Tensor, centre: Tensor, slope: Tensor) -> Tensor:
    return torch.sigmoid(slope * (x - centre))


def _gaussian(_: bool, x: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    return torch.exp(-0.5 * ((x - mu) / sigma) ** 2)


def _bell(_: bool, x: Tensor, centre: Tensor, width: Tensor, steepness: Tensor) -> Tensor:
    distance = ((x - centre) / width).abs()
    near = distance == 0
    degrees = torch.sigmoid(-2 * steepness * torch.log(torch.where(near, 1, distance)))
    return torch.where(near, 1, degrees)


SHAPES: Mapping[str, Shape] = {
    "triangular": Shape(
        lambda a, b, c: (b, b - a, c - b),
        lambda peak, left, right: (peak - left, peak, peak + right),
        lambda _peak, left, right: (left + right) / 2,
        _triangular,
    ),
    "trapezoidal": Shape(
        lambda a, b, c, d: (b, b - a, c - b, d - c),
        lambda start, left, top, right: (start - left, start, start + top, start + top + right),
        lambda _start, left, _top, right: (left + right) / 2,
        _trapezoidal,
    ),
    "gaussian": Shape(
        lambda mu, sigma: (mu, sigma),
        lambda mu, sigma: (mu, sigma),
        lambda _mu, sigma: sigma,
        _gaussian,
    ),
    "bell": Shape(
        lambda a, b, c: (c, a, b),
        lambda centre, width, steepness: (width, steepness, centre),
        lambda _centre, width, _steepness: width,
        _bell,
    ),
    "sigmoid": Shape(
        lambda slope, centre: (centre, slope),
        lambda centre, slope: (slope, centre),
        lambda _centre, slope: 1 / abs(slope),
        _sigmoid,
    ),
    "left_shoulder": Shape(
        lambda a, b: (a, b - a),
        lambda top, width: (top, top + width),
        lambda _top, width: width,
        _left_shoulder,
    ),
    "right_shoulder": Shape(
        lambda a, b: (b, b - a),
        lambda top, width: (top - width, top),
        lambda _top, width: width,
        _right_shoulder,
    ),
}
"""Every kind of the catalogue."""
