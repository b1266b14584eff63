"""Forecasts by lags as safetensors bytes, and back without trusting them."""

from __future__ import annotations

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.volatility.lags import LagForecast

_FLOATS = ("constants", "weights", "least", "scales")
_CODES = "codes"


def to_bytes(forecast: LagForecast) -> bytes:
    """Return all numbers of a forecast; equal numbers, equal bytes."""
    tensors = {name: np.ascontiguousarray(getattr(forecast, name)) for name in _FLOATS}
    return save({_CODES: forecast.codes, **tensors})


def from_bytes(blob: bytes, power: int, memory: int, where: str) -> LagForecast:
    """Return the forecast of some bytes.

    Parameters
    ----------
    blob : bytes
    power, memory : int
        What the architecture asks for.
    where : str
        Names the blob in messages.

    Raises
    ------
    CorruptArtifact
        If it is anything else than what `to_bytes` writes.
    """
    try:
        tensors = load(blob)
    except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise CorruptArtifact(f"{where}: not a safetensors file ({error})") from error
    kinds = {name: str(tensor.dtype) for name, tensor in tensors.items()}
    if kinds != {_CODES: "int64", **dict.fromkeys(_FLOATS, "float64")}:
        found = ", ".join(f"{name} {kind}" for name, kind in sorted(kinds.items()))[:200]
        raise CorruptArtifact(
            f"{where}: must hold {_CODES} as int64 and {', '.join(_FLOATS)} as float64, found {found}"
        )
    if tensors[_CODES].ndim != 1 or tensors["weights"].shape[1:] != (memory,):
        raise CorruptArtifact(f"{where}: weights must be rows of {memory}, found shape {tensors['weights'].shape}")
    try:
        return LagForecast(power, tensors[_CODES], **{name: tensors[name] for name in _FLOATS})
    except InvalidInput as error:
        raise CorruptArtifact(f"{where}: {error}") from error
