"""A stored ensemble, brought back without trusting it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from ktrdr.adapters.models.arrays import WEIGHTS
from ktrdr.adapters.models.ensemble.combinations import combination_of
from ktrdr.adapters.models.ensemble.model import (
    LOG_WEIGHTS,
    PRIOR,
    TARGET_SCALES,
    EnsembleModel,
    MemberModel,
    PriorModel,
)
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Floats
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import ModelFacts, read_model_facts
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.ensemble.prior import prior_name
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.scaling import TargetScaler
from ktrdr.domain.training.settings import Member

_SLACK = 1e-9


def restored(artifact: Artifact, trainer: ModelTrainer) -> EnsembleModel:
    """Return a stored ensemble, its members by the trainer of their types.

    Raises
    ------
    CorruptArtifact
        If a member is none, or its numbers do not fit it; a file that belongs to no member is refused as well.
    """
    facts, where = read_model_facts(artifact), artifact.manifest.model_name
    _refuse_strangers(artifact, facts)
    numbers = _numbers(artifact, where)
    try:
        around = zip(_log_weights(numbers, facts), _scales(numbers, facts), strict=True)
        members: dict[str, FittedModel] = {
            member.name: MemberModel(trainer.restore(_part(artifact, member, facts)), facts.feature_ids, *own)
            for member, own in zip(facts.spec.members, around, strict=True)
        }
        if facts.spec.has_prior:
            members[prior_name(facts.target)] = _prior(numbers, facts)
        combination = combination_of(facts.spec, numbers, len(members), facts.n_outputs)
    except CorruptArtifact:
        raise
    except InvalidInput as error:
        raise CorruptArtifact(f"{where}/{WEIGHTS}: {error}") from error
    return EnsembleModel(members, combination, facts.feature_ids, facts.spec, len(facts.target.classes))


def _numbers(artifact: Artifact, where: str) -> dict[str, NDArray[Any]]:
    try:
        return dict(load(artifact.blobs[WEIGHTS]))
    except (KeyError, SafetensorError) as error:
        raise CorruptArtifact(f"{where}/{WEIGHTS}: missing, or not a safetensors file ({error})") from error


def _refuse_strangers(artifact: Artifact, facts: ModelFacts) -> None:
    names = {member.name for member in facts.spec.members}
    for blob in artifact.blobs:
        owner, dot, rest = blob.partition(".")
        if dot and "." in rest and owner not in names and blob != WEIGHTS:
            raise CorruptArtifact(f"{artifact.manifest.model_name}: {blob[:80]} is of no member")


def _part(artifact: Artifact, member: Member, facts: ModelFacts) -> Artifact:
    """Return what is stored of a member as an artifact of its own."""
    prefix = f"{member.name}."
    model = {
        "type": member.model.type,
        "architecture": dict(member.model.architecture),
        "input_features": list(member.inputs or facts.feature_ids),
    }
    blobs = {name.removeprefix(prefix): blob for name, blob in artifact.blobs.items() if name.startswith(prefix)}
    name = f"{artifact.manifest.model_name}, member {member.name}"
    return Artifact(replace(artifact.manifest, model_name=name, model=model), blobs)


def _log_weights(numbers: dict[str, NDArray[Any]], facts: ModelFacts) -> list[Floats | None]:
    n_members, n_classes = len(facts.spec.members), len(facts.target.classes)
    if not n_classes:
        return [None] * n_members
    found = _taken(numbers, LOG_WEIGHTS, (n_members, n_classes))
    return [row if row.any() else None for row in found]


def _scales(numbers: dict[str, NDArray[Any]], facts: ModelFacts) -> list[TargetScaler | None]:
    n_members = len(facts.spec.members)
    if facts.target.is_classification:
        return [None] * n_members
    found = _taken(numbers, TARGET_SCALES, (n_members, 2))
    if found[:, 1].min() <= 0:
        raise InvalidInput(f"{TARGET_SCALES} must have deviations above 0")
    return [None if (mean, std) == (0, 1) else TargetScaler(mean, std) for mean, std in found.tolist()]


def _prior(numbers: dict[str, NDArray[Any]], facts: ModelFacts) -> PriorModel:
    values, is_classification = _taken(numbers, PRIOR, (facts.n_outputs,)), facts.target.is_classification
    if is_classification and (values.min() < 0 or abs(float(values.sum()) - 1) > _SLACK):
        raise InvalidInput(f"{PRIOR} must be shares that sum to 1")
    return PriorModel(facts.feature_ids, values, is_classification=is_classification)


def _taken(numbers: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> Floats:
    """Take an array out of the others."""
    found = numbers.pop(name, None)
    if found is None or found.dtype != np.float64 or found.shape != shape or not np.isfinite(found).all():
        raise InvalidInput(f"{name} must be finite numbers of float64 and shape {shape}")
    return found
