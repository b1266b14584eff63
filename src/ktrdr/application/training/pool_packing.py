"""Packing a pool's model: the manifest of no symbol, and the files that say what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.training.packing import common_fields, moments, reports
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.symbol_configs import symbol_configs
from ktrdr.domain.artifacts.symbol_files import (
    SYMBOL_CONFIGS,
    SYMBOLS,
    PooledSymbol,
    symbol_configs_json,
    symbols_json,
)
from ktrdr.domain.market.profile import SymbolProfile, profile_of
from ktrdr.domain.strategy.document import Strategy

if TYPE_CHECKING:
    from ktrdr.application.preparing.members import Member
    from ktrdr.application.preparing.pool import PreparedPool
    from ktrdr.application.training.fitting import Fitted
    from ktrdr.application.training.judging import Judgement
    from ktrdr.domain.training.plan import TrainingJob


def pack_pool(
    data: DataRepository,
    job: TrainingJob,
    prepared: PreparedPool,
    fitted: Fitted,
    judgement: Judgement,
    kernels: Mapping[str, str],
) -> Artifact:
    """Return the artifact of a judged pool, ready to be published as ``universal_v{n}``."""
    strategy = job.strategy
    key, split, members = ModelKey(strategy.name), prepared.split, prepared.members
    profiles = {symbol: _profile(data, strategy, symbol, split.fitted_until) for symbol in split.seen}
    symbols = {
        symbol: PooledSymbol.of(member.facts, profiles.get(symbol), split.counts[symbol], member.origins)
        for symbol, member in members.items()
    }
    configs = symbol_configs(strategy, {name: one.facts.asset_class for name, one in members.items()}, kernels)
    manifest = Manifest(
        model_name=f"{key.folder}/{key.stem}",
        symbol=None,
        timeframe=None,
        target=prepared.pool.target.as_dict(),
        training_symbols=list(split.seen),
        data=[asdict(item) for item in dict.fromkeys(item for member in members.values() for item in member.loaded)],
        data_origins=dict(members[split.seen[0]].origins),
        split=split.report() | _left_over(members) | _chosen(job, prepared),
        settled_history=dict(prepared.history.bars),
        symbols={symbol: profile.as_dict() for symbol, profile in profiles.items()},
        **moments(split),
        **common_fields(strategy, (prepared.features, prepared.columns), fitted, judgement, kernels),
    )
    files = {SYMBOLS: symbols_json(symbols), SYMBOL_CONFIGS: symbol_configs_json(configs)}
    return Artifact(manifest, {**fitted.shipped.state(), **reports(fitted, judgement), **files})


def _profile(data: DataRepository, strategy: Strategy, symbol: str, until: int) -> SymbolProfile:
    """Return a symbol's profile; its bars are read again, since those of all were not kept."""
    market = gather(data, strategy.training_data, symbol)
    return profile_of(market.characteristics, market.base_bars, until)


def _chosen(job: TrainingJob, prepared: PreparedPool) -> dict[str, Any]:
    left_out = {"left_out": dict(prepared.left_out)} if prepared.left_out else {}
    return {"combination": job.combination, "held_out": sorted(job.request.hold_out)} | left_out


def _left_over(members: Mapping[str, Member]) -> dict[str, Any]:
    names = ("unlabelled", "windowless", "unsettled")
    return {name: sum(getattr(member, name) for member in members.values()) for name in names}
