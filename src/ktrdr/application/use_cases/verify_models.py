"""Verify: whether stored models are still what was published, and come back to life."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.artifacts.symbol_configs import config_problems
from ktrdr.domain.artifacts.symbol_files import symbol_problems
from ktrdr.domain.errors import KtrdrError, NotFound
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.features.learnable import input_columns, tuned_document
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What is wrong with one model; no problems means that it can be trusted to be what was published."""

    reference: str
    problems: tuple[str, ...]


class VerifyModels:
    """Checks schema, checksums, the contract hash, and that the model restores with the features of its contract."""

    def __init__(self, storage: ModelStorage, trainer: ModelTrainer) -> None:
        self._storage = storage
        self._trainer = trainer

    def execute(self, references: Sequence[str] | None = None) -> tuple[ModelCheck, ...]:
        """Return one check per reference, in their order; None checks every published version.

        Raises
        ------
        ModelNotFound
            If a reference names nothing.
        Unavailable
            If the storage cannot be listed.
        """
        if references is None:
            references = [version.reference for version in self._storage.versions()]
        return tuple(ModelCheck(reference, tuple(self._problems(reference))) for reference in references)

    def _problems(self, reference: str) -> Iterator[str]:
        try:
            artifact = self._storage.load(reference)
        except NotFound:
            raise
        except KtrdrError as error:
            yield str(error)
            return
        manifest = artifact.manifest
        if contract_hash(manifest.feature_contract) != manifest.contract_hash:
            yield "contract_hash is not the hash of feature_contract"
        if [feature.get("id") for feature in manifest.feature_contract] != manifest.resolved_features:
            yield "feature_contract does not hold the resolved_features, in their order"
        yield from _strategy_problems(manifest)
        yield from symbol_problems(artifact)
        yield from _config_problems(artifact)
        try:
            model = self._trainer.restore(artifact)
            read_inference(manifest, model.feature_ids)
        except KtrdrError as error:
            yield f"does not restore: {error}"
            return
        columns = "resolved_features" if manifest.input_columns is None else "input_columns"
        if list(model.feature_ids) != (manifest.input_columns or manifest.resolved_features):
            yield f"the restored model does not take the {columns}, in their order"
        if model.tuned and tuned_document(manifest.strategy["fuzzy_sets"], model.tuned) != manifest.fuzzy_sets:
            yield "fuzzy_sets does not hold the memberships that the restored model has learned"


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
