"""Linear layers with a column per sample.

Kernels round a row by how it is aligned in memory, and so rows of an odd width by where they stand; a column is
rounded the same wherever it stands.
"""

from __future__ import annotations

from torch import Tensor, addmm, nn


class ColumnLinear(nn.Linear):
    """A linear layer that turns its inputs, shape (n_samples, n_inputs), into columns."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return shape (n_samples, n_outputs)."""
        return in_columns(self.weight, self.bias, inputs.t().contiguous()).t()


def in_columns(weight: Tensor, bias: Tensor | None, columns: Tensor) -> Tensor:
    """Return the outputs of a linear layer, shape (n_outputs, n_samples), of columns, shape (n_inputs, n_samples)."""
    return weight @ columns if bias is None else addmm(bias[:, None], weight, columns)
