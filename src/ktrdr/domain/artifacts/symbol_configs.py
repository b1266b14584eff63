"""What a universal model keeps of symbols with values of their own, and how that is held to at prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.packed import packed_contract, plain
from ktrdr.domain.artifacts.symbol_files import SYMBOL_CONFIGS, read_symbol_configs, read_symbols
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.contract import Contract, compare
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.varying.for_symbol import changes_for, strategy_for

Configs = Mapping[str, Mapping[str, Any]]
_KEYS = {"asset_class", "overrides", "feature_contract"}


def symbol_configs(
    strategy: Strategy, asset_classes: Mapping[str, str], kernels: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return the content of ``symbol_configs.json``: what the strategy sets otherwise, by symbol.

    Of each symbol that has values of its own: its asset class, which decides them; the values by their path; and the
    entries of the feature contract that differ for it.

    Parameters
    ----------
    strategy : Strategy
    asset_classes : mapping of symbol to str
        Of all symbols of the pool.
    kernels : mapping of indicator to str
    """
    shared = packed_contract(resolve(strategy), kernels)
    configs = {}
    for symbol, asset_class in asset_classes.items():
        changed = changes_for(strategy, symbol, asset_class)
        if changed:
            own = packed_contract(resolve(strategy_for(strategy, symbol, asset_class)), kernels)
            entries = [entry for entry, other in zip(own, shared, strict=True) if entry != other]
            configs[symbol] = {
                "asset_class": asset_class,
                "overrides": plain(changed),
                "feature_contract": entries,
            }
    return configs


def read_configs(artifact: Artifact) -> dict[str, dict[str, Any]]:
    """Return the configs of a model; empty for one of a single symbol.

    Raises
    ------
    CorruptArtifact
        If they are not what a training writes.
    """
    configs = read_symbol_configs(artifact)
    for symbol, config in configs.items():
        if not _is_config(config):
            raise CorruptArtifact(f"{SYMBOL_CONFIGS}: {ascii(symbol)[:80]} must hold {', '.join(sorted(_KEYS))}")
    return configs


def _is_config(config: Mapping[str, Any]) -> bool:
    if config.keys() != _KEYS or not isinstance(config["overrides"], dict):
        return False
    entries = config["feature_contract"]
    return isinstance(entries, list) and all(
        isinstance(item, dict) and isinstance(item.get("id"), str) for item in entries
    )


def pooled_classes(artifact: Artifact) -> dict[str, str]:
    """Return the asset class that each symbol of a pool had in training; empty for a model of a single symbol."""
    return {name: one.asset_class for name, one in read_symbols(artifact).items()}


def config_problems(strategy: Strategy, artifact: Artifact) -> tuple[str, ...]:
    """Return what is wrong with the configs beside the strategy.

    Raises
    ------
    CorruptArtifact
        As `read_configs`.
    """
    configs = read_configs(artifact)
    stored = {name: config["overrides"] for name, config in configs.items()}
    classes = pooled_classes(artifact)
    wanted = {name: plain(changes_for(strategy, name, kind)) for name, kind in classes.items()}
    same = stored == {name: changed for name, changed in wanted.items() if changed}
    return () if same else (f"{SYMBOL_CONFIGS} does not hold what the strategy's symbol_overrides say",)


def require_same_config(
    manifest: Manifest, configs: Configs, symbol: str, features: Sequence[Feature], kernels: Mapping[str, str]
) -> None:
    """Refuse a symbol of a pool whose features would be computed otherwise than in training.

    Raises
    ------
    InvalidInput
        The message names feature and field.
    """
    config = next((own for name, own in configs.items() if same_symbol(name, symbol)), None)
    own = {} if config is None else {entry.get("id"): entry for entry in config["feature_contract"]}
    expected: Contract = [own.get(entry.get("id"), entry) for entry in manifest.feature_contract]
    difference = compare(expected, packed_contract(features, kernels))
    if difference:
        raise InvalidInput(
            f"{manifest.model_name}: the features of {symbol} can not be computed as in training: {difference}"
        )
