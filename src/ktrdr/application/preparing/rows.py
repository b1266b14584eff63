"""The rows of one symbol: bars, features and labels, before anything is pooled or split."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.context_data import with_context
from ktrdr.application.preparing.labelling import make_labels, step_labels
from ktrdr.application.preparing.market_data import MarketData, gather
from ktrdr.application.preparing.own_strategy import override_notes, own_strategy
from ktrdr.application.preparing.quality import quality_of
from ktrdr.application.preparing.settling import settling_notes
from ktrdr.domain.arrays import Bools
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import of_symbol
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.coverage import uncovered
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.ratios import require_ratios
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.warmup import declared_warmup
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import forecast_steps, model_spec
from ktrdr.domain.training.windows import are_whole, look_back, missing_look_back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class SymbolRows:
    """Features and labels of one symbol, before anything is split.

    `features` are the resolved ones; `columns` are those of the matrix, which carries the indicators of learnable sets.
    `whole` says which rows of the matrix have a whole window; `notes` are to be said aloud; `steps` holds the labels of
    each number of bars ahead where several are forecast.
    """

    market: MarketData
    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    matrix: FeatureMatrix
    labels: LabelSet
    whole: Bools | None
    notes: tuple[str, ...]
    steps: Mapping[int, LabelSet] = field(default_factory=dict)

    @property
    def symbol(self) -> str:
        """Whose rows they are."""
        return self.market.base_bars.symbol

    @property
    def labelled(self) -> Bools:
        """Which rows of the matrix have a label."""
        defined: Bools = self.labels.defined[self.matrix.base_rows]
        return defined

    @property
    def learnable(self) -> Bools:
        """Which rows of the matrix can be learnt from: those with a label, and a whole window."""
        return self.learnable_of(self.labels)

    def learnable_of(self, labels: LabelSet) -> Bools:
        """Return the same for other labels of these bars."""
        labelled: Bools = labels.defined[self.matrix.base_rows]
        return labelled if self.whole is None else labelled & self.whole


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
    market = gather(data, strategy.training_data, symbol, limits=strategy.quality)
    market = with_context(data, market, used_sources(strategy, features), strategy.quality)
    _require_history(market, strategy, declared_warmup(features, market.base), "declared")
    columns = input_columns(features)
    matrix = compute_features(engineer, columns, market)
    if not len(matrix):
        raise InvalidInput(_no_rows(engineer, columns, market))
    _require_history(market, strategy, matrix.warmup_rows, "measured")
    labels, others = make_labels(data, strategy, market)
    loaded = (*market.loaded, *(bars.fingerprint() for bars in others))
    odd = (
        finding
        for bars in others
        for finding in quality_of([bars], data.characteristics(bars.symbol), strategy.quality)
    )
    market = replace(market, loaded=loaded, quality=(*market.quality, *odd))
    whole = _whole_windows(matrix, market, strategy)
    notes = (*market.notes, *override_notes(strategy, symbol), *labels.notes, *settling_notes(features, market))
    notes = (*notes, *uncovered(strategy, matrix))
    steps = step_labels(strategy, market, others, forecast_steps(strategy))
    return SymbolRows(market, features, columns, matrix, labels, whole, notes, steps)


def _whole_windows(matrix: FeatureMatrix, market: MarketData, strategy: Strategy) -> Bools | None:
    """Return which rows have a whole window; None for a model that reads single rows."""
    spec = model_spec(strategy)
    if not spec.reads_windows:
        return None
    reached = look_back(matrix, market.base_bars, spec.break_at_session)
    whole = are_whole(reached, spec)
    if not whole.any():
        where = f"{market.base_bars.symbol} {market.base}"
        raise InvalidInput(missing_look_back(reached, spec, where))
    return whole


def compute_features(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> FeatureMatrix:
    """Return the feature matrix of a symbol; training, prediction and export all come through here.

    Raises
    ------
    InvalidBars
        If a feature takes ratios of prices that are not above 0.
    """
    require_ratios(features, market.bars, market.base)
    known = of_symbol(features, market.characteristics.asset_class, market.base_bars.symbol)
    matrix = engineer.engineer(known, market.bars, market.base, market.context)
    extra = {"rows": len(matrix), "warmup_rows": matrix.warmup_rows, "unusable_rows": matrix.unusable_rows}
    log.info("features", extra=extra)
    return matrix


def _no_rows(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> str:
    """Say which features never have a value, or that they never have one together."""
    known = of_symbol(features, market.characteristics.asset_class, market.base_bars.symbol)
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
