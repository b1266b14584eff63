"""Publish kept: a model whose publishing had failed, from the files that were kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ktrdr.application.ports.journal import Journal
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.training.publishing import publish
from ktrdr.application.training.recording import Runs
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import NotFound
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.work import Work


class PublishKept:
    """Publishes what `NotPublished.kept` names.

    Parameters
    ----------
    storage, journal
        The ports.
    read : callable
        Returns the artifact that was kept in a folder.
    discard : callable
        Removes such a folder.
    published_from : callable
        Returns the version that was published from such a folder, by the record of all trials, or None.
    """

    def __init__(
        self,
        storage: ModelStorage,
        journal: Journal,
        read: Callable[[Path], Artifact],
        discard: Callable[[Path], None],
        published_from: Callable[[Path], str | None],
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._read = read
        self._discard = discard
        self._published_from = published_from

    def execute(self, folder: Path) -> StoredModel:
        """Publish the model that was kept in a folder, and remove the folder.

        Its fit and the look at its test rows were counted when it was trained; a line of its own says that it is
        published now.

        Raises
        ------
        NotFound
            If there is no such folder; the message says what was published from it before, if anything was.
        CorruptArtifact
            If its files are not what was kept.
        InvalidInput
            If it is a version that was published.
        Unavailable
            If it cannot be read, or not be published this time either; the folder stays.
        """
        try:
            artifact = self._read(folder)
        except NotFound as error:
            before = self._published_from(folder)
            raise NotFound(f"{error}; it was published already, as {before}" if before else str(error)) from error
        with Runs(self._journal, _work(artifact.manifest, folder)) as runs:
            stored = publish(self._storage, artifact, runs.begin())
        self._discard(folder)
        return stored


def _work(manifest: Manifest, folder: Path) -> Work:
    mode = Mode.UNIVERSAL if manifest.symbol is None else Mode.SINGLE
    facts = {"kept": str(folder.absolute()), "data": manifest.data, "settings": manifest.settings}
    return Work(manifest.strategy_name, tuple(manifest.training_symbols), str(mode), manifest.seed, facts=facts)
