"""The feed-forward network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from ktrdr.adapters.models.torch.columns import in_columns
from ktrdr.domain.errors import InvalidInput

MOST_LAYERS = 64
ACTIVATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu_,
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
    "leaky_relu": functional.leaky_relu,
    "gelu": functional.gelu,
    "silu": functional.silu,
}


class Mlp(nn.Module):
    """Feed-forward network: per hidden layer linear, batch norm, activation, dropout; then a linear layer.

    Notes
    -----
    Parameters may be rewritten, never replaced: `forward` reads them from a tuple, since looking them up on modules
    costs a good part of a small layer's time.
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        hidden_layers: Sequence[int],
        activation: str,
        dropout: float,
        batch_norm: bool,
    ) -> None:
        super().__init__()
        if len(hidden_layers) > MOST_LAYERS:
            raise InvalidInput(f"hidden_layers: {len(hidden_layers)} layers are too many; allowed: {MOST_LAYERS}")
        widths = [n_inputs, *hidden_layers]
        linear = [nn.Linear(*pair, bias=not batch_norm) for pair in pairwise(widths)]  # a norm brings its own bias
        linear.append(nn.Linear(widths[-1], n_outputs))
        norms = [_batch_norm(width) for width in hidden_layers] if batch_norm else []
        self.layers, self.norms = nn.ModuleList(linear), nn.ModuleList(norms)
        self._linear = tuple((layer.weight, layer.bias) for layer in linear)
        self._norms: tuple[nn.Module | None, ...] = tuple(norms) or (None,) * len(hidden_layers)
        self._activate = ACTIVATIONS[activation]
        self._dropout = dropout

    def forward(self, inputs: Tensor) -> Tensor:
        """Return raw outputs, shape (n_rows, n_outputs), of inputs, shape (n_rows, n_inputs)."""
        if not self.training:
            return self._forward_in_columns(inputs)
        values = inputs
        *hidden, last = self._linear
        for (weight, bias), norm in zip(hidden, self._norms, strict=True):
            values = functional.linear(values, weight, bias)
            values = self._activate(values if norm is None else norm(values))
            if self._dropout:
                values = functional.dropout(values, self._dropout)
        return functional.linear(values, *last)

    def _forward_in_columns(self, inputs: Tensor) -> Tensor:
        """Return the same with a column per sample; see `columns`."""
        values = inputs.t().contiguous()
        *hidden, last = self._linear
        for (weight, bias), norm in zip(hidden, self._norms, strict=True):
            values = in_columns(weight, bias, values)
            values = self._activate(values if norm is None else norm(values[None])[0])
        return in_columns(*last, values).t()


def _batch_norm(width: int) -> nn.Module:
    norm = nn.BatchNorm1d(width)
    norm.register_buffer("num_batches_tracked", None)  # it counts for an average that we do not use
    return norm
