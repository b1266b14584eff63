"""The steps that use cases share, as functions that take ports."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from ktrdr.application.market_data import MarketData, gather
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import of_symbol
from ktrdr.domain.features.coverage import uncovered
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.warmup import declared_warmup
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.splits.split import PARTS, Split
from ktrdr.domain.splits.temporal import temporal_split
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.dataset import Dataset, join

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything of one symbol that training, the dry run and the export have in common."""

    market: MarketData
    features: tuple[Feature, ...]
    matrix: FeatureMatrix
    labels: LabelSet
    dataset: Dataset
    split: Split
    notes: tuple[str, ...]

    def part(self, name: str) -> Dataset:
        """Return the rows of ``train``, ``validation`` or ``test``."""
        return self.dataset.take(getattr(self.split, name))


def prepare(data: DataRepository, engineer: FeatureEngineer, strategy: Strategy, symbol: str) -> Prepared:
    """Load, compute features, label, join and split.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If there are too few bars, or a part would be empty; the message says how many are needed.
    """
    market = gather(data, strategy.training_data, symbol)
    features = resolve(strategy)
    _require_history(market, strategy, declared_warmup(features, market.base), "declared")
    matrix = compute_features(engineer, features, market)
    if not len(matrix):
        raise InvalidInput(_no_rows(engineer, features, market))
    _require_history(market, strategy, matrix.warmup_rows, "measured")
    labels = label(market.base_bars, strategy.labels.source, strategy.labels.parameters)
    dataset = join(matrix, labels, market.base_bars.known_at)
    shares = strategy.split
    split = temporal_split(
        dataset.matrix.known_at,
        dataset.label_end,
        market.base_bars.known_at,
        (shares.train, shares.validation, shares.test),
        shares.embargo_bars,
    )
    log.info("split", extra={"rows": len(dataset), **{name: len(getattr(split, name)) for name in PARTS}})
    notes = (*market.notes, *uncovered(strategy, matrix))
    return Prepared(market, features, matrix, labels, dataset, split, notes)


def compute_features(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> FeatureMatrix:
    """Return the feature matrix of a symbol; training, prediction and export all come through here."""
    matrix = engineer.engineer(of_symbol(features, market.characteristics.asset_class), market.bars, market.base)
    extra = {"rows": len(matrix), "warmup_rows": matrix.warmup_rows, "unusable_rows": matrix.unusable_rows}
    log.info("features", extra=extra)
    return matrix


def _no_rows(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> str:
    """Say which features never have a value, or that they never have one together."""
    known = of_symbol(features, market.characteristics.asset_class)
    lifeless = [item.id for item in known if not len(engineer.engineer([item], market.bars, market.base))]
    bars = market.base_bars
    reason = f"{', '.join(lifeless)} never has a value" if lifeless else "no row has a value of every feature"
    return f"{bars.symbol} {market.base}: {reason} on these {len(bars)} bars ({bars.source})"


def _require_history(market: MarketData, strategy: Strategy, warmup: int, origin: str) -> None:
    bars, required = len(market.base_bars), strategy.training_data.history_required
    if bars < required + warmup:
        raise InvalidInput(
            f"{market.base_bars.symbol} {market.base}: {bars} bars are too few; {required + warmup} are needed: "
            f"history_required {required} and {warmup} of warm-up ({origin})"
        )
