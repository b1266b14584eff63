"""Trees as safetensors bytes, and back without trusting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.trees import LAYOUT, Precision, Trees

WEIGHTS = "model.safetensors"
_NAMES = {np.int32: "I32", np.float64: "F64", np.bool_: "BOOL"}


def to_bytes(trees: Trees) -> bytes:
    """Return all arrays; equal trees, equal bytes."""
    return save({name: np.ascontiguousarray(array) for name, array in trees.arrays.items()})


def from_bytes(
    blob: bytes, n_features: int, n_outputs: int, precision: Precision, *, averaged: bool, where: str
) -> Trees:
    """Return the trees that `to_bytes` wrote; what is no part of the arrays is known to whoever has grown them.

    Raises
    ------
    CorruptArtifact
        If the blob is no safetensors file of just these arrays, or they are no trees of so many features and outputs.
    """
    try:
        entries: dict[str, Mapping[str, Any]] = dict(deserialize(blob))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise CorruptArtifact(f"{where}: not a safetensors file ({error})") from error
    arrays = {name: _array(name, entry, where) for name, entry in entries.items()}
    try:
        trees = Trees.from_arrays(arrays, n_features, precision, averaged=averaged)
    except InvalidInput as error:
        raise CorruptArtifact(f"{where}: {error}") from error
    if len(trees.base) != n_outputs:
        raise CorruptArtifact(f"{where}: base must be of {n_outputs} outputs, found {len(trees.base)}")
    return trees


def _array(name: str, entry: Mapping[str, Any], where: str) -> NDArray[Any]:
    """Return one array; the file's own reader has compared shape and length."""
    kind, n_dimensions = LAYOUT.get(name, (np.float64, 1))
    found = (entry["dtype"], len(entry["shape"]))
    if found != (_NAMES[kind], n_dimensions):
        wanted = f"{_NAMES[kind]} of {n_dimensions} dimensions"
        raise CorruptArtifact(f"{where}: {name} must be {wanted}, found {found[0]} of {found[1]}")
    kept = np.uint8 if kind is np.bool_ else np.dtype(kind).newbyteorder("<")
    values = np.frombuffer(entry["data"], dtype=kept)
    if kind is np.bool_ and (values > 1).any():
        raise CorruptArtifact(f"{where}: {name} must be 0 or 1")
    return values.astype(kind).reshape(entry["shape"])
