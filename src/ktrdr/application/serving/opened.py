"""A stored model in front of one symbol's bars: features as in training, outputs, signals, decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.context_data import with_context
from ktrdr.application.preparing.market_data import NATIVE, MarketData, gather
from ktrdr.application.preparing.own_strategy import override_notes
from ktrdr.application.preparing.rows import compute_features
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.decisions.decide import Signals, decide
from ktrdr.domain.decisions.run import DecisionSeries, run
from ktrdr.domain.decisions.volume import volume_note, volume_permits
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.feature import Source
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.market.context_series import CONTEXT_FOLDER


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One symbol's market in front of a model.

    Attributes
    ----------
    opened : OpenedModel
    market : MarketData
    matrix : FeatureMatrix
        The rows on which every feature has settled, with those that the first of them looks back on.
    """

    opened: OpenedModel
    market: MarketData
    matrix: FeatureMatrix


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What a model says on some rows of a matrix, and what its strategy does.

    Attributes
    ----------
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,).
    signals : Signals
    decisions : DecisionSeries
        Run from flat over these rows.
    notes : tuple of str
        What must be said of the filters.
    """

    outputs: Floats
    signals: Signals
    decisions: DecisionSeries
    notes: tuple[str, ...]


def serve(
    data: DataRepository, engineer: FeatureEngineer, opened: OpenedModel, symbol: str, end: str | None = None
) -> Served:
    """Return the market of a symbol and its features, as in training; up to `end` where it is given, a date.

    Raises
    ------
    DataNotFound
    InvalidInput
        If the model may not serve the symbol, its features can no longer be computed as in training, or there is less
        history than they need.
    """
    opened, market = served_market(data, engineer, opened, symbol, end)
    settled = _first_settled_row(opened, market)
    columns = compute_features(engineer, input_columns(opened.features), market)
    matrix = columns.select(opened.manifest.model["input_features"])
    first = int(np.searchsorted(matrix.base_rows, settled)) - (opened.spec.window - 1)  # its look-back is read, too
    matrix = matrix.take(slice(max(first, 0), None))
    if not len(matrix):
        raise InvalidInput(f"{symbol} {market.base}: {len(market.base_bars)} bars are fewer than the warm-up")
    return Served(opened, market, matrix)


def served_market(
    data: DataRepository, engineer: FeatureEngineer, opened: OpenedModel, symbol: str, end: str | None = None
) -> tuple[OpenedModel, MarketData]:
    """Return a model as it is for a symbol that it may serve, and the symbol's market; raises as `serve` does."""
    instrument = data.characteristics(symbol)
    require_servable(opened.manifest, instrument, stands_in=opened.stands_in)
    opened.require_same_features(engineer.kernels(opened.features))
    opened = opened.for_symbol(symbol, instrument.asset_class)
    opened.require_same_config(symbol, engineer.kernels(opened.features))
    strategy, features = opened.strategy, opened.features
    start = strategy.training_data.start if never_settling(features) else None
    wanted = replace(strategy.training_data, start=start, end=end)
    market = gather(data, wanted, symbol, opened.origins_of(symbol), strategy.quality)
    market = with_context(data, market, used_sources(strategy, features), strategy.quality)
    _require_same_beginning(opened, market)
    others = _other_bars(opened.manifest, market, strategy.training_data.start)
    return opened, replace(market, notes=(*market.notes, *others, *override_notes(strategy, symbol)))


def _other_bars(manifest: Manifest, market: MarketData, start: str | None) -> tuple[str, ...]:
    """Say of each series whether the model was trained on another of its name: from another file, or begun elsewhere.

    Where training had a `start`, its bars begin with that, and only files are compared.
    """
    trained = {(item.get("symbol"), item.get("timeframe")): item for item in manifest.data}
    said = []
    for bars in market.loaded:
        then = trained.get((bars.symbol, bars.timeframe))
        if then is None:
            continue
        moved = start is None and then.get("first") != bars.first
        if moved or then.get("source") != bars.source:
            said.append(
                f"{bars.symbol} {bars.timeframe}: these bars are from {bars.source} and begin {bars.first}; those in "
                f"training were from {then.get('source')} and began {then.get('first')}"
            )
    return tuple(said)


def decided_on(served: Served, rows: Int64s) -> Decided:
    """Return outputs, signals and decisions on rows of the matrix, ascending, each with a whole window before it.

    A model that reads no windows takes a run of rows without holes.
    """
    opened, matrix = served.opened, served.matrix
    spec, settings = opened.spec, opened.strategy.decisions
    first = int(rows[0]) - spec.window + 1
    read = matrix.values[first : int(rows[-1]) + 1]
    ends = rows - first if spec.reads_windows else None
    outputs = opened.outputs(read, ends)
    signals = signals_of(opened, outputs)
    volume, bars = served.market.base_bars.volume, matrix.base_rows[rows]
    _, decisions = run(signals, bars, settings, volume_permits(volume, settings.volume_filter)[bars])
    said = volume_note(volume, settings.volume_filter)
    return Decided(outputs, signals, decisions, () if said is None else (said,))


def signals_of(opened: OpenedModel, outputs: Floats) -> Signals:
    """Return what the model asks for by its outputs and its strategy's thresholds."""
    settings = opened.strategy.decisions
    return decide(
        outputs,
        opened.target,
        confidence_threshold=settings.confidence_threshold,
        minimum_edge=settings.minimum_edge,
    )


def _require_same_beginning(opened: OpenedModel, market: MarketData) -> None:
    """Refuse bars that do not begin where training's began, if an indicator counts from the first bar."""
    manifest = opened.manifest
    for source in never_settling(opened.features):
        symbol, timeframe = _read_for(source, market)
        now = next(item.first for item in market.loaded if (item.symbol, item.timeframe) == (symbol, timeframe))
        was = opened.first_bar(symbol, timeframe)
        if now != was:
            beginning = f"on {was}" if was else "and it was not trained on this symbol"
            raise InvalidInput(
                f"{manifest.model_name}: {source.indicator} on {source.timeframe} never settles, so "
                f"{symbol} {timeframe} must begin as in training, {beginning}; found {now}"
            )


def _read_for(source: Source, market: MarketData) -> tuple[str, str]:
    """Return symbol and timeframe of the series that was read for an indicator."""
    if source.data_source:
        return source.data_source, CONTEXT_FOLDER
    origin = market.origins[source.timeframe]
    return market.base_bars.symbol, source.timeframe if origin == NATIVE else origin


def _first_settled_row(opened: OpenedModel, market: MarketData) -> int:
    """Return the first base row whose features have settled; 0 for a model whose manifest says nothing of that."""
    history = opened.settled_history
    row = 0 if history is None else history.first_row(market.bars, market.context)
    if history is not None and row >= len(market.base_bars):
        shortage = history.shortage(market.bars, market.context)
        raise InvalidInput(f"{opened.manifest.model_name} on {market.base_bars.symbol}: {shortage}")
    return row
