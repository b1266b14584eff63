"""Integrated gradients: what each input of a network adds on the way from a baseline to where it is."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ktrdr.adapters.models.torch.devices import one_thread
from ktrdr.adapters.models.torch.fuzzify import Fuzzify
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.training.contributions import Contributions

ABSOLUTE, RELATIVE = 2e-3, 0.02
"""How far the contributions of a sample may be from adding up to the change of an output before its way is cut finer:
the larger of a number and a share of the change."""
_POINTS, _MOST_POINTS = 8, 256
_VALUES = 1_000_000
"""Numbers that go into one pass."""


def integrated_gradients(network: nn.Module, samples: Float32s, baseline: Float32s) -> Contributions:
    """Return the contributions of samples, in the order of what the network reads.

    Parameters
    ----------
    network : nn.Module
        In evaluation; left as it is. Of one that begins with `Fuzzify` the features which that makes are explained.
    samples : ndarray of float32, shape (n_samples, n_inputs) or (n_samples, window, n_inputs)
        The rows of a window are added up.
    baseline : ndarray of float32, shape (n_inputs,)
        The same for every row of a window.

    Notes
    -----
    The straight way to each sample is cut by a Gauss-Legendre rule of 8 points, and into halves again where the sum
    misses the change of an output by more than 0.002 and 2 %, up to 256 points: smooth networks need 8, kinks
    more. What is lacking then is shared among the features by the size of their contributions, so that these add up.

    References
    ----------
    Sundararajan, Taly and Yan (2017), Axiomatic attribution for deep networks, ICML.
    """
    with one_thread(), torch.enable_grad():
        ends, start = torch.from_numpy(np.array(samples)), torch.from_numpy(np.array(baseline, dtype=np.float32))
        fuzzify = next((layer for layer in network.children() if isinstance(layer, Fuzzify)), None)
        if fuzzify is not None:
            ends, start, network = fuzzify(ends), fuzzify(start[None])[0], network.get_submodule("network")
        return _refined(network, ends, start.expand(ends.shape[1:]))


def _refined(network: nn.Module, ends: Tensor, start: Tensor) -> Contributions:
    base: Floats = network(start[None])[0].double().numpy()
    change: Floats = network(ends).double().numpy() - base
    values = np.zeros((len(ends), ends.shape[-1], len(base)))
    accepted = np.maximum(ABSOLUTE, RELATIVE * np.abs(change))
    rough, pieces = np.arange(len(ends)), 1
    while len(rough) and pieces * _POINTS <= _MOST_POINTS:
        step = max(_VALUES // (pieces * _POINTS * start.numel()), 1)
        for some in np.split(rough, range(step, len(rough), step)):
            values[some] = _integrated(network, ends[some], start, pieces)
        lacking = np.abs(change[rough] - values[rough].sum(axis=1))
        rough, pieces = rough[(lacking > accepted[rough]).any(axis=1)], pieces * 2
    return Contributions(_completed(values, change), np.tile(base, (len(ends), 1)), "integrated_gradients", 1e-5)


def _completed(values: Floats, change: Floats) -> Floats:
    """Return contributions that add up to the change, shape (n_samples, n_outputs); what lacks is shared by size."""
    size = np.abs(values)
    total = size.sum(axis=1, keepdims=True)
    share = np.divide(size, total, out=np.full_like(size, 1 / values.shape[1]), where=total > 0)
    completed: Floats = values + share * (change - values.sum(axis=1))[:, None]
    return completed


def _integrated(network: nn.Module, ends: Tensor, start: Tensor, pieces: int) -> Floats:
    """Return contributions, shape (n_samples, n_features, n_outputs), by a rule in each of equal pieces of the way."""
    places, weights = _rule(pieces)
    way = ends - start
    points = (start + places.view(-1, *[1] * ends.ndim) * way).flatten(0, 1).requires_grad_()
    outputs = network(points)
    found = []
    for output in range(outputs.shape[1]):
        (gradient,) = torch.autograd.grad(outputs[:, output].sum(), points, retain_graph=True)
        added = torch.tensordot(weights, gradient.reshape(len(places), len(ends), *gradient.shape[1:]), dims=1) * way
        found.append(added if added.ndim == 2 else added.sum(dim=1))
    return torch.stack(found, dim=-1).double().numpy()


def _rule(pieces: int) -> tuple[Tensor, Tensor]:
    """Return places from 0 to 1 and their weights: a Gauss-Legendre rule in each of equal pieces."""
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    places = (np.arange(pieces)[:, None] + (nodes + 1) / 2) / pieces
    both = places.reshape(-1), np.tile(weights / (2 * pieces), pieces)
    return torch.from_numpy(both[0]).float(), torch.from_numpy(both[1]).float()
