"""Models in memory, for embedding programs and tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from threading import RLock

from ktrdr.application.ports.model_storage import Announce, ModelStorage, unannounced
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.key import ModelKey, parse_reference
from ktrdr.domain.artifacts.lookup import model_not_found
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidInput

_WHERE = "memory"


class MemoryStorage(ModelStorage):
    """Versions in a dictionary, as the bytes that a disk would hold; gone with the process."""

    def __init__(self) -> None:
        self._stored: dict[tuple[ModelKey, int], tuple[bytes, dict[str, bytes]]] = {}
        self._latest: dict[ModelKey, int] = {}
        self._claimed: dict[ModelKey, int] = {}
        self._lock = RLock()

    def publish(self, artifact: Artifact, announce: Announce = unannounced) -> StoredModel:
        """Store an artifact as the next version of its key and move ``latest`` to it."""
        key = artifact.manifest.key
        with self._lock:
            number = self._claimed.get(key, 0) + 1
            sealed = artifact.manifest.sealed(number, datetime.now(UTC).isoformat(), artifact.blobs)
            version = replace(self._version(key, number), is_latest=True, manifest_sha256=sealed.manifest_sha256)
            self._claimed[key] = number
            announce(version)
            self._stored[key, number] = (sealed.to_json(), dict(artifact.blobs))
            self._latest[key] = number
            return version

    def load(self, reference: str) -> Artifact:
        """Return the artifact of ``strategy/key_vN`` or ``strategy/key_latest``, with every checksum verified."""
        with self._lock:
            stored = self._find(reference)
            metadata, blobs = self._stored[stored.key, stored.number]
        artifact = Artifact(Manifest.from_json(metadata, stored.location), dict(blobs))
        artifact.verify(stored.location)
        return artifact

    def versions(self) -> tuple[StoredModel, ...]:
        """Return all published versions, sorted by strategy, key and number."""
        with self._lock:
            found = [self._version(key, number) for key, number in self._stored]
        return tuple(sorted(found, key=lambda version: (version.key.strategy, version.key.stem, version.number)))

    def delete(self, reference: str) -> StoredModel:
        """Remove one version. If it was ``latest``, ``latest`` is gone until the next publish."""
        with self._lock:
            stored = self._find(reference)
            del self._stored[stored.key, stored.number]
            if stored.is_latest:
                del self._latest[stored.key]
            return stored

    def _find(self, reference: str) -> StoredModel:
        try:
            key, number = parse_reference(reference)
        except InvalidInput:
            raise model_not_found(reference, self.versions(), _WHERE) from None
        wanted = self._latest.get(key) if number is None else number
        if wanted is None or (key, wanted) not in self._stored:
            raise model_not_found(reference, self.versions(), _WHERE)
        return self._version(key, wanted)

    def _version(self, key: ModelKey, number: int) -> StoredModel:
        location = f"{_WHERE}:{key.reference(number)}"
        return StoredModel(key, number, location, is_latest=self._latest.get(key) == number)
