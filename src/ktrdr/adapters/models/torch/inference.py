"""The one inference path: a row alone and the same row in any batch give the same bits."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ktrdr.adapters.models.torch.devices import one_thread
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.matrix import Float32s

BLOCK = 240
"""Rows per forward pass. Matrix kernels work in tiles of 4 to 48 rows and treat an odd tail differently, down to the
last bit; 240 leaves no tail for any of them, where 256 does on AVX2."""
_PROBES = 8


class BlockForward:
    """Runs a network on blocks of always the same shape, padded with zeros, on the CPU in one thread.

    Should a machine's kernels treat the rows of a block differently nevertheless, which is probed once, rows are run
    one by one: slow, but the same bits everywhere.

    Parameters
    ----------
    network : nn.Module
        On the CPU, evaluation mode; gives a tensor of shape (n_rows, n_outputs).
    n_inputs : int
    """

    def __init__(self, network: nn.Module, n_inputs: int) -> None:
        self._network = network
        self._n_inputs = n_inputs
        self.rows = BLOCK if self._rows_are_equal() else 1

    @torch.inference_mode()
    def __call__(self, inputs: Float32s) -> NDArray[np.float64]:
        """Return the raw outputs, shape (n_rows, n_outputs).

        Raises
        ------
        InvalidInput
            If `inputs` has not `n_inputs` columns.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self._n_inputs:
            raise InvalidInput(f"model: takes {self._n_inputs} features per row, found shape {inputs.shape}")
        block = torch.zeros(self.rows, self._n_inputs)
        window = block.numpy()
        with one_thread():
            forward = self._network.forward
            results = []
            for start in range(0, len(inputs) or 1, self.rows):
                count = min(self.rows, len(inputs) - start)
                window[:count] = inputs[start : start + count]
                window[count:] = 0
                results.append(forward(block)[:count].numpy())
        return np.concatenate(results, dtype=np.float64)

    @torch.inference_mode()
    def _rows_are_equal(self) -> bool:
        """Whether equal rows give equal outputs wherever they stand in a block."""
        rows = torch.randn(_PROBES, self._n_inputs, generator=torch.Generator().manual_seed(0))
        with one_thread():
            outputs = [self._network(row.expand(BLOCK, -1).contiguous()) for row in rows]
        return all(torch.equal(output, output[:1].expand_as(output)) for output in outputs)
