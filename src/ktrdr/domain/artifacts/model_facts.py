"""What every trainer reads from an artifact before it looks at the weights."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ktrdr.domain.artifacts.artifact import HISTORY, Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.catalogue.models.member_names import NAME, RESERVED
from ktrdr.domain.catalogue.training import MOST_STEPS
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.settings import Member, ModelSpec, TrainingSettings


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Type, inputs, target and history of a stored model, checked for form.

    `fuzzify` says how the resolved features are made where fuzzy sets were learned, `steps` and `step` how far ahead is
    forecast; see `FitTask`.
    """

    spec: ModelSpec
    feature_ids: tuple[str, ...]
    target: Target
    history: TrainingHistory
    fuzzify: tuple[Fuzzified, ...] = ()
    steps: tuple[int, ...] = ()
    step: int = 0

    @property
    def n_outputs(self) -> int:
        """Logits for classes, or one value, of all steps."""
        return (len(self.target.classes) or 1) * max(len(self.steps), 1)


def read_model_facts(artifact: Artifact) -> ModelFacts:
    """Return the facts that ``metadata.json`` and ``history.json`` hold; without the latter, an empty history.

    Raises
    ------
    CorruptArtifact
        If either is not what a training writes.
    """
    manifest = artifact.manifest
    model = manifest.model
    kind, architecture, ids = (model.get(name) for name in ("type", "architecture", "input_features"))
    if not isinstance(kind, str) or not isinstance(architecture, dict) or not _are_texts(ids):
        raise CorruptArtifact(
            f"{manifest.model_name}: model needs a type, an architecture and a list of input_features"
        )
    if not ids or len(set(ids)) != len(ids):
        raise CorruptArtifact(f"{manifest.model_name}: model.input_features must be unique, and not empty")
    try:
        members = tuple(_member(item, ids) for item in model.get("members", ()))
        spec = ModelSpec(kind, model_type(kind).with_idle(architecture), members)
    except (KeyError, TypeError, AttributeError) as error:
        raise CorruptArtifact(f"{manifest.model_name}: model.members: not what a training writes ({error})") from error
    except InvalidInput as error:
        raise CorruptArtifact(f"{manifest.model_name}: {error}") from error
    return ModelFacts(
        spec,
        tuple(ids),
        _target(manifest.target, manifest.model_name),
        _history(artifact),
        _fuzzify(manifest, ids),
        *_steps(manifest),
    )


def _member(written: Mapping[str, Any], ids: Sequence[str]) -> Member:
    """Return a member as far as it decides what is stored of it."""
    name, kind, inputs = written["name"], written["type"], written.get("input_features", [])
    if not isinstance(name, str) or not re.fullmatch(NAME, name) or name.casefold() in RESERVED:
        raise InvalidInput(f"model.members: {ascii(name)[:80]} can not be the name of one")
    if not isinstance(kind, str) or not _are_texts(inputs) or set(inputs) - set(ids) or len(set(inputs)) < len(inputs):
        raise InvalidInput(f"model.members: {name} needs a type, and input_features out of the model's")
    spec = ModelSpec(kind, model_type(kind).with_idle(written["architecture"]))
    return Member(name, spec, TrainingSettings(), tuple(inputs))


def _steps(manifest: Manifest) -> tuple[tuple[int, ...], int]:
    """Return the steps that are forecast, and which of them is the model's own; of one without them none and 0."""
    found, own = (manifest.model.get(name) for name in ("forecast_steps", "forecast_step"))
    if found is None and own is None:
        return (), 0
    if not isinstance(found, list) or not all(type(step) is int and step > 0 for step in found) or own not in found:
        raise CorruptArtifact(f"{manifest.model_name}: model.forecast_steps must be numbers of bars, forecast_step one")
    if found != sorted(set(found)) or type(own) is not int or len(found) > MOST_STEPS:
        raise CorruptArtifact(f"{manifest.model_name}: model.forecast_steps must be at most {MOST_STEPS}, ascending")
    return tuple(found), own


def _fuzzify(manifest: Manifest, ids: Sequence[str]) -> tuple[Fuzzified, ...]:
    """Return how the features are made from the input columns, out of the feature contract."""
    contract = manifest.feature_contract
    if not any("learnable" in entry for entry in contract):
        return ()
    position = {name: place for place, name in enumerate(ids)}
    try:
        return tuple(_fuzzified(entry, position) for entry in contract)
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptArtifact(
            f"{manifest.model_name}: feature_contract: a learnable membership is not what a training writes ({error})"
        ) from error


