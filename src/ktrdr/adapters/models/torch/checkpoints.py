"""The state of a fit between two epochs as bytes, and back: arrays and JSON under a SHA-256, nothing that is executed.

The bytes are the digest of what follows, the digest of the task, and one safetensors file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor, from_numpy

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.history import TrainingHistory

_HISTORY = "history"
_DIGEST = 32
_BEGIN_ANEW = "; remove it, and the fit begins anew"


def to_bytes(tensors: Mapping[str, Tensor], history: TrainingHistory, task: bytes) -> bytes:
    """Return the state: `tensors` by name, the epochs so far, and the digest of the task that is fitted."""
    arrays = {name: tensor.cpu().numpy() for name, tensor in tensors.items()}
    arrays[_HISTORY] = np.frombuffer(json.dumps(history.as_dict()).encode(), dtype=np.uint8)
    sealed = task + save(arrays)
    return hashlib.sha256(sealed).digest() + sealed


def write_from(state: bytes, tensors: Mapping[str, Tensor], task: bytes) -> TrainingHistory:
    """Write the state into `tensors` and return the epochs that led to it.

    Raises
    ------
    InvalidInput
        If the state is damaged, is of another task, or does not hold just these tensors; then nothing is written.
    """
    sealed = state[_DIGEST:]
    if hashlib.sha256(sealed).digest() != state[:_DIGEST]:
        raise InvalidInput(f"the kept state of the fit is damaged{_BEGIN_ANEW}")
    if sealed[:_DIGEST] != task:
        raise InvalidInput(
            "the kept state is of another fit: its data, features, model or settings are not those of this one"
            + _BEGIN_ANEW
        )
    arrays = _arrays(sealed[_DIGEST:])
    history = _history(arrays.pop(_HISTORY, None))
    if _shapes(arrays) != _shapes({name: tensor.cpu().numpy() for name, tensor in tensors.items()}):
        raise InvalidInput(f"the kept state was made on another device, or by another version{_BEGIN_ANEW}")
    for name, tensor in tensors.items():
        tensor.copy_(from_numpy(arrays[name]))
    return history


def _arrays(blob: bytes) -> dict[str, np.ndarray]:
    try:
        return dict(load(blob))
    except (SafetensorError, KeyError) as error:  # KeyError: a type that numpy has not
        raise InvalidInput(f"the kept state holds no safetensors ({error}){_BEGIN_ANEW}") from error


def _history(written: np.ndarray | None) -> TrainingHistory:
    try:
        values = None if written is None else json.loads(written.tobytes())
    except (ValueError, RecursionError):
        values = None
    return TrainingHistory.from_dict(values)


def _shapes(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (array.dtype.name, array.shape) for name, array in arrays.items()}
