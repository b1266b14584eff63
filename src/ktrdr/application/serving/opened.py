"""The one path of a stored model: its own strategy, the features as in training, outputs, signals, decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.context_data import with_context
from ktrdr.application.preparing.market_data import MarketData, gather
from ktrdr.application.preparing.own_strategy import override_notes
from ktrdr.application.preparing.rows import compute_features
from ktrdr.application.preparing.settling import first_settled_row, require_same_beginning
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.artifacts.symbol_configs import Configs, pooled_classes, read_configs, require_same_config
from ktrdr.domain.artifacts.symbol_files import read_symbols
from ktrdr.domain.decisions.decide import Signals, decide
from ktrdr.domain.decisions.run import DecisionSeries, run
from ktrdr.domain.decisions.volume import volume_note, volume_permits
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.contract import compare, feature_contract
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import never_settling
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.settings import ModelSpec

_NAMED = 10


@dataclass(frozen=True, slots=True, eq=False)
class OpenedModel:
    """A stored model that is ready to be used, with the strategy that is stored beside it.

    `stands_in` is true where it was chosen for a symbol that is only similar to its own; `origins` says for each symbol
    of a pool where the bars of each timeframe came from, `asset_classes` what it was in training, and `configs` what it
    has otherwise.
    """

    manifest: Manifest
    model: FittedModel
    strategy: Strategy
    stands_in: bool = False
    origins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asset_classes: Mapping[str, str] = field(default_factory=dict)
    configs: Configs = field(default_factory=dict)

    def origins_of(self, symbol: str) -> Mapping[str, str] | None:
        """Return where the bars of a symbol must come from, as in training; None for one outside the pool."""
        if self.manifest.symbol is not None:
            return self.manifest.data_origins
        return next((origins for name, origins in self.origins.items() if same_symbol(name, symbol)), None)

    def for_symbol(self, symbol: str, asset_class: str) -> OpenedModel:
        """Return the model with a symbol's own strategy; a symbol of the pool is what it was in training."""
        known = next((kind for name, kind in self.asset_classes.items() if same_symbol(name, symbol)), asset_class)
        return replace(self, strategy=strategy_for(self.strategy, symbol, known))

    @property
    def only_symbol(self) -> str:
        """The symbol that it was trained on.

        Raises
        ------
        InvalidInput
            If these are several.
        """
        symbols = self.manifest.training_symbols
        if len(symbols) > 1:
            named = f"{', '.join(symbols[:_NAMED])}{' ...' if len(symbols) > _NAMED else ''}"
            raise InvalidInput(
                f"{self.manifest.model_name} was trained on {len(symbols)} symbols ({named}); say which one (--symbol)"
            )
        return symbols[0]

    @property
    def spec(self) -> ModelSpec:
        """Type and sizes."""
        return model_spec(self.strategy)

    @property
    def target(self) -> Target:
        """What its outputs mean."""
        return Target.from_dict(self.manifest.target)


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

    outputs: NDArray[np.float64]
    signals: Signals
    decisions: DecisionSeries
    notes: tuple[str, ...]


def open_model(trainer: ModelTrainer, artifact: Artifact, where: str, *, stands_in: bool = False) -> OpenedModel:
    """Restore a model; `where` names it in errors, `stands_in` is that of `LoadedModel`.

    Raises
    ------
    CorruptArtifact
        If anything in it is not what a training writes.
    """
    strategy = parse(artifact.manifest.strategy, where=f"{where}/config.yaml")
    origins = {symbol: one.origins for symbol, one in read_symbols(artifact).items()}
    kept = pooled_classes(artifact), read_configs(artifact)
    return OpenedModel(artifact.manifest, trainer.restore(artifact), strategy, stands_in, origins, *kept)


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
    opened, features, market = served_market(data, engineer, opened, symbol, end)
    manifest = opened.manifest
    window = opened.spec.window
    settled = first_settled_row(manifest, features, market, window) - (window - 1)  # its look-back is read, too
    columns = compute_features(engineer, input_columns(features), market)
    matrix = columns.select(manifest.model["input_features"])
    matrix = matrix.take(slice(int(np.searchsorted(matrix.base_rows, settled)), None))
    if not len(matrix):
        raise InvalidInput(f"{symbol} {market.base}: {len(market.base_bars)} bars are fewer than the warm-up")
    return Served(opened, market, matrix)


def served_market(
    data: DataRepository, engineer: FeatureEngineer, opened: OpenedModel, symbol: str, end: str | None = None
) -> tuple[OpenedModel, tuple[Feature, ...], MarketData]:
    """Return a model as it is for a symbol that it may serve, the features that it reads, and the symbol's market.

    Raises as `serve` does.
    """
    manifest, instrument = opened.manifest, data.characteristics(symbol)
    require_servable(manifest, instrument, stands_in=opened.stands_in)
    _require_same_features(manifest, resolve(opened.strategy), engineer)
    opened = opened.for_symbol(symbol, instrument.asset_class)
    strategy = opened.strategy
    features = resolve(strategy)
    if any(same_symbol(name, symbol) for name in opened.asset_classes):
        require_same_config(manifest, opened.configs, symbol, features, engineer.kernels(features))
    start = strategy.training_data.start if never_settling(features) else None
    wanted = replace(strategy.training_data, start=start, end=end)
    market = gather(data, wanted, symbol, opened.origins_of(symbol))
    market = with_context(data, market, used_sources(strategy, features))
    require_same_beginning(manifest, features, market)
    notes = (
        *market.notes,
        *_other_bars(manifest, market, strategy.training_data.start),
        *override_notes(strategy, symbol),
    )
    return opened, features, replace(market, notes=notes)


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
    manifest, spec, settings = opened.manifest, opened.spec, opened.strategy.decisions
    first = int(rows[0]) - spec.window + 1
    read = matrix.values[first : int(rows[-1]) + 1]
    ends = rows - first if spec.reads_windows else None
    outputs = read_inference(manifest, opened.model.feature_ids).outputs(opened.model, read, ends)
    signals = decide(
        outputs,
        opened.target,
        confidence_threshold=settings.confidence_threshold,
        minimum_edge=settings.minimum_edge,
    )
    volume, bars = served.market.base_bars.volume, matrix.base_rows[rows]
    _, decisions = run(signals, bars, settings, volume_permits(volume, settings.volume_filter)[bars])
    said = volume_note(volume, settings.volume_filter)
    return Decided(outputs, signals, decisions, () if said is None else (said,))


def _require_same_features(manifest: Manifest, features: tuple[Feature, ...], engineer: FeatureEngineer) -> None:
    difference = compare(manifest.feature_contract, feature_contract(features, engineer.kernels(features)))
    if difference:
        raise InvalidInput(f"{manifest.model_name}: its features can not be computed as in training: {difference}")
