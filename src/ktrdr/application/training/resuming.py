"""Resuming: which job has its model already."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.preparing.context_data import with_context
from ktrdr.application.preparing.labelling import load_other
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.training.outcomes import TrainedModel, rows_of
from ktrdr.domain.artifacts.artifact import IMPORTANCE, METRICS, Artifact, StoredModel
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.packed import packed_contract, packed_strategy
from ktrdr.domain.artifacts.symbol_files import read_symbols
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import DataFingerprint
from ktrdr.domain.training.plan import TrainingJob

log = logging.getLogger(__name__)
_FACTS = ("asset_class", "exchange", "calendar", "time_zone")
"""What features, sessions and labels may depend on, besides the bars."""


def kept_model(
    data: DataRepository, features: FeatureEngineer, storage: ModelStorage, job: TrainingJob
) -> TrainedModel | None:
    """Return the newest model of a resumed job if training would only repeat it; None if missing or stale.

    Stale is a model of another strategy, of other bars, of a symbol of another class or calendar now, of features that
    would be computed by other kernels, or one whose files are damaged; a pooled one also if it was pooled or judged in
    another way, or if a symbol was left out of it, which is tried again.

    Raises
    ------
    DataNotFound, InvalidBars, InvalidInput, Unavailable
        As reading the job's bars does.
    """
    if not job.request.execution.resume:
        return None
    key = ModelKey.of(job)
    found = [version for version in storage.versions() if version.key == key]
    if not found:
        return None
    newest = max(found, key=lambda version: version.number)
    try:
        artifact = storage.load(newest.reference)
        reason = _stale_because(data, features, artifact, job)
        kept = None if reason else _kept(newest, artifact)
    except CorruptArtifact as error:
        kept, reason = None, str(error)
    log.info("stale" if reason else "kept", extra={"model": newest.reference, "reason": reason})
    return kept


def _stale_because(data: DataRepository, features: FeatureEngineer, artifact: Artifact, job: TrainingJob) -> str:
    """Return why the model is not what training would give now; empty if it is."""
    manifest, strategy = artifact.manifest, job.strategy
    if manifest.strategy != packed_strategy(strategy):
        return "the strategy has changed"
    resolved = resolve(strategy)
    if packed_contract(resolved, features.kernels(resolved)) != manifest.feature_contract:
        return "its features are computed by other kernels now"
    if job.pooled and _pooled(artifact) != _asked(job):
        return "it was pooled in another way, or is to be judged in another"
    read: list[DataFingerprint] = []
    frozen = _frozen(artifact)
    for symbol in sorted({*job.symbols, *job.request.hold_out}):
        market = gather(data, strategy.training_data, symbol, limits=None)
        market = with_context(data, market, used_sources(strategy, resolved), limits=None)
        read += (*market.loaded, *(bars.fingerprint() for bars in load_other(data, strategy, market).values()))
        facts, origins = frozen.get(symbol, ({}, manifest.data_origins))
        if facts and any(facts[name] != getattr(market.characteristics, name) for name in _FACTS):
            return "a symbol's facts have changed" if job.pooled else "the symbol's facts have changed"
        if dict(market.origins) != dict(origins):
            return "the bars have changed"
    same = [asdict(fingerprint) for fingerprint in dict.fromkeys(read)] == manifest.data
    return "" if same else "the bars have changed"


def _asked(job: TrainingJob) -> tuple[Any, ...]:
    return job.combination, sorted(job.request.hold_out), job.request.symbol_folds, []


def _pooled(artifact: Artifact) -> tuple[Any, ...]:
    """Return of a pooled model what `_asked` returns of a job."""
    split, folds = artifact.manifest.split, artifact.document(METRICS).get("by_symbol_fold", {"folds": ()})
    left_out = list(split.get("left_out", ()))
    return split.get("combination"), split.get("held_out"), len(folds["folds"]), left_out


def _frozen(artifact: Artifact) -> dict[str, tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Return the facts of each symbol in training, and where its bars came from."""
    manifest = artifact.manifest
    alone = {name: (facts, manifest.data_origins) for name, facts in (manifest.symbols or {}).items()}
    return alone | {name: (one.characteristics, one.origins) for name, one in read_symbols(artifact).items()}


def _kept(stored: StoredModel, artifact: Artifact) -> TrainedModel:
    report, importance = artifact.document(METRICS), artifact.document(IMPORTANCE)
    return TrainedModel(stored, report, importance, (), rows_of(artifact.manifest.split), kept=True)
