"""Samples that are fitted many to many: chunks of neighbouring rows, each read once, with a loss at every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ktrdr.adapters.models.torch.fuzzify import at_every
from ktrdr.adapters.models.torch.losses import Shares
from ktrdr.adapters.models.torch.samples import Batch, Series, counted, on_device, shuffled, split_targets
from ktrdr.domain.arrays import Bools, Float32s, Int32s, Int64s
from ktrdr.domain.training.model import Rows


def many_to_many(network: nn.Module, window: int) -> Callable[[tuple[Tensor, Tensor]], Tensor]:
    """Return what makes raw outputs, shape (n_samples, n_outputs), of chunks and of where the samples stand in them."""

    def forward(inputs: tuple[Tensor, Tensor]) -> Tensor:
        chunks, places = inputs
        return at_every(network, chunks, window).index_select(0, places)

    return forward


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """Train samples on the device that fits, in chunks.

    Samples whose windows overlap are neighbours: no break lies between them. Neighbours are cut, from the first on,
    into chunks of `length` rows; each is read with the ``window - 1`` rows before it, so that a row that counts has a
    whole window before it, and more the later it stands. What stands behind the last sample of a chunk may be any rows:
    networks that look back only do not see them.

    Attributes
    ----------
    series : Series
    length, window : int
        Rows of a chunk that may count; rows of a window.
    first : Tensor of int64, shape (n_chunks,)
        Row at which the reading of each chunk begins.
    starts : Tensor of int64, shape (n_chunks + 1,)
        The samples of chunk c are ``starts[c]`` to ``starts[c + 1]``, without the latter. On the CPU.
    places : Tensor of int64, shape (n_samples,)
        Where in its chunk each sample stands. On the CPU.
    targets : Tensor, shape (n_samples, ...)
    weights : Tensor, shape (n_samples,), or None
        Of groups with short chunks higher, so that a chunk of each weighs the same on average.
    counts : tuple of int
        How many chunks each group has, one after the other; empty where there are no groups.
    """

    series: Series
    length: int
    window: int
    first: Tensor
    starts: Tensor
    places: Tensor
    targets: Tensor
    weights: Tensor | None
    counts: tuple[int, ...]

    @classmethod
    def of(cls, rows: Rows, series: Series, window: int, most: int) -> Chunks:
        """Return the samples that count of a series, on its device, in chunks of at most so many rows."""
        device, n = series.rows.device, len(rows.targets)
        ends = np.arange(n, dtype=np.int64) if rows.ends is None else rows.ends
        groups = np.zeros(n, dtype=np.int32) if rows.groups is None else rows.groups
        kept = np.arange(n) if rows.weights is None else counted(rows.weights)
        kept = kept[np.lexsort((ends[kept], groups[kept]))]
        ends, groups = ends[kept], groups[kept]
        begins, places = _cut(ends, groups, window, most)
        starts = np.append(np.flatnonzero(begins), len(ends))
        weights = None if rows.weights is None else rows.weights[kept]
        counts: tuple[int, ...] = ()
        if rows.groups is not None:
            weights, counts = _in_equal_shares(weights, groups, begins)
        return cls(
            series,
            int(places.max()) + 1,
            window,
            on_device(ends[begins] - places[begins] - (window - 1), device),
            torch.from_numpy(starts),
            torch.from_numpy(places),
            on_device(rows.targets[kept], device),
            None if weights is None else on_device(weights, device),
            counts,
        )

    def __len__(self) -> int:
        """Return the number of chunks."""
        return len(self.first)

    @property
    def drawn(self) -> int:
        """How many chunks an epoch takes: all, or an equal number of each group."""
        groups = len(self.counts)
        return max(len(self) // groups, 1) * groups if groups else len(self)

    def per_batch(self, batch_size: int) -> int:
        """Return how many chunks hold most nearly `batch_size` samples, at least 1."""
        return max(round(batch_size * len(self) / len(self.targets)), 1)

    def shuffled(self, generator: torch.Generator) -> Tensor:
        """Return the chunks of an epoch in a new order; with groups, one of each in turn."""
        return shuffled(len(self), self.drawn, self.counts, generator)

    def batches(self, sizes: list[int], order: Tensor, shares: Shares | None = None) -> Iterator[Batch]:
        """Cut the chunks, in an order, into batches of so many; see `make_shares`."""
        device = self.series.rows.device
        order = order.cpu()
        counts = self.starts[order + 1] - self.starts[order]
        before = counts.cumsum(0)
        samples = torch.arange(int(before[-1])) + (self.starts[order] - before + counts).repeat_interleave(counts)
        bounds = np.cumsum([0, *sizes])
        in_batch = [int(part.sum()) for part in torch.split(counts, sizes)]
        turns = torch.arange(len(order)) - torch.from_numpy(np.repeat(bounds[:-1], sizes))
        places = (turns.repeat_interleave(counts) * self.length + self.places[samples]).to(device)
        samples = samples.to(device)
        weights = None if self.weights is None else self.weights[samples]
        targets = split_targets(self.targets[samples], weights, in_batch, shares)
        chunks = (self._read(self.first[some]) for some in torch.split(order.to(device), sizes))
        inputs = zip(chunks, torch.split(places, in_batch), strict=True)
        return ((given, *expected) for given, expected in zip(inputs, targets, strict=True))

    def _read(self, first: Tensor) -> Tensor:
        """Return the rows of some chunks, shape (n_chunks, window - 1 + length, n_inputs)."""
        rows = self.series.rows
        reach = torch.arange(self.window - 1 + self.length, device=rows.device)
        chosen = (first[:, None] + reach).clamp_(max=len(rows) - 1)
        return self.series.scale(rows.index_select(0, chosen.view(-1))).view(*chosen.shape, -1)


def _cut(ends: Int64s, groups: Int32s, window: int, most: int) -> tuple[Bools, Int64s]:
    """Return at which samples a chunk begins, and how many rows after the first of its chunk each stands."""
    apart = np.ones(len(ends), dtype=np.bool_)
    apart[1:] = (np.diff(ends) >= window) | (np.diff(groups) != 0)
    of_run = np.flatnonzero(apart)[np.cumsum(apart) - 1]
    number, places = np.divmod(ends - ends[of_run], most)
    begins = apart.copy()
    begins[1:] |= np.diff(number) != 0
    return begins, places


def _in_equal_shares(weights: Float32s | None, groups: Int32s, begins: Bools) -> tuple[Float32s, tuple[int, ...]]:
    """Return weights under which a chunk of each group counts the same on average, and the chunks of each group."""
    given = np.ones(len(groups), dtype=np.float32) if weights is None else weights
    _, of_group, n_samples = np.unique(groups, return_inverse=True, return_counts=True)
    n_chunks = np.bincount(of_group[begins])
    per_chunk = n_samples / n_chunks
    factors = (per_chunk.mean() / per_chunk)[of_group]
    shared: Float32s = (given.T * factors).T.astype(np.float32)
    return shared, tuple(map(int, n_chunks))
