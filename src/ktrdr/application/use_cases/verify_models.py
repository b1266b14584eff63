"""Verify: whether stored models are still what was published, and come back to life."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.artifacts.lookup import location_of
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.reference_reading import reference_problems
from ktrdr.domain.artifacts.symbol_configs import config_problems
from ktrdr.domain.artifacts.symbol_files import symbol_problems
from ktrdr.domain.errors import KtrdrError, NotFound
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.features.learnable import input_columns, tuned_document
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FittedModel

_ORDINARY = (0.0, 1.0, -1.0)
"""Values of a scaled feature."""

Seals = Callable[[Path], Mapping[str, str]]
"""Returns the SHA-256 of each version's manifest by its reference, as a folder of models records it; empty where it was
not recorded."""
Readable = Callable[[Artifact], Iterable[str]]
"""Returns what is wrong with the files of a model that are for people alone."""
FORGED = "its manifest_sha256 is not the one that was recorded when it was published: it was changed, and sealed anew"
UNRECORDED = "no trials.jsonl beside it has its manifest_sha256, so that a forgery would not be seen"
OUTSIDE = "it lies outside of the models folder, and what is recorded elsewhere may be forged as well"


class Signer(Protocol):
    """Somebody whose signatures are asked for: by the key of that name, and of that id."""

    name: str
    id: str

    @abstractmethod
    def problem(self, place: Path, manifest: Manifest) -> str:
        """Return what is wrong with the signature of the model at a place; empty if nothing is."""


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What is wrong with one model, and what could not be told; neither: it is what was published.

    `signed_by` is the owner of a signature that was asked for and is right, else None.
    """

    reference: str
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    signed_by: Signer | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "reference": self.reference,
            "valid": not self.problems,
            "problems": list(self.problems),
            "notes": list(self.notes),
            "signed_by": self.signed_by and {"key": self.signed_by.name, "id": self.signed_by.id},
        }


class ModelChecks(tuple[ModelCheck, ...]):
    """One check a model, in the order in which they were named."""

    __slots__ = ()

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with any of them."""
        return not any(check.problems for check in self)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"valid": self.valid, "models": [check.as_dict() for check in self]}


class VerifyModels:
    """Checks that a model is what was published, does not contradict itself, and comes back to life.

    Parameters
    ----------
    storage : ModelStorage
    trainer : ModelTrainer
    seals, readable : callable
        See `Seals` and `Readable`; None: files for people are not looked at.
    """

    def __init__(
        self, storage: ModelStorage, trainer: ModelTrainer, seals: Seals, readable: Readable | None = None
    ) -> None:
        self._storage = storage
        self._trainer = trainer
        self._seals = seals
        self._readable = readable

    def execute(self, references: Sequence[str] | None = None, signer: Signer | None = None) -> ModelChecks:
        """Return one check per reference, in their order; None checks every published version.

        Parameters
        ----------
        references : sequence of str, optional
        signer : Signer, optional
            Who must have signed every model; None: signatures are not looked at.

        Raises
        ------
        ModelNotFound
            If a reference names nothing.
        Unavailable
            If the storage cannot be listed, or the record not be read.
        """
        stored = {version.reference: version for version in self._storage.versions()}
        seals = cache(self._seals)
        asked = stored if references is None else references
        return ModelChecks([self._check(reference, stored, seals, signer) for reference in asked])

    def _check(
        self, reference: str, stored: Mapping[str, StoredModel], seals: Seals, signer: Signer | None
    ) -> ModelCheck:
        try:
            artifact = self._storage.load(reference)
        except NotFound:
            raise
        except KtrdrError as error:
            return ModelCheck(reference, (str(error),))
        manifest = artifact.manifest
        place = Path(location_of(stored.values(), reference, manifest))
        problems = [*self._problems(artifact), *consistency_problems(artifact)]
        name = manifest.key.reference(manifest.version)
        seal = seals(place.absolute().parent.parent).get(name)
        if seal and seal != manifest.manifest_sha256:
            problems.append(FORGED)
        inside = name in stored and Path(stored[name].location).resolve() == place.resolve()
        note = OUTSIDE if not inside else "" if seal else UNRECORDED
        if signer is None:
            return ModelCheck(reference, tuple(problems), (note,) if note else ())
        unsigned = signer.problem(place, manifest)
        return ModelCheck(reference, (*problems, *filter(None, [unsigned])), (), None if unsigned else signer)

    def _problems(self, artifact: Artifact) -> Iterator[str]:
        manifest = artifact.manifest
        if contract_hash(manifest.feature_contract) != manifest.contract_hash:
            yield "contract_hash is not the hash of feature_contract"
        if [feature.get("id") for feature in manifest.feature_contract] != manifest.resolved_features:
            yield "feature_contract does not hold the resolved_features, in their order"
        yield from _strategy_problems(manifest)
        yield from symbol_problems(artifact)
        yield from reference_problems(artifact)
        yield from _config_problems(artifact)
        if self._readable is not None:
            yield from self._readable(artifact)
        try:
            model = self._trainer.restore(artifact)
            _predict(read_inference(manifest, model.feature_ids), model)
        except KtrdrError as error:
            yield f"does not restore: {error}"
            return
        columns = "resolved_features" if manifest.input_columns is None else "input_columns"
        if list(model.feature_ids) != (manifest.input_columns or manifest.resolved_features):
            yield f"the restored model does not take the {columns}, in their order"
        if model.tuned and tuned_document(manifest.strategy["fuzzy_sets"], model.tuned) != manifest.fuzzy_sets:
            yield "fuzzy_sets does not hold the memberships that the restored model has learned"


def _predict(inference: Inference, model: FittedModel) -> None:
    """Let a model predict from values that are ordinary to its scaling; raise what it raises."""
    rows = np.resize(_ORDINARY, (max(model.window, len(_ORDINARY)), 1))
    with np.errstate(over="ignore"):
        values = (inference.scaler.centre + rows * inference.scaler.scale).astype(np.float32)
    inference.outputs(model, values)


def _config_problems(artifact: Artifact) -> Iterator[str]:
    try:
        yield from config_problems(parse(artifact.manifest.strategy, where="strategy"), artifact)
    except KtrdrError as error:
        yield str(error)


def _strategy_problems(manifest: Manifest) -> Iterator[str]:
    try:
        features = resolve(parse(manifest.strategy, where="strategy"))
    except KtrdrError as error:
        yield f"its strategy can not be read: {error}"
        return
    if [feature.id for feature in features] != manifest.resolved_features:
        yield "its strategy does not resolve to the resolved_features, in their order"
    elif [column.id for column in input_columns(features)] != (manifest.input_columns or manifest.resolved_features):
        yield "its strategy does not resolve to the input_columns, in their order"
