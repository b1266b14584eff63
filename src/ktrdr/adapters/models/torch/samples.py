"""The samples that a fit reads: single rows, or windows that are a view of the rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ktrdr.adapters.models.torch.losses import Shares
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.training.model import Rows
from ktrdr.domain.training.scaling import Scaler

Batch = tuple[Any, Tensor, Tensor | None]
"""Inputs, targets, and weights where there are any."""
_GATHERED_ROWS = 65_536
"""Rows that are copied at a time, in whole batches: a shuffled copy of all of them would double the memory."""
_COPIED_BYTES = 64 * 2**20
"""Up to this size a matrix is copied to be scaled."""
Scale = Callable[[Tensor], Tensor]


def _as_it_is(rows: Tensor) -> Tensor:
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The rows of a fit on its device, and what makes inputs of them.

    On the CPU they are the caller's own memory wherever samples are copied out of it anyway: any number of fits share
    one matrix, and none writes to it. Of a small one a scaled copy is made; of a large one what was read is scaled,
    which gives the same bits and costs a recurrent network a twelfth of its time.
    """

    rows: Tensor
    scale: Scale = _as_it_is

    @classmethod
    def of(cls, rows: Rows, device: torch.device, scaler: Scaler | None = None) -> Series:
        """Return the rows of a part."""
        inputs = rows.inputs
        to_scale = scaler is not None and len(scaler.moved) > 0
        shared = rows.ends is not None and device.type == "cpu" and inputs.flags.c_contiguous
        if shared and (not to_scale or inputs.nbytes > _COPIED_BYTES):
            return cls(_shared(inputs), _scale_of(scaler))
        return cls(on_device(inputs if scaler is None else scaler.transform(inputs), device))

    @property
    def largest(self) -> float:
        """The largest absolute input."""
        bounds = torch.stack([self.rows.amin(0), self.rows.amax(0)])
        return float(self.scale(bounds).abs().max())


def _shared(inputs: np.ndarray) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it may not be writeable, and nobody writes to it
        return torch.from_numpy(inputs)