def _fuzzified(entry: Mapping[str, Any], position: Mapping[str, int]) -> Fuzzified:
    learnable = entry.get("learnable")
    if learnable is None:
        return Fuzzified(position[entry["id"]])
    names = learnable["membership"]
    if not _are_texts(names) or len(names) != 2:
        raise ValueError("needs a fuzzy set and a membership")
    offset = learnable.get("offset", 0.0)  # absent from manifests of older versions
    if type(offset) not in {int, float}:
        raise ValueError("offset must be a number")
    return Fuzzified(position[learnable["column"]], _membership(entry["membership"]), tuple(names), float(offset))


def _membership(written: Mapping[str, Any]) -> Membership:
    kind, parameters = written["type"], written["parameters"]
    if not all(type(value) in {int, float} for value in parameters):
        raise ValueError("parameters must be numbers")
    problem = MEMBERSHIPS[kind].check(parameters)
    if problem:
        raise ValueError(problem)
    return Membership(kind, tuple(map(float, parameters)))


def read_tuned(manifest: Manifest) -> dict[tuple[str, ...], Membership]:
    """Return the tuned memberships that ``fuzzy_sets`` holds; empty where none was learned.

    Raises
    ------
    CorruptArtifact
        If one is missing, or is not a membership function.
    """
    learned = [entry["learnable"] for entry in manifest.feature_contract if "learnable" in entry]
    try:
        names = [tuple(entry["membership"]) for entry in learned]
        return {name: _membership(manifest.fuzzy_sets[name[0]][name[1]]) for name in names}
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise CorruptArtifact(f"{manifest.model_name}: fuzzy_sets: a tuned membership is missing ({error})") from error


def learned_sets(manifest: Manifest) -> list[dict[str, Any]]:
    """Return each learned membership once: ``set``, ``membership``, ``type``, ``written`` and ``tuned`` parameters."""
    tuned = read_tuned(manifest)
    written = {
        tuple(entry["learnable"]["membership"]): entry["membership"]["parameters"]
        for entry in manifest.feature_contract
        if "learnable" in entry
    }
    return [
        {
            "set": name[0],
            "membership": name[1],
            "type": function.type,
            "written": written[name],
            "tuned": list(function.parameters),
        }
        for name, function in tuned.items()
    ]


def read_inference(manifest: Manifest, feature_ids: Sequence[str]) -> Inference:
    """Return what stands around a stored model, checked against the features and the target of that model.

    Raises
    ------
    CorruptArtifact
        If it is not what a training writes for them.
    """
    inference, target = Inference.from_dict(manifest.inference), _target(manifest.target, manifest.model_name)
    if len(inference.scaler.centre) != len(feature_ids) or not all(
        _fits(one, target) for one in (inference, *inference.steps.values())
    ):
        raise CorruptArtifact(
            f"{manifest.model_name}: inference does not fit {len(feature_ids)} features and a {target.kind}"
        )
    if tuple(inference.steps) != _steps(manifest)[0]:
        raise CorruptArtifact(f"{manifest.model_name}: inference does not have the steps of its model")
    return replace(inference, model_name=manifest.key.reference(manifest.version))


def _fits(inference: Inference, target: Target) -> bool:
    weights = inference.log_class_weights
    fits = weights is None or (weights.shape == (len(target.classes),) and bool(np.isfinite(weights).all()))
    return fits and (inference.target_scaler is None) == target.is_classification


def _target(values: Mapping[str, Any], where: str) -> Target:
    kinds = ("classification", "regression")
    texts = isinstance(values.get("unit"), str) and all(_are_texts(values.get(name)) for name in ("classes", "actions"))
    if values.get("kind") not in kinds or not texts:
        raise CorruptArtifact(f"{where}: target needs a kind of {', '.join(kinds)}, classes, actions and a unit")
    try:
        return Target.from_dict(values)
    except InvalidInput as error:
        raise CorruptArtifact(f"{where}: target: {error}") from error


def _history(artifact: Artifact) -> TrainingHistory:
    if HISTORY not in artifact.blobs:
        return TrainingHistory((), 0, "no_epochs")
    try:
        return TrainingHistory.from_dict(artifact.document(HISTORY))
    except InvalidInput as error:
        raise CorruptArtifact(f"{artifact.manifest.model_name}: {error}") from error


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
