"""The port through which features are computed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.stream import FeatureStream, RecomputedStream
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.held_bars import HeldBars

NO_CONTEXT: Mapping[str, ContextSeries] = MappingProxyType({})


class FeatureEngineer(Protocol):
    """Computes resolved features from bars; which ones, and in which order, the domain has decided."""

    @abstractmethod
    def engineer(
        self,
        features: Sequence[Feature],
        bars: Mapping[str, Bars],
        base_timeframe: str,
        context: Mapping[str, ContextSeries] = NO_CONTEXT,
    ) -> FeatureMatrix:
        """Return one row per base bar on which every feature has a value, one column per feature, in order.

        Causality: a row uses only bars and publications known by the row's own known-at time.

        Parameters
        ----------
        features : sequence of Feature
        bars : mapping of timeframe to Bars
            Every timeframe that a feature names, and the base.
        base_timeframe : str
        context : mapping of ``provider/name`` to ContextSeries
            Every series that a feature names. Its indicator is computed over the latest publication known at each bar
            of the feature's timeframe; without a value before the first.

        Raises
        ------
        InvalidInput
            If bars of a timeframe or a series are missing, or a series lacks a column that an indicator reads.
        """

    @abstractmethod
    def kernels(self, features: Sequence[Feature]) -> Mapping[str, str]:
        """Return kernel and library version for each indicator type that the features use."""

    def stream(
        self,
        features: Sequence[Feature],
        held: Mapping[str, HeldBars],
        base_timeframe: str,
        context: Mapping[str, ContextSeries] = NO_CONTEXT,
    ) -> FeatureStream:
        """Return the same features row by row, from the bars that are held now on, with the bits of `engineer`.

        An engineer that has nothing better computes over all held bars anew for each row, as this default does.

        Parameters
        ----------
        features, base_timeframe, context
            As for `engineer`.
        held : mapping of timeframe to HeldBars
            The bars so far, which grow; `FeatureStream.advance` is called for each one that is added.
        """
        return RecomputedStream(
            lambda bars: self.engineer(features, bars, base_timeframe, context), features, held, base_timeframe
        )
