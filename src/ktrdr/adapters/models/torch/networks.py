"""The networks. Each gives raw outputs: logits, or one standardised value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from ktrdr.adapters.models.torch.columns import ColumnLinear
from ktrdr.adapters.models.torch.mlp import Mlp
from ktrdr.domain.catalogue.models.networks import BREAK_AT_SESSION, SEQUENCE_LENGTH
from ktrdr.domain.training.settings import ModelSpec


class Recurrent(nn.Module):
    """LSTM or GRU over windows, then a linear layer on the last hidden state, or on a weighted mean of all of them.

    Parameters
    ----------
    cell : type
        `nn.LSTM` or `nn.GRU`.
    n_inputs, n_outputs : int
    hidden_size, num_layers : int
    dropout : float
        Share of the values dropped between the layers and before the linear one, in training.
    attention : bool
        See `AdditiveAttention`; False takes the last hidden state.

    References
    ----------
    Hochreiter and Schmidhuber (1997), Long short-term memory; Cho et al. (2014), Learning phrase representations using
    RNN encoder-decoder.
    """

    def __init__(
        self,
        cell: type[nn.LSTM] | type[nn.GRU],
        n_inputs: int,
        n_outputs: int,
        *,
        hidden_size: int,
        num_layers: int,
        dropout: float,
        attention: bool,
    ) -> None:
        super().__init__()
        between = dropout if num_layers > 1 else 0.0
        self.recurrent = cell(n_inputs, hidden_size, num_layers, dropout=between, batch_first=True)
        self.attention = AdditiveAttention(hidden_size) if attention else None
        self.dropout = nn.Dropout(dropout)
        self.head = ColumnLinear(hidden_size, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return raw outputs, shape (n_windows, n_outputs), of windows, shape (n_windows, length, n_inputs)."""
        states, _ = self.recurrent(inputs)
        summary = states[:, -1] if self.attention is None else self.attention(states)
        outputs: Tensor = self.head(self.dropout(summary))
        return outputs

    def at_every(self, inputs: Tensor, window: int) -> Tensor:
        """Return raw outputs at each row of chunks that has a whole window before it, chunk by chunk.

        The hidden state there has seen that window and all rows of the chunk before it; attention looks at the window.
        """
        states, _ = self.recurrent(inputs)
        summary = states[:, window - 1 :] if self.attention is None else self.attention.at_every(states, window)
        outputs: Tensor = self.head(self.dropout(summary.flatten(0, 1)))
        return outputs


