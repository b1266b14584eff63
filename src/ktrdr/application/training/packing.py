"""Packing: everything a model needs to be trusted and loaded, as one artifact of plain data."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.preparing.members import fingerprints
from ktrdr.application.preparing.quality import quality_document
from ktrdr.application.training.references import reference_for
from ktrdr.application.training.steps import all_parted
from ktrdr.domain.artifacts.artifact import HISTORY, IMPORTANCE, METRICS, Artifact
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.packed import packed_contract, packed_strategy, plain
from ktrdr.domain.artifacts.reference import REFERENCE
from ktrdr.domain.artifacts.symbol_configs import symbol_configs
from ktrdr.domain.artifacts.symbol_files import (
    SYMBOL_CONFIGS,
    SYMBOLS,
    PooledSymbol,
    symbol_configs_json,
    symbols_json,
)
from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.features.learnable import tuned_document
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.profile import SymbolProfile, profile_of
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import settings_document
from ktrdr.domain.training.effective import model_spec, primary_step
from ktrdr.domain.training.plan import TrainingJob

if TYPE_CHECKING:
    from ktrdr.application.preparing.pool import Prepared
    from ktrdr.application.training.fits import Fitted
    from ktrdr.application.training.judging import Judgement

_LIBRARIES = ("ktrdr", "numpy", "pandas", "TA-Lib")
_LEFT_OVER = ("unlabelled", "windowless", "unsettled")


def pack(
    data: DataRepository,
    job: TrainingJob,
    prepared: Prepared,
    fitted: Fitted,
    judgement: Judgement,
    kernels: Mapping[str, str],
) -> Artifact:
    """Return the artifact of a judged model, ready to be published: of one symbol, or as ``universal_v{n}``."""
    strategy, members = job.strategy, prepared.members
    key = ModelKey.of(job)
    profiles = {symbol: _profile(data, job, prepared, symbol) for symbol in prepared.seen}
    moments = _moments(all_parted(prepared))
    manifest = Manifest(
        model_name=f"{key.folder}/{key.stem}",
        symbol=key.symbol,
        timeframe=key.timeframe,
        target=prepared.pool.target.as_dict(),
        training_symbols=list(prepared.seen),
        data=fingerprints(members),
        data_origins=dict(members[prepared.seen[0]].origins),
        split=_split(job, prepared),
        settled_history=dict(prepared.history.bars),
        symbols={symbol: profile.as_dict() for symbol, profile in profiles.items()},
        quality=quality_document(prepared.quality, job.request.accept_quality),
        **(moments if fitted.start is None else fitted.start.latest(moments)),
        **_common_fields(job, prepared, fitted, judgement, kernels),
    )
    files = _symbol_files(job, prepared, profiles, kernels) if job.pooled else {}
    files[REFERENCE] = reference_for(prepared, fitted, strategy).as_bytes()
    return Artifact(manifest, {**fitted.shipped.state(), **_reports(fitted, judgement), **files})


def _moments(splits: Sequence[Parted]) -> dict[str, Any]:
    """Return the three moments of a manifest: the latest of all steps."""
    names = ("fitted_until", "selected_until", "judged_until")
    return {name: iso(max(getattr(split, name) for split in splits)) for name in names}


def _split(job: TrainingJob, prepared: Prepared) -> dict[str, Any]:
    """Return the manifest's split: parts, and rows that are in none; of a pool each symbol's, and how it was pooled."""
    report, left_over = prepared.split.report(), {name: prepared.total(f"{name}_rows") for name in _LEFT_OVER}
    report |= {"steps": prepared.step_splits()} if prepared.steps else {}
    if not job.pooled:
        return report | left_over
    left_out = {"left_out": dict(prepared.left_out)} if prepared.left_out else {}
    chosen = {"combination": job.combination, "held_out": sorted(job.request.hold_out)}
    return report | {"symbols": prepared.split.counts(prepared.pool.blocks)} | left_over | chosen | left_out


def _symbol_files(
    job: TrainingJob, prepared: Prepared, profiles: Mapping[str, SymbolProfile], kernels: Mapping[str, str]
) -> dict[str, bytes]:
    """Return what a pooled model keeps of each of its symbols."""
    members, counts = prepared.members, prepared.split.counts(prepared.pool.blocks)
    symbols = {
        symbol: PooledSymbol.of(member.facts, profiles.get(symbol), counts[symbol], member.origins)
        for symbol, member in members.items()
    }
    configs = symbol_configs(job.strategy, {name: one.facts.asset_class for name, one in members.items()}, kernels)
    return {SYMBOLS: symbols_json(symbols), SYMBOL_CONFIGS: symbol_configs_json(configs)}


def _common_fields(
    job: TrainingJob, prepared: Prepared, fitted: Fitted, judgement: Judgement, kernels: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a manifest says of a model whatever symbols it was trained on."""
    strategy, features = job.strategy, prepared.features
    document = packed_strategy(strategy)
    contract = packed_contract(features, kernels)
    return {
        "strategy_name": strategy.name,
        "strategy_version": strategy.version,
        "model": {
            "type": strategy.model.type,
            "architecture": document["model"][model_type(strategy.model.type).section],
            "input_features": list(fitted.shipped.feature_ids),
            **_members(strategy, document),
            **_steps(job, prepared),
            **({} if fitted.start is None else {"initialised_from": fitted.start.reference}),
        },
        "strategy": document,
        "indicators": document["indicators"],
        "fuzzy_sets": tuned_document(document["fuzzy_sets"], fitted.shipped.tuned),
        "nn_inputs": document["nn_inputs"],
        "resolved_features": [feature.id for feature in features],
        "feature_contract": contract,
        "contract_hash": contract_hash(contract),
        "inference": fitted.inference.as_dict(),
        "training_timeframes": list(strategy.training_data.timeframes.timeframes),
        "training_metrics": _figures(judgement.metrics["metrics"]),
        "settings": plain(settings_document(strategy)),
        "seed": strategy.training["seed"],
        "libraries": _libraries(kernels, fitted),
        "input_columns": [column.id for column in prepared.columns],
    }


