"""Publish kept: a model whose publishing had failed, from the files that were kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel


class PublishKept:
    """Publishes what `NotPublished.kept` names.

    Parameters
    ----------
    storage : ModelStorage
    read : callable
        Returns the artifact that was kept in a folder.
    discard : callable
        Removes such a folder.
    """

    def __init__(
        self, storage: ModelStorage, read: Callable[[Path], Artifact], discard: Callable[[Path], None]
    ) -> None:
        self._storage = storage
        self._read = read
        self._discard = discard

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
        stored = self._storage.publish(self._read(folder))
        self._discard(folder)
        return stored