def _scale_of(scaler: Scaler | None) -> Scale:
    """Return what scales a copy of some rows as `Scaler.transform` does, to the bit."""
    if scaler is None or not len(scaler.moved):
        return _as_it_is
    centre, scale = torch.from_numpy(scaler.centre), torch.from_numpy(scaler.scale)
    return lambda rows: rows.double().sub_(centre).div_(scale).float()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples on the device that fits.

    Attributes
    ----------
    inputs : Tensor, shape (n_rows, n_inputs) or (n_windows, window, n_inputs)
        All rows; or all windows, as a view of the rows, so that only the windows of one batch are ever copied.
    targets : Tensor, shape (n_samples,)
    places : Tensor of int64, shape (n_samples,), or None
        Which of the inputs each sample is; None: sample i is input i.
    weights : Tensor, shape (n_samples,), or None
        Above 0: samples of weight 0 are left out.
    counts : tuple of int
        How many samples each group has, one after the other; empty where there are no groups.
    scale : callable
        Makes inputs of what was copied out of the rows.
    """

    inputs: Tensor
    targets: Tensor
    places: Tensor | None = None
    weights: Tensor | None = None
    counts: tuple[int, ...] = ()
    scale: Scale = _as_it_is

    @classmethod
    def of(cls, rows: Rows, series: Series, window: int | None = None) -> Part:
        """Return the samples that count of a series, on its device."""
        device, ends = series.rows.device, rows.ends
        if ends is None and (window is not None or rows.weights is not None):
            ends = np.arange(len(rows.targets), dtype=np.int64)
        kept: slice | Int64s = slice(None) if rows.weights is None else counted(rows.weights)
        return cls(
            series.rows if window is None else _windows(series.rows, window),
            on_device(rows.targets[kept], device),
            None if ends is None else on_device(ends[kept] - ((window or 1) - 1), device),
            None if rows.weights is None else on_device(rows.weights[kept], device),
            () if rows.groups is None else _group_counts(rows.groups[kept]),
            series.scale,
        )

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.targets)

    @property
    def drawn(self) -> int:
        """How many samples an epoch takes: all, or an equal number of each group."""
        groups = len(self.counts)
        return max(len(self) // groups, 1) * groups if groups else len(self)

    def shuffled(self, generator: torch.Generator) -> Tensor:
        """Return the samples of an epoch in a new order; with groups, one of each in turn."""
        return shuffled(len(self), self.drawn, self.counts, generator)

    def per_batch(self, batch_size: int) -> int:
        """Return how many samples a batch takes."""
        return batch_size

    def batches(self, sizes: list[int], order: Tensor | None = None, shares: Shares | None = None) -> Iterator[Batch]:
        """Cut the samples, in their order or another, into batches of these sizes; see `make_shares`."""
        places, targets, weights = self.places, self.targets, self.weights
        if order is not None:
            places = order if places is None else places[order]
            targets, weights = targets[order], None if weights is None else weights[order]
        expected = split_targets(targets, weights, sizes, shares)
        return ((inputs, *some) for inputs, some in zip(self._inputs(places, sizes), expected, strict=True))

    def _inputs(self, places: Tensor | None, sizes: list[int]) -> Iterator[Tensor]:
        if self.inputs.ndim == 3 and places is not None:
            return (self.scale(self.inputs.index_select(0, chosen)) for chosen in torch.split(places, sizes))
        return iter(torch.split(self.scale(self.inputs), sizes)) if places is None else self._gathered(places, sizes)

    def _gathered(self, places: Tensor, sizes: list[int]) -> Iterator[Tensor]:
        per_gather = max(_GATHERED_ROWS // sizes[0], 1)
        start = 0
        for first in range(0, len(sizes), per_gather):
            some = sizes[first : first + per_gather]
            end = start + sum(some)
            yield from torch.split(self.scale(self.inputs[places[start:end]]), some)
            start = end


def split_targets(
    targets: Tensor, weights: Tensor | None, sizes: list[int], shares: Shares | None
) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Yield the targets and weights of batches of these sizes."""
    if shares is not None and weights is not None:
        targets, weights = shares(targets, weights, sizes), None
    return zip(
        torch.split(targets, sizes),
        repeat(None, len(sizes)) if weights is None else torch.split(weights, sizes),
        strict=True,
    )


def shuffled(count: int, drawn: int, counts: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Return `count` items in a new order; or `drawn` of them, of groups of these `counts` one of each in turn."""
    if not counts:
        return torch.randperm(count, generator=generator)
    starts = np.concatenate(([0], np.cumsum(counts)))
    turns = [
        int(start) + repeated_permutation(own, drawn // len(counts), generator)
        for start, own in zip(starts[:-1], counts, strict=True)
    ]
    return torch.stack(turns, dim=1).reshape(-1)


def repeated_permutation(count: int, wanted: int, generator: torch.Generator) -> Tensor:
    """Return `wanted` of the numbers below `count`, none of them twice before each was there once."""
    rounds = [torch.randperm(count, generator=generator) for _ in range(-(-wanted // count))]
    return torch.cat(rounds)[:wanted]


def _group_counts(groups: np.ndarray) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(groups) if count)


def _windows(series: Tensor, window: int) -> Tensor:
    n_rows, n_inputs = series.shape
    return series.as_strided((n_rows - window + 1, window, n_inputs), (n_inputs, n_inputs, 1))


def counted(weights: np.ndarray) -> Int64s:
    """Return the samples that count, be it in one step."""
    return np.flatnonzero(weights if weights.ndim == 1 else weights.any(axis=1))


def on_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Return a copy on the device, row by row in memory."""
    return torch.tensor(np.ascontiguousarray(array), device=device)
