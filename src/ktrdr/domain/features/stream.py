"""Features row by row, as bars come in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from ktrdr.domain.arrays import Float32s
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.held_bars import HeldBars


class FeatureStream(Protocol):
    """Features over bars that grow, with the bits of a computation over all of them at once."""

    @abstractmethod
    def advance(self, timeframe: str) -> None:
        """Take note of the one bar by which the held bars of a timeframe have just grown.

        Of bars that are known at the same moment the base's comes last.
        """

    @abstractmethod
    def row(self) -> Float32s:
        """Return the features on the newest base bar, shape (n_features,); NaN where one has no value."""


class RecomputedStream(FeatureStream):
    """Computes all features over all bars anew for every row: the time of a row grows with the bars that are held.

    Parameters
    ----------
    compute : callable
        Bars of each timeframe to the matrix of the features.
    features : sequence of Feature
    held : mapping of timeframe to HeldBars
    base : str
        Base timeframe.
    """

    def __init__(
        self,
        compute: Callable[[Mapping[str, Bars]], FeatureMatrix],
        features: Sequence[Feature],
        held: Mapping[str, HeldBars],
        base: str,
    ) -> None:
        self._compute = compute
        self._nothing = np.full(len(features), np.nan, dtype=np.float32)
        self._held = held
        self._base = base

    def advance(self, timeframe: str) -> None:
        """Do nothing: the held bars are read for every row."""

    def row(self) -> Float32s:
        """Return the last row of the matrix; all NaN where the newest bar has no row."""
        if not all(len(item) for item in self._held.values()):
            return self._nothing
        matrix = self._compute({name: item.bars() for name, item in self._held.items()})
        newest = len(self._held[self._base]) - 1
        return matrix.values[-1] if len(matrix) and matrix.base_rows[-1] == newest else self._nothing
