"""The port through which features are computed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars


class FeatureEngineer(Protocol):
    """Computes resolved features from bars; which ones, and in which order, the domain has decided."""

    @abstractmethod
    def engineer(self, features: Sequence[Feature], bars: Mapping[str, Bars], base_timeframe: str) -> FeatureMatrix:
        """Return one row per base bar on which every feature has a value, one column per feature, in order.

        Causality: a row uses only bars known by the row's own known-at time.

        Parameters
        ----------
        features : sequence of Feature
        bars : mapping of timeframe to Bars
            Every timeframe that a feature names, and the base.
        base_timeframe : str

        Raises
        ------
        InvalidInput
            If bars of a timeframe are missing.
        """

    @abstractmethod
    def kernels(self, features: Sequence[Feature]) -> Mapping[str, str]:
        """Return kernel and library version for each indicator type that the features use."""
