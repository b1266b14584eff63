"""Arrays as safetensors bytes, and back without trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ktrdr.domain.errors import CorruptArtifact

WEIGHTS = "model.safetensors"


def to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays by name; equal arrays, equal bytes."""
    return save({name: np.ascontiguousarray(array) for name, array in arrays.items()})


def floats_of(
    blobs: Mapping[str, bytes], shapes: Mapping[str, tuple[int, ...]], where: str
) -> dict[str, NDArray[np.float64]]:
    """Return float64 arrays by name out of ``model.safetensors``.

    Parameters
    ----------
    blobs : mapping of file name to bytes
    shapes : mapping of name to shape
        What the model has; nothing else is accepted.
    where : str
        Names the artifact in messages.

    Raises
    ------
    CorruptArtifact
        If the blob is missing or is no safetensors file, or names, types or shapes differ, or a value is not finite.
    """
    where = f"{where}/{WEIGHTS}"
    try:
        arrays = load(blobs[WEIGHTS])
    except (KeyError, SafetensorError) as error:
        raise CorruptArtifact(f"{where}: missing, or not a safetensors file ({error})") from error
    if arrays.keys() != shapes.keys():
        raise CorruptArtifact(f"{where}: must hold {', '.join(sorted(shapes))}, found {', '.join(sorted(arrays))}")
    for name, shape in shapes.items():
        array = arrays[name]
        if array.dtype != np.float64 or array.shape != shape:
            raise CorruptArtifact(
                f"{where}: {name} must be float64 of shape {shape}, found {array.dtype} of shape {array.shape}"
            )
        if not np.isfinite(array).all():
            raise CorruptArtifact(f"{where}: {name} holds values that are not finite")
    return arrays
