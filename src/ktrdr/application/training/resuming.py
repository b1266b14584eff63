"""Resuming: which job has its model already."""

from __future__ import annotations

import logging
from dataclasses import asdict

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
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.features.context_data import used_sources
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.training.plan import TrainingJob

log = logging.getLogger(__name__)
_FACTS = ("asset_class", "exchange", "calendar", "time_zone")
"""What features, sessions and labels may depend on, besides the bars."""


def kept_model(
    data: DataRepository, features: FeatureEngineer, storage: ModelStorage, job: TrainingJob
) -> TrainedModel | None:
    """Return the newest model of a resumed job's symbol if training would only repeat it; None if missing or stale.

    Stale is a model of another strategy, of other bars, of a symbol of another class or calendar now, of features that
    would be computed by other kernels, or one whose files are damaged.

    Raises
    ------
    DataNotFound, InvalidBars, InvalidInput, Unavailable
        As reading the job's bars does.
    """
    if not job.request.execution.resume:
        return None
    key = ModelKey(job.strategy.name, job.symbol, job.timeframe)
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
    market = with_context(data, gather(data, strategy.training_data, job.symbol), used_sources(strategy, resolved))
    frozen = (manifest.symbols or {}).get(job.symbol)
    if frozen and any(frozen[name] != getattr(market.characteristics, name) for name in _FACTS):
        return "the symbol's facts have changed"
    other = load_other(data, strategy, market)
    read = (*market.loaded, *(bars.fingerprint() for bars in other.values()))
    same = [asdict(fingerprint) for fingerprint in dict.fromkeys(read)] == manifest.data
    return "" if same and dict(market.origins) == manifest.data_origins else "the bars have changed"


def _kept(stored: StoredModel, artifact: Artifact) -> TrainedModel:
    report, importance = artifact.document(METRICS), artifact.document(IMPORTANCE)
    return TrainedModel(stored, report, importance, (), rows_of(artifact.manifest.split), kept=True)
