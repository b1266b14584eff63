"""Weights as safetensors bytes, and back without trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, deserialize
from safetensors.torch import save
from torch import Tensor, nn

from ktrdr.domain.errors import CorruptArtifact

WEIGHTS = "model.safetensors"
_METADATA = {"format": "pt"}


def to_bytes(network: nn.Module) -> bytes:
    """Return all parameters and running statistics; equal weights, equal bytes."""
    return save(dict(network.state_dict()), metadata=_METADATA)


def from_bytes(blob: bytes, shapes: Mapping[str, tuple[int, ...]], where: str) -> dict[str, Tensor]:
    """Return tensors by name.

    Parameters
    ----------
    blob : bytes
    shapes : mapping of name to shape
        What the architecture asks for; nothing else is accepted.
    where : str
        Names the blob in messages.

    Raises
    ------
    CorruptArtifact
        If the blob is no safetensors file, or names, types or shapes differ, or a value is not finite.
    """
    try:
        entries: dict[str, Mapping[str, Any]] = dict(deserialize(blob))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise CorruptArtifact(f"{where}: not a safetensors file ({error})") from error
    missing, unknown = sorted(shapes.keys() - entries.keys()), sorted(entries.keys() - shapes.keys())
    if missing or unknown:
        raise CorruptArtifact(f"{where}: missing tensors {missing[:3]}, tensors that the model has not {unknown[:3]}")
    return {name: _tensor(entries[name], shape, f"{where}: {name}") for name, shape in shapes.items()}


def write(network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy tensors by name into the network's own memory."""
    for name, tensor in network.state_dict().items():
        tensor.copy_(tensors[name])


def _tensor(entry: Mapping[str, Any], shape: tuple[int, ...], where: str) -> Tensor:
    found = (entry["dtype"], tuple(entry["shape"]))
    if found != ("F32", shape):
        raise CorruptArtifact(f"{where} must be F32 of shape {shape}, found {found[0]} of shape {found[1]}")
    values = np.frombuffer(entry["data"], dtype="<f4").astype(np.float32).reshape(shape)
    if not np.isfinite(values).all():
        raise CorruptArtifact(f"{where} holds values that are not finite")
    return torch.from_numpy(values)
