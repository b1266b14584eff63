"""Learnable memberships: a layer that turns input columns into the features a network reads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ktrdr.adapters.models.torch.shapes import SHAPES
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified, TunedSets


@dataclass(slots=True)
class _Group:
    """The sets of one kind: where they start, and which outputs they make."""

    names: list[tuple[str, ...]] = field(default_factory=list)
    starts: list[Membership] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    members: list[int] = field(default_factory=list)

    def add(self, item: Fuzzified, start: Membership) -> None:
        """Note one output; a set that is there already shares its parameters."""
        if item.tied not in self.names:
            self.names.append(item.tied)
            self.starts.append(start)
            self.offsets.append(item.offset)
        self.columns.append(item.column)
        self.members.append(self.names.index(item.tied))

    def natural(self, kind: str) -> NDArray[np.float64]:
        """Return the written coordinates, shape (n_coordinates, n_sets); the places less what the columns lack."""
        natural = np.array([SHAPES[kind].natural(*start.parameters) for start in self.starts], dtype=np.float64).T
        natural[0] -= self.offsets
        return natural

    def units(self, kind: str) -> NDArray[np.float64]:
        """Return by how much each set's place moves per unit of its parameter, shape (n_sets,)."""
        return np.array([SHAPES[kind].unit(*coordinates) for coordinates in self.natural(kind).T], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Constants:
    """Columns that are passed on, the order of the results, and per kind start, unit, columns and members."""

    passed: Tensor
    order: Tensor
    groups: Mapping[str, tuple[Tensor, Tensor, Tensor, Tensor]]


class Fuzzify(nn.Module):
    """Input columns to features in grammar order.

    Each set has one parameter per number that is written, 0 at the start: the place moves by the parameter times the
    set's own width, and a size is multiplied by ``p + sqrt(1 + p^2)``, which is positive and 1 at 0. So feet stay in
    order, gradients are about 1 whatever the indicator's unit, and weight decay draws sets to where they were written.

    Parameters
    ----------
    plan : sequence of Fuzzified
        One item per feature.

    Notes
    -----
    Memberships are evaluated in float64 where the device has it: an indicator may be a thousand times its set's width.
    The columns hold the indicator less each set's offset, and places are kept less it, too.

    References
    ----------
    Jang (1993), ANFIS, IEEE Trans. SMC 23(3). Barron (2021), Squareplus, arXiv:2112.11687 (the positive sizes).
    """

    def __init__(self, plan: Sequence[Fuzzified]) -> None:
        super().__init__()
        self._groups: dict[str, _Group] = {}
        places: dict[str, list[int]] = {"": []}
        for place, item in enumerate(plan):
            kind = "" if item.membership is None else item.membership.type
            places.setdefault(kind, []).append(place)
            if item.membership is not None:
                self._groups.setdefault(kind, _Group()).add(item, item.membership)
        self._passed = [plan[place].column for place in places[""]]
        self._order = np.argsort([place for some in places.values() for place in some]).tolist()
        self.moves = nn.ParameterDict(
            {kind: torch.zeros(group.natural(kind).shape) for kind, group in self._groups.items()}
        )
        self._vertical = {kind: bool((group.natural(kind)[1:] == 0).any()) for kind, group in self._groups.items()}
        self._constants: dict[torch.device, _Constants] = {}

    def forward(self, inputs: Tensor) -> Tensor:
        """Return features, shape (..., n_features), of inputs, shape (..., n_columns)."""
        constants = self._on(inputs.device)
        results = [inputs.index_select(-1, constants.passed)]
        for kind, (start, unit, columns, members) in constants.groups.items():
            natural = _moved(self.moves[kind].to(start.dtype), start, unit).index_select(1, members)
            values = inputs.index_select(-1, columns).to(start.dtype)
            results.append(SHAPES[kind].degrees(self._vertical[kind], values, *natural.unbind()).to(inputs.dtype))
        return torch.cat(results, dim=-1).index_select(-1, constants.order)

    def tuned(self) -> TunedSets:
        """Return every set with the parameters it has now; exactly the written ones before any step."""
        found = {}
        for kind, group in self._groups.items():
            moves = self.moves[kind].detach().cpu().double()
            start, unit = torch.from_numpy(group.natural(kind)), torch.from_numpy(group.units(kind))
            for place, (centred, *sizes) in enumerate(_moved(moves, start, unit).T.tolist()):
                moved = bool(moves[:, place].any())
                written = SHAPES[kind].written(centred + group.offsets[place], *sizes)
                parameters = written if moved else group.starts[place].parameters
                found[group.names[place]] = Membership(kind, tuple(map(float, parameters)))
        return found

    def _on(self, device: torch.device) -> _Constants:
        """Return what does not change, put on a device once."""
        if device not in self._constants:
            dtype = torch.float32 if device.type == "mps" else torch.float64
            self._constants[device] = _Constants(
                torch.tensor(self._passed, dtype=torch.int64, device=device),
                torch.tensor(self._order, dtype=torch.int64, device=device),
                {
                    kind: (
                        torch.tensor(group.natural(kind), dtype=dtype, device=device),
                        torch.tensor(group.units(kind), dtype=dtype, device=device),
                        torch.tensor(group.columns, device=device),
                        torch.tensor(group.members, device=device),
                    )
                    for kind, group in self._groups.items()
                },
            )
        return self._constants[device]


def _moved(moves: Tensor, start: Tensor, unit: Tensor) -> Tensor:
    """Return coordinates, shape (n_coordinates, n_sets): the place shifted, the sizes multiplied."""
    factor = torch.exp(torch.asinh(moves[1:]))  # p + sqrt(1 + p^2), without its rounding below 0
    return torch.cat([start[:1] + unit * moves[:1], start[1:] * factor])


def at_every(network: nn.Module, inputs: Tensor, window: int) -> Tensor:
    """Return what a network of windows says at each row of chunks that has a whole window before it."""
    forward: Callable[[Tensor, int], Tensor] = network.at_every  # type: ignore[assignment]
    return forward(inputs, window)


class OfColumns(nn.Sequential):
    """A network of input columns: the layer, then the network of the features that it makes."""

    def at_every(self, inputs: Tensor, window: int) -> Tensor:
        """Return raw outputs at each row of chunks, as the network does."""
        fuzzify: Any
        network: Any
        fuzzify, network = self
        return at_every(network, fuzzify(inputs), window)


def before(network: nn.Module, plan: Sequence[Fuzzified]) -> nn.Module:
    """Return a network of input columns."""
    return OfColumns(OrderedDict(fuzzify=Fuzzify(plan), network=network))


def tuned_sets(network: nn.Module) -> TunedSets:
    """Return the memberships that a network has learned; none without the layer."""
    return next((layer.tuned() for layer in network.children() if isinstance(layer, Fuzzify)), {})
