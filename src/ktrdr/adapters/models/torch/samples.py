"""The samples that a fit reads: single rows, or windows that are a view of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import torch
from torch import Tensor

from ktrdr.domain.market.sessions import Int64s
from ktrdr.domain.training.model import Rows

Batch = tuple[Tensor, Tensor, Tensor | None]
"""Inputs, targets, and weights where there are any."""


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
    """

    inputs: Tensor
    targets: Tensor
    places: Tensor | None = None
    weights: Tensor | None = None

    @classmethod
    def of(cls, rows: Rows, device: torch.device, window: int | None = None, series: Tensor | None = None) -> Part:
        """Return the samples that count on the device; `series` is the one copy of the rows, made here if not given."""
        series = on_device(rows.inputs, device) if series is None else series
        ends = rows.ends
        if ends is None and (window is not None or rows.weights is not None):
            ends = np.arange(len(rows.targets), dtype=np.int64)
        kept: slice | Int64s = slice(None) if rows.weights is None else np.flatnonzero(rows.weights)
        return cls(
            series if window is None else _windows(series, window),
            on_device(rows.targets[kept], device),
            None if ends is None else on_device(ends[kept] - ((window or 1) - 1), device),
            None if rows.weights is None else on_device(rows.weights[kept], device),
        )

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.targets)

    def batches(self, sizes: list[int], order: Tensor | None = None) -> Iterator[Batch]:
        """Cut the samples, in their order or another, into batches of these sizes."""
        places, targets, weights = self.places, self.targets, self.weights
        if order is not None:
            places = order if places is None else places[order]
            targets, weights = targets[order], None if weights is None else weights[order]
        return zip(
            self._inputs(places, sizes),
            torch.split(targets, sizes),
            repeat(None, len(sizes)) if weights is None else torch.split(weights, sizes),
            strict=True,
        )

    def _inputs(self, places: Tensor | None, sizes: list[int]) -> Iterator[Tensor]:
        if self.inputs.ndim == 3 and places is not None:
            return (self.inputs.index_select(0, chosen) for chosen in torch.split(places, sizes))
        return iter(torch.split(self.inputs if places is None else self.inputs[places], sizes))


def _windows(series: Tensor, window: int) -> Tensor:
    n_rows, n_inputs = series.shape
    return series.as_strided((n_rows - window + 1, window, n_inputs), (n_inputs, n_inputs, 1))


def on_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Return a copy on the device, row by row in memory."""
    return torch.tensor(np.ascontiguousarray(array), device=device)
