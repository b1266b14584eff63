"""Publish kept: a model whose publishing had failed, from the files that were kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from ktrdr.application.ports.journal import Journal
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.training.publishing import publish
from ktrdr.application.training.recording import Runs
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import CorruptArtifact, NotFound
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.work import Work


class KeptRecords(Protocol):
    """What is on record of models that were kept."""

    def seals(self) -> Mapping[str, str]:
        """Return the SHA-256 of each model's manifest, by the folder in which its files were kept."""
        ...

    def published_from(self, folder: Path) -> str | None:
        """Return the reference of the version that was published from a folder; None if there is none."""
        ...


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
    records : KeptRecords
        What is on record of models that were kept.
    """

    def __init__(
        self,
        storage: ModelStorage,
        journal: Journal,
        read: Callable[[Path], Artifact],
        discard: Callable[[Path], None],
        records: KeptRecords,
    ) -> None:
        self._storage = storage
        self._journal = journal
        self._read = read
        self._discard = discard
        self._records = records

    def execute(self, folder: Path) -> StoredModel:
        """Publish the model that was kept in a folder, and remove the folder.

        A line of its own says that it is published now. Its fit and the look at its test rows were counted when it was
        kept; where there was no room for that line, they are now.

        Raises
        ------
        NotFound
            If there is no such folder; the message says what was published from it before, if anything was.
        CorruptArtifact
            If its files are not what was kept, or contradict each other.
        InvalidInput
            If it is a version that was published.
        Unavailable
            If it cannot be read, or not be published this time either; the folder stays.
        """
        try:
            artifact = self._read(folder)
        except NotFound as error:
            before = self._records.published_from(folder)
            raise NotFound(f"{error}; it was published already, as {before}" if before else str(error)) from error
        seals, problems = self._records.seals(), tuple(consistency_problems(artifact))
        seal = artifact.manifest.manifest_sha256
        if seals.get(str(folder.absolute()), seal) != seal:
            raise CorruptArtifact(f"{folder}: was changed after it was kept")
        if problems:
            raise CorruptArtifact(f"{folder}: contradicts itself: {'; '.join(problems)}")
        with Runs(self._journal, _work(artifact.manifest, folder)) as runs:
            run = runs.begin()
            if seal not in seals.values():
                run.judged(artifact.manifest.training_metrics)
            stored = publish(self._storage, artifact, run)
        self._discard(folder)
        return stored


def _work(manifest: Manifest, folder: Path) -> Work:
    mode = Mode.UNIVERSAL if manifest.symbol is None else Mode.SINGLE
    facts = {"kept": str(folder.absolute()), "data": manifest.data, "settings": manifest.settings}
    return Work(manifest.strategy_name, tuple(manifest.training_symbols), str(mode), manifest.seed, facts=facts)
