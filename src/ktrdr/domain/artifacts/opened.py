"""A stored model that is ready to be used: everything that its files say, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.lookup import listed
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.symbol_configs import Configs, read_configs, require_same_config
from ktrdr.domain.artifacts.symbol_files import read_symbols
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.contract import compare, feature_contract
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import SettledHistory, is_marked
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.settings import ModelSpec


@dataclass(frozen=True, slots=True, eq=False)
class OpenedModel:
    """A restored model with the facts that stand beside it.

    Attributes
    ----------
    manifest : Manifest
    model : FittedModel
    strategy : Strategy
        The one that is stored with it; of one symbol where `for_symbol` made it so.
    features : tuple of Feature
        What that strategy resolves to.
    inference : Inference
    target : Target
        What the outputs mean.
    spec : ModelSpec
        Type and sizes.
    stands_in : bool
        Whether it was chosen for a symbol that is only similar to its own.
    origins : mapping of symbol to mapping of timeframe to str
        Of the symbols of a pool, where their bars came from.
    asset_classes : mapping of symbol to str
        What the symbols of a pool were in training.
    configs : mapping of symbol to mapping
        What the symbols of a pool have otherwise.
    """

    manifest: Manifest
    model: FittedModel
    strategy: Strategy
    features: tuple[Feature, ...]
    inference: Inference
    target: Target
    spec: ModelSpec
    stands_in: bool = False
    origins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    asset_classes: Mapping[str, str] = field(default_factory=dict)
    configs: Configs = field(default_factory=dict)

    @classmethod
    def of(cls, artifact: Artifact, model: FittedModel, where: str, *, stands_in: bool = False) -> OpenedModel:
        """Return what the files of a restored model say; `where` names it in errors.

        Raises
        ------
        CorruptArtifact, InvalidInput
            If anything in it is not what a training writes.
        """
        manifest = artifact.manifest
        strategy = parse(manifest.strategy, where=f"{where}/config.yaml")
        symbols = read_symbols(artifact)
        return cls(
            manifest,
            model,
            strategy,
            resolve(strategy),
            read_inference(manifest, model.feature_ids),
            Target.from_dict(manifest.target),
            model_spec(strategy),
            stands_in,
            {symbol: one.origins for symbol, one in symbols.items()},
            {symbol: one.asset_class for symbol, one in symbols.items()},
            read_configs(artifact),
        )

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
            raise InvalidInput(
                f"{self.manifest.model_name} was trained on {len(symbols)} symbols ({listed(symbols)}); say which one "
                "(--symbol)"
            )
        return symbols[0]

    @property
    def settled_history(self) -> SettledHistory | None:
        """The history that its features need; None for a model whose manifest says nothing of that.

        Older manifests count bars alone, neither by sessions nor by publications; for these the catalogue says what is
        needed. A universal model counts what any of its symbols needs, which may be more kinds than one of them has.

        Raises
        ------
        CorruptArtifact
            If it is not that of these features.
        """
        manifest = self.manifest
        if manifest.settled_history is None:
            return None
        declared = SettledHistory.of(self.features, self.strategy.training_data.timeframes.base, self.spec.window)
        stored = {key: 1 for key in declared.bars if is_marked(key)} | manifest.settled_history
        strange = stored.keys() - declared.bars.keys() if manifest.symbol is not None else set()
        if declared.bars.keys() - stored.keys() or strange or min(stored.values()) < 1:
            wanted = ", ".join(declared.bars)
            raise CorruptArtifact(
                f"{manifest.model_name}: settled_history needs a positive number for each of {wanted}"
            )
        return replace(declared, bars={name: max(bars, stored[name]) for name, bars in declared.bars.items()})

    def origins_of(self, symbol: str) -> Mapping[str, str] | None:
        """Return where the bars of a symbol must come from, as in training; None for one outside the pool."""
        if self.manifest.symbol is not None:
            return self.manifest.data_origins
        return next((origins for name, origins in self.origins.items() if same_symbol(name, symbol)), None)

    def first_bar(self, symbol: str, timeframe: str) -> str | None:
        """Return with which bar a series began in training; None where it was not among its data."""
        own = (item for item in self.manifest.data if same_symbol(str(item.get("symbol")), symbol))
        return next((item.get("first") for item in own if item.get("timeframe") == timeframe), None)

    def require_same_features(self, kernels: Mapping[str, str]) -> None:
        """Refuse an engineer whose indicators, named by `kernels`, are not those of the training.

        Raises
        ------
        InvalidInput
            The message names feature and field.
        """
        difference = compare(self.manifest.feature_contract, feature_contract(self.features, kernels))
        if difference:
            name = self.manifest.model_name
            raise InvalidInput(f"{name}: its features can not be computed as in training: {difference}")

    def for_symbol(self, symbol: str, asset_class: str) -> OpenedModel:
        """Return the model with a symbol's own strategy; a symbol of the pool is what it was in training."""
        known = next((kind for name, kind in self.asset_classes.items() if same_symbol(name, symbol)), asset_class)
        strategy = strategy_for(self.strategy, symbol, known)
        return replace(self, strategy=strategy, features=resolve(strategy))

    def require_same_config(self, symbol: str, kernels: Mapping[str, str]) -> None:
        """Refuse a symbol of the pool whose own features would be computed otherwise than in training.

        Raises
        ------
        InvalidInput
            The message names feature and field.
        """
        if any(same_symbol(name, symbol) for name in self.asset_classes):
            require_same_config(self.manifest, self.configs, symbol, self.features, kernels)

    def outputs(self, values: Float32s, ends: Int64s | None = None) -> Floats:
        """Return probabilities or predictions, see `Inference.outputs`."""
        return self.inference.outputs(self.model, values, ends)