class AdditiveAttention(nn.Module):
    """Mean of hidden states, weighted by how each answers the last one.

    References
    ----------
    Bahdanau, Cho and Bengio (2015), Neural machine translation by jointly learning to align and translate.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query, self.key = ColumnLinear(size, size, bias=False), ColumnLinear(size, size)
        self.score = ColumnLinear(size, 1, bias=False)

    def forward(self, states: Tensor) -> Tensor:
        """Return shape (n_windows, size) of states, shape (n_windows, length, size)."""
        windows = states.shape[:2]
        keys = self.key(states.flatten(0, 1)).unflatten(0, windows)
        answers = torch.tanh(self.query(states[:, -1])[:, None] + keys)
        energies = self.score(answers.flatten(0, 1)).unflatten(0, windows)
        return (torch.softmax(energies, dim=1) * states).sum(dim=1)

    def at_every(self, states: Tensor, window: int) -> Tensor:
        """Return the same for each row with a whole window before it, shape (n_chunks, n_rows, size)."""
        keys = self.key(states.flatten(0, 1)).unflatten(0, states.shape[:2]).unfold(1, window, 1)
        asked = states[:, window - 1 :]
        queries = self.query(asked.flatten(0, 1)).unflatten(0, asked.shape[:2])
        answers = torch.tanh(queries[..., None] + keys)  # (n_chunks, n_rows, size, window)
        shares = torch.softmax(torch.einsum("h,crhw->crw", self.score.weight[0], answers), dim=-1)
        return torch.einsum("crw,crhw->crh", shares, states.unfold(1, window, 1))


class TransformerEncoder(nn.Module):
    """Transformer encoder over windows, then a linear layer on the last position.

    Each layer normalises before its blocks; attention runs over the whole window, all of which is past. Where it is
    `causal`, each row attends to itself and those before it, and less to those further back, in place of positions.

    References
    ----------
    Vaswani et al. (2017), Attention is all you need; Xiong et al. (2020), On layer normalization in the Transformer
    architecture; Press, Smith and Lewis (2022), Train short, test long (the attention by distance).
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        hidden_size: int,
        num_heads: int,
        num_layers: int,
        feedforward_size: int,
        dropout: float,
        causal: bool,
    ) -> None:
        super().__init__()
        self.n_heads, self.causal = num_heads, causal
        self.embedding = nn.Linear(n_inputs, hidden_size)
        self.layers = nn.ModuleList(
            _EncoderLayer(hidden_size, num_heads, feedforward_size, dropout) for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.head = ColumnLinear(hidden_size, n_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return raw outputs, shape (n_windows, n_outputs), of windows, shape (n_windows, length, n_inputs)."""
        outputs: Tensor = self.head(self.norm(self._encoded(inputs, inputs.shape[1])[:, -1]))
        return outputs

    def at_every(self, inputs: Tensor, window: int) -> Tensor:
        """Return raw outputs at each row of chunks that has a whole window before it, chunk by chunk.

        In each layer a row attends to the `window` rows up to it, so that all but the first layer reach further back
        than the window.
        """
        encoded = self._encoded(inputs, window)[:, window - 1 :]
        outputs: Tensor = self.head(self.norm(encoded.flatten(0, 1)))
        return outputs

    def _encoded(self, inputs: Tensor, reach: int) -> Tensor:
        values: Tensor = self.embedding(inputs)
        values = self.dropout(values if self.causal else values + _positions(values))
        bias = _distances(values, self.n_heads, reach) if self.causal else None
        for layer in self.layers:
            values = layer(values, bias)
        encoded: Tensor = values
        return encoded


class _EncoderLayer(nn.Module):
    """Self-attention and a feed-forward block, each added to what came in."""

    def __init__(self, size: int, n_heads: int, feedforward_size: int, dropout: float) -> None:
        super().__init__()
        self.n_heads, self.share = n_heads, dropout
        self.projection, self.mixed = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.widen, self.narrow = nn.Linear(size, feedforward_size), nn.Linear(feedforward_size, size)
        self.norms = nn.ModuleList([nn.LayerNorm(size), nn.LayerNorm(size)])
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor, bias: Tensor | None = None) -> Tensor:
        attended = self.mixed(self._attend(self.norms[0](values), bias))
        values = values + self.dropout(attended)
        hidden = self.dropout(torch.relu(self.widen(self.norms[1](values))))
        result: Tensor = values + self.dropout(self.narrow(hidden))
        return result

    def _attend(self, values: Tensor, bias: Tensor | None) -> Tensor:
        n_windows, length, size = values.shape
        parts = self.projection(values).view(n_windows, length, 3, self.n_heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        share = self.share if self.training else 0.0
        attended = functional.scaled_dot_product_attention(query, key, value, bias, dropout_p=share)
        return attended.transpose(1, 2).reshape(n_windows, length, size)


def _positions(values: Tensor) -> Tensor:
    """Return sines and cosines of geometrically growing wavelengths, shape (length, size)."""
    length, size = values.shape[1:]
    rates = 10_000 ** (-torch.arange(0, size, 2, device=values.device) / size)
    angles = torch.arange(length, device=values.device)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=2).reshape(length, -1)[:, :size]


def _distances(values: Tensor, n_heads: int, reach: int) -> Tensor:
    """Return what is added to the attention of each row to each, shape (n_heads, length, length).

    The distance back times minus the head's slope, a half to a 256th; minus infinity ahead, and from `reach` rows back.
    """
    places = torch.arange(values.shape[1], device=values.device)
    back = places[:, None] - places
    slopes = 2.0 ** (-8 * torch.arange(1, n_heads + 1, device=values.device) / n_heads)
    unseen = (back < 0) | (back >= reach)
    distances: Tensor = (-slopes[:, None, None] * back).masked_fill(unseen, -torch.inf)
    return distances


NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    "mlp": Mlp,
    "lstm": partial(Recurrent, nn.LSTM),
    "gru": partial(Recurrent, nn.GRU),
    "transformer": TransformerEncoder,
}
"""Every network by model type."""
_OF_WINDOWS = (SEQUENCE_LENGTH.name, BREAK_AT_SESSION.name)


def build(spec: ModelSpec, n_inputs: int, n_outputs: int) -> nn.Module:
    """Return the network that the specification describes, initialised from torch's random state."""
    own = {name: value for name, value in spec.kind.checked(spec.architecture).items() if name not in _OF_WINDOWS}
    return NETWORKS[spec.type](n_inputs, n_outputs, **own)
