"""What makes one forecast of a base and of what a network says of its log ratio."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.training.model import Rows

_NAME = "link"


@dataclass(frozen=True, slots=True)
class Link:
    """Forecast = base times factor times the exponential of a log ratio.

    Attributes
    ----------
    mean, deviation : float
        Of the log ratios of the train rows: the network gives standardised ones.
    low, high : float
        The smallest and the largest of them, and what counts of those that lie beyond.
    factor : float
        Above 0.
    """

    mean: float
    deviation: float
    low: float
    high: float
    factor: float = 1.0

    @classmethod
    def of(cls, ratios: Floats) -> Link:
        """Return the link of the log ratios of the train rows."""
        deviation = float(ratios.std())
        return cls(float(ratios.mean()), deviation or 1.0, float(ratios.min()), float(ratios.max()))

    def __call__(self, base: Floats, said: Floats) -> Floats:
        """Return forecasts from those of the base, and what the network says, both of shape (n,)."""
        ratios = np.clip(said * self.deviation + self.mean, self.low, self.high)
        return np.asarray(base * np.exp(ratios) * self.factor)

    def standardised(self, rows: Rows) -> Rows:
        """Return rows whose targets are log ratios as the network is fitted to them."""
        return replace(rows, targets=((rows.targets - self.mean) / self.deviation).astype(np.float32))

    def to_bytes(self) -> bytes:
        """Return the numbers as safetensors."""
        return save({_NAME: np.array([getattr(self, item.name) for item in fields(self)], dtype=np.float64)})

    @classmethod
    def from_bytes(cls, blob: bytes, where: str) -> Link:
        """Read what `to_bytes` wrote.

        Raises
        ------
        CorruptArtifact
            If it is anything else.
        """
        try:
            tensors = load(blob)
        except (SafetensorError, ValueError, TypeError, KeyError, OverflowError) as error:
            raise CorruptArtifact(f"{where}: not a safetensors file ({error})") from error
        found = tensors.get(_NAME)
        if len(tensors) != 1 or found is None or found.dtype != np.float64 or found.shape != (len(fields(cls)),):
            raise CorruptArtifact(f"{where}: must hold {_NAME} alone, {len(fields(cls))} numbers as float64")
        link = cls(*(float(value) for value in found))
        if not np.isfinite(found).all() or link.deviation <= 0 or link.low > link.high or link.factor <= 0:
            raise CorruptArtifact(f"{where}: {_NAME} holds numbers that no training writes")
        return link