def _members(strategy: Strategy, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is needed of the members to restore them: of those that do not read all, the features, too."""
    spec = model_spec(strategy)
    if not spec.members:
        return {}
    written = document["model"]["members"]
    return {
        "members": [
            {name: entry[name] for name in ("name", "type", "architecture")}
            | ({"input_features": list(member.inputs)} if member.inputs else {})
            for member, entry in zip(spec.members, written, strict=True)
        ]
    }


def _steps(job: TrainingJob, prepared: Prepared) -> dict[str, Any]:
    if not prepared.steps:
        return {}
    return {"forecast_steps": list(prepared.steps), "forecast_step": primary_step(job.strategy)}


def _profile(data: DataRepository, job: TrainingJob, prepared: Prepared, symbol: str) -> SymbolProfile:
    """Return a symbol's profile; the bars of several symbols are read again, since those of all were not kept."""
    only = prepared.only
    market = gather(data, job.strategy.training_data, symbol, limits=None) if only is None else only.market
    return profile_of(market.characteristics, market.base_bars, prepared.split.fitted_until)


def _reports(fitted: Fitted, judgement: Judgement) -> dict[str, bytes]:
    """Return what is stored beside the weights: metrics, importance, history."""
    found = {
        METRICS: judgement.metrics,
        IMPORTANCE: judgement.importance,
        HISTORY: fitted.shipped.history.as_dict(),
    }
    return {name: json.dumps(report, indent=2, allow_nan=False).encode() for name, report in found.items()}


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that are one number each."""
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


def _libraries(kernels: Mapping[str, str], fitted: Fitted) -> dict[str, str]:
    own = {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
    return own | {f"kernel {name}": text for name, text in kernels.items()} | dict(fitted.shipped.provenance())
