"""The port through which models are published and found again."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Protocol

from ktrdr.domain.artifacts.artifact import Artifact, StoredModel

Announce = Callable[[StoredModel], None]
"""Takes a version, with the SHA-256 of its manifest, that is about to be seen."""


def unannounced(_: StoredModel) -> None:
    """Tell nobody."""


class ModelStorage(Protocol):
    """Versioned models; what was published never changes and is never half there."""

    @abstractmethod
    def publish(self, artifact: Artifact, announce: Announce = unannounced) -> StoredModel:
        """Store an artifact as the next version of its key and move ``latest`` to it.

        `announce` is called with the version when all is written, just before it can be seen; where it raises,
        nothing is published. From then on the number is used, whatever happens.

        All or nothing. A number is never used twice, not even after a delete or by two writers at once; ``latest``
        never moves backwards. The stored manifest is sealed: version, time, checksums of all blobs, its own SHA-256.

        Raises
        ------
        Unavailable
            If the place cannot be written; nothing is left behind.
        """

    @abstractmethod
    def load(self, reference: str) -> Artifact:
        """Return the artifact of ``strategy/key_vN`` or ``strategy/key_latest``, with every checksum verified.

        Raises
        ------
        ModelNotFound
            If there is none; the message lists what there is.
        CorruptArtifact
            If anything is not as it was published.
        """

    @abstractmethod
    def versions(self) -> tuple[StoredModel, ...]:
        """Return all published versions, sorted by strategy, key and number; empty if there are none."""

    @abstractmethod
    def delete(self, reference: str) -> StoredModel:
        """Remove one version. If it was ``latest``, ``latest`` is gone until the next publish.

        Raises
        ------
        ModelNotFound
            If there is none.
        """
