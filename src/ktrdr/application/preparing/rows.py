"""The steps that use cases share, as functions that take ports."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.context_data import with_context
from ktrdr.application.preparing.labelling import make_labels
from ktrdr.application.preparing.market_data import MarketData, gather
from ktrdr.application.preparing.own_strategy import override_notes, own_strategy
from ktrdr.application.preparing.settling import Settling, settling_notes
from ktrdr.application.preparing.warm_start import Beginning
from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import of_symbol
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.coverage import uncovered
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.features.warmup import declared_warmup
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.splits.split import PARTS, Split
from ktrdr.domain.splits.temporal import split_at, temporal_split
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.dataset import Dataset, join
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.windows import look_back, missing_look_back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SymbolRows:
    """Features and labels of one symbol, before anything is split.

    `whole` says which rows of the matrix have a whole window; `notes` are to be said aloud; `features` and `columns`
    are those of `Prepared`.
    """

    market: MarketData
    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    matrix: FeatureMatrix
    labels: LabelSet
    whole: Bools | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything of one symbol that training, the dry run and the export have in common.

    `features` are the resolved ones; `columns` are those of the matrix, which carries the indicators of learnable sets.
    `warnings` are what ``--strict`` refuses to train.
    """

    market: MarketData
    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    matrix: FeatureMatrix
    labels: LabelSet
    dataset: Dataset
    split: Split
    notes: tuple[str, ...]
    history: SettledHistory
    warnings: tuple[str, ...] = ()

    @property
    def unsettled_rows(self) -> int:
        """How many of the dataset's rows, all at its beginning, still depend on where the bars begin."""
        first = self.history.first_row(self.market.bars, self.market.context)
        return int(np.searchsorted(self.dataset.matrix.base_rows, first))

    @property
    def windowless_rows(self) -> int:
        """How many labelled rows are no part of the dataset because their window is not whole."""
        return int(self.labels.defined[self.matrix.base_rows].sum()) - len(self.dataset)

    def part(self, name: str) -> Dataset:
        """Return the rows of ``train``, ``validation`` or ``test``."""
        return self.dataset.take(getattr(self.split, name))

    def places(self, name: str) -> Int64s:
        """Return where the rows of a part stand in `matrix`."""
        chosen = self.dataset.matrix.base_rows[getattr(self.split, name)]
        places: Int64s = np.searchsorted(self.matrix.base_rows, chosen).astype(np.int64)
        return places


def prepare(
    data: DataRepository,
    engineer: FeatureEngineer,
    strategy: Strategy,
    symbol: str,
    beginning: Beginning | None = None,
) -> Prepared:
    """Load, compute features, label, join and split: by the strategy's shares, or where the beginning was.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If there are too few bars, or a part would be empty; the message says how many are needed.
    """
    rows = symbol_rows(data, engineer, strategy, symbol)
    market, matrix, labels = rows.market, rows.matrix, rows.labels
    dataset = join(matrix, labels, market.base_bars.known_at, rows.whole)
    shares = strategy.split
    times = dataset.matrix.known_at, dataset.label_end, market.base_bars.known_at
    if beginning is None:
        split = temporal_split(*times, (shares.train, shares.validation, shares.test), shares.embargo_bars)
    else:
        split = split_at(*times, beginning.cuts, shares.embargo_bars, beginning.reference)
    log.info("split", extra={"rows": len(dataset), **{name: len(getattr(split, name)) for name in PARTS}})
    history = SettledHistory.of(rows.features, market.base, model_spec(strategy).window)
    prepared = Prepared(market, rows.features, rows.columns, matrix, labels, dataset, split, rows.notes, history)
    of_rows = prepared.dataset.matrix.base_rows
    warnings, notes = Settling.of(history, market).findings(of_rows[split.train], of_rows[split.test])
    windowless = _windowless_note(prepared, model_spec(strategy).window)
    return replace(prepared, notes=(*rows.notes, *windowless, *notes), warnings=warnings)


def require_no_warnings(warnings: Sequence[str], strict: bool) -> None:
    """Raise InvalidInput with all warnings if there are any and `strict` refuses them."""
    if strict and warnings:
        raise InvalidInput("; ".join(warnings))


def symbol_rows(data: DataRepository, engineer: FeatureEngineer, strategy: Strategy, symbol: str) -> SymbolRows:
    """Load, compute features and label, by the strategy as it is for this symbol.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If there are too few bars, or no row has a whole window.
    """
    strategy = own_strategy(data, strategy, symbol)
    features = resolve(strategy)
    market = gather(data, strategy.training_data, symbol)
    market = with_context(data, market, used_sources(strategy, features))
    _require_history(market, strategy, declared_warmup(features, market.base), "declared")
    columns = input_columns(features)
    matrix = compute_features(engineer, columns, market)
    if not len(matrix):
        raise InvalidInput(_no_rows(engineer, columns, market))
    _require_history(market, strategy, matrix.warmup_rows, "measured")
    labels, read_for_labels = make_labels(data, strategy, market)
    market = replace(market, loaded=(*market.loaded, *read_for_labels))
    whole = _whole_windows(matrix, market, strategy)
    notes = (*market.notes, *override_notes(strategy, symbol), *labels.notes, *settling_notes(features, market))
    notes = (*notes, *uncovered(strategy, matrix))
    return SymbolRows(market, features, columns, matrix, labels, whole, notes)


def _whole_windows(matrix: FeatureMatrix, market: MarketData, strategy: Strategy) -> Bools | None:
    """Return which rows have a whole window; None for a model that reads single rows."""
    spec = model_spec(strategy)
    if not spec.reads_windows:
        return None
    reached = look_back(matrix, market.base_bars, spec.break_at_session)
    whole: Bools = reached >= spec.window
    if not whole.any():
        where = f"{market.base_bars.symbol} {market.base}"
        raise InvalidInput(missing_look_back(reached, spec, where))
    return whole


def _windowless_note(prepared: Prepared, window: int) -> tuple[str, ...]:
    left_out = prepared.windowless_rows
    note = (
        f"{left_out:,} of {left_out + len(prepared.dataset):,} labelled rows are left out: fewer than {window} rows "
        "stand before them without a break"
    )
    return (note,) if left_out else ()


def compute_features(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> FeatureMatrix:
    """Return the feature matrix of a symbol; training, prediction and export all come through here."""
    known = of_symbol(features, market.characteristics.asset_class)
    matrix = engineer.engineer(known, market.bars, market.base, market.context)
    extra = {"rows": len(matrix), "warmup_rows": matrix.warmup_rows, "unusable_rows": matrix.unusable_rows}
    log.info("features", extra=extra)
    return matrix


def _no_rows(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> str:
    """Say which features never have a value, or that they never have one together."""
    known = of_symbol(features, market.characteristics.asset_class)
    given = market.bars, market.base, market.context
    lifeless = [item.id for item in known if not len(engineer.engineer([item], *given))]
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
