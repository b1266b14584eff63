"""The one inference path: a row alone and the same row in any batch give the same bits."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ktrdr.adapters.models.torch.devices import one_thread
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.errors import InvalidInput

BLOCK = 240
"""Rows per forward pass. Matrix kernels work in tiles of 4 to 48 rows and treat an odd tail differently, down to the
last bit; 240 leaves no tail for any of them, where 256 does on AVX2."""
WINDOW_BLOCK = 48
"""The same for windows: one of them costs as much as many rows, and 48 leaves no tail either."""
_PROBES, _PROBED_ROWS = 8, 200


class BlockForward:
    """Runs a network on blocks of always the same shape, padded with zeros, on the CPU in one thread.

    Should a machine's kernels treat the samples of a block differently nevertheless, which is probed once, they are
    run one by one: slow, but the same bits everywhere.

    Parameters
    ----------
    network : nn.Module
        On the CPU, evaluation mode; gives a tensor of shape (n_samples, n_outputs) of one of shape (n_samples,
        n_inputs), or (n_samples, window, n_inputs) where `window` is given.
    n_inputs : int
    window : int or None
        Rows per sample of a network that reads windows; None: the network reads single rows.
    """

    def __init__(self, network: nn.Module, n_inputs: int, window: int | None = None) -> None:
        self._network = network
        self._n_inputs = n_inputs
        self._window = window
        self._shape = (n_inputs,) if window is None else (window, n_inputs)
        block = BLOCK if window is None else WINDOW_BLOCK
        self.rows = block if self._rows_are_equal(block) else 1

    @torch.inference_mode()
    def __call__(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return the raw outputs, shape (n_samples, n_outputs); see `FittedModel.predict`."""
        samples, chosen = self._samples(inputs), self._chosen(ends, len(inputs))
        n_samples = len(samples) if chosen is None else len(chosen)
        block = torch.zeros(self.rows, *self._shape)
        values = block.numpy()
        with one_thread():
            forward = self._network.forward
            results = []
            for start in range(0, n_samples or 1, self.rows):
                part = slice(start, min(start + self.rows, n_samples))
                count = part.stop - start
                values[:count] = samples[part if chosen is None else chosen[part]]
                values[count:] = 0
                results.append(forward(block)[:count].numpy())
        return np.concatenate(results, dtype=np.float64)

    def samples(self, inputs: Float32s, ends: Int64s | None = None) -> Float32s:
        """Return what is read of the inputs, one entry per sample."""
        found, chosen = self._samples(inputs), self._chosen(ends, len(inputs))
        return found if chosen is None else found[chosen]

    def _samples(self, inputs: Float32s) -> Float32s:
        """Return a view of the inputs with one entry per sample that there may be."""
        if inputs.ndim != 2 or inputs.shape[1] != self._n_inputs:
            raise InvalidInput(f"model: takes {self._n_inputs} features per row, found shape {inputs.shape}")
        if self._window is None:
            return inputs
        series = np.ascontiguousarray(inputs, dtype=np.float32)
        return windows_of(series, self._window)

    def _chosen(self, ends: Int64s | None, n_rows: int) -> Int64s | None:
        if ends is None:
            return None
        first = (self._window or 1) - 1
        if len(ends) and not first <= ends.min() <= ends.max() < n_rows:
            raise InvalidInput(
                f"model: ends must be rows {first} to {n_rows - 1}, found {ends.min()} to {ends.max()}"
                + (f"; it reads {self._window} rows per sample" if self._window else "")
            )
        return ends - first

    @torch.inference_mode()
    def _rows_are_equal(self, block: int) -> bool:
        """Whether samples give equal outputs wherever they stand in a block, and beside whatever others."""
        n_probes = _PROBES if self._window is None else min(max(_PROBED_ROWS // self._window, 2), _PROBES)
        rng = torch.Generator().manual_seed(0)
        samples = torch.randn(block, *self._shape, generator=rng)
        orders = [torch.randperm(block, generator=rng) for _ in range(n_probes)]
        with one_thread():
            outputs = self._network(samples)
            return all(torch.equal(self._network(samples[order]), outputs[order]) for order in orders)


def windows_of(series: Float32s, length: int) -> Float32s:
    """Return all windows of `length` rows as a read-only view, shape (n_windows, length, n_inputs); no values move."""
    n_rows, n_inputs = series.shape
    shape = (max(n_rows - length + 1, 0), length, n_inputs)
    strides = (series.strides[0], *series.strides)
    return np.lib.stride_tricks.as_strided(series, shape, strides, writeable=False)
