"""Publish kept: a model whose publishing had failed, from the files that were kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.manifest import Manifest


class PublishKept:
    """Publishes what `NotPublished.kept` names.

    Parameters
    ----------
    storage : ModelStorage
    read : callable
        Returns the artifact that was kept in a folder.
    discard : callable
        Removes such a folder.
    record : callable
        Adds a line to the record of all trials.
    """

    def __init__(
        self,
        storage: ModelStorage,
        read: Callable[[Path], Artifact],
        discard: Callable[[Path], None],
        record: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self._storage = storage
        self._read = read
        self._discard = discard
        self._record = record

    def execute(self, folder: Path) -> StoredModel:
        """Publish the model that was kept in a folder, and remove the folder.

        Raises
        ------
        CorruptArtifact
            If its files are not what was kept.
        InvalidInput
            If it is a version that was published.
        Unavailable
            If it cannot be read, or not be published this time either; the folder stays.
        """
        artifact = self._read(folder)
        stored = self._storage.publish(artifact, partial(self._announce, artifact.manifest))
        self._discard(folder)
        return stored

    def _announce(self, manifest: Manifest, stored: StoredModel, manifest_sha256: str) -> None:
        """Write down what is about to be seen; that its test rows were looked at was written when it was trained."""
        self._record(
            {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "outcome": "published",
                "strategy": manifest.strategy_name,
                "model": stored.reference,
                "manifest_sha256": manifest_sha256,
                "contract_hash": manifest.contract_hash,
                "judged_until": manifest.judged_until,
            }
        )
