"""Transfer: a symbol's own model that begins with the weights of the strategy's universal one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.preparing.warm_start import MOMENTS, WarmStart
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.packed import packed_contract, packed_strategy
from ktrdr.domain.catalogue.training import COMBINATION, FORECAST_STEPS, FROM_UNIVERSAL, INITIALISE
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, ModelNotFound
from ktrdr.domain.features.contract import compare
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.plan import TrainingJob

log = logging.getLogger(__name__)


def warm_start_of(storage: ModelStorage, engineer: FeatureEngineer, job: TrainingJob) -> WarmStart | None:
    """Return the strategy's newest universal model to begin with; None where the weights begin at random.

    Parameters
    ----------
    storage, engineer
        The ports.
    job : TrainingJob
        Of one symbol; its strategy has the symbol overrides, which must be those that the universal model was trained
        with. A pooled job begins at random.

    Raises
    ------
    ModelNotFound
        If there is no universal model of the strategy.
    InvalidInput
        If its features, its target or its network are others; the message names the first difference.
    """
    strategy = job.strategy
    if job.pooled or strategy.training.get(INITIALISE.name) != FROM_UNIVERSAL:
        return None
    key = ModelKey(strategy.name)
    versions = [version for version in storage.versions() if version.key == key]
    if not versions:
        raise ModelNotFound(
            f"training.initialise: there is no universal model of {strategy.name!r} to begin with; train it first "
            "(--mode universal)"
        )
    reference = max(versions, key=lambda version: version.number).reference
    artifact = storage.load(reference)
    difference = _difference(artifact.manifest, strategy, engineer)
    if difference:
        raise InvalidInput(f"training.initialise: {reference} can not be begun with: {difference}")
    log.info("begun", extra={"model": reference})
    return _warm_start(reference, artifact)


def without_effect(job: TrainingJob) -> tuple[str, ...]:
    """Return a note on what a strategy says of pooled models, or of single symbols', and the job's is none."""
    training = job.strategy.training
    begins = training.get(INITIALISE.name) == FROM_UNIVERSAL
    if job.pooled and begins:
        return (f"training.initialise: {FROM_UNIVERSAL} is about models of single symbols; this one began at random",)
    if not job.pooled and not begins and COMBINATION.name in training:
        return (f"training.combination: {training[COMBINATION.name]} is about one pooled model; this one is not",)
    return ()


def _warm_start(reference: str, artifact: Artifact) -> WarmStart:
    manifest = artifact.manifest
    cuts = manifest.split.get("cuts")
    if not isinstance(cuts, list) or len(cuts) != 2:
        raise CorruptArtifact(f"{reference}: split must have two cuts")
    inference = read_inference(manifest, manifest.model["input_features"])
    moments = {name: getattr(manifest, name) for name in MOMENTS}
    return WarmStart(reference, artifact.blobs, inference, (from_iso(cuts[0]), from_iso(cuts[1])), moments)


def _difference(manifest: Manifest, strategy: Strategy, engineer: FeatureEngineer) -> str | None:
    """Return in words what the universal model has otherwise; None where it fits."""
    document, features = packed_strategy(strategy), resolve(strategy)
    ids = [feature.id for feature in features]
    if manifest.resolved_features != ids:
        return f"its features are {', '.join(manifest.resolved_features)}, now {', '.join(ids)}"
    own: Mapping[str, Any] = {name: document["model"][name] for name in ("type", "architecture")}
    theirs = {name: manifest.model.get(name) for name in own}
    if theirs != own:
        return f"its network is {theirs}, now {dict(own)}"
    if manifest.strategy["training"]["labels"] != document["training"]["labels"]:
        return "its labels are others"
    steps = FORECAST_STEPS.name
    if manifest.strategy["training"].get(steps) != document["training"].get(steps):
        return f"its {steps} are others"
    if manifest.strategy.get("symbol_overrides") != document.get("symbol_overrides"):
        return "its symbol_overrides are others"
    return compare(manifest.feature_contract, packed_contract(features, engineer.kernels(features)))
