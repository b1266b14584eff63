"""A manifest plus named blobs, before and after it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import CorruptArtifact

METADATA = "metadata.json"
METRICS = "metrics.json"
IMPORTANCE = "feature_importance.json"
HISTORY = "history.json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One trained model as plain data.

    Attributes
    ----------
    manifest : Manifest
        Sealed once it comes out of a storage.
    blobs : mapping of file name to bytes
        Weights and reports; ``metadata.json`` is the manifest and not among them.
    """

    manifest: Manifest
    blobs: Mapping[str, bytes]

    def verify(self, where: str) -> None:
        """Check every blob against the sealed manifest.

        Raises
        ------
        CorruptArtifact
            If a blob is missing, unknown or changed.
        """
        missing = sorted(self.manifest.checksums.keys() - self.blobs.keys())
        unknown = sorted(self.blobs.keys() - self.manifest.checksums.keys())
        if missing or unknown:
            raise CorruptArtifact(f"{where}: missing files {missing}, files that the manifest does not know {unknown}")
        for name, checksum in self.manifest.checksums.items():
            if hashlib.sha256(self.blobs[name]).hexdigest() != checksum:
                raise CorruptArtifact(f"{where}/{name}: its content does not match the checksum in {METADATA}")


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A published version: its key, number, time, and where it lies.

    Attributes
    ----------
    key : ModelKey
    number : int
        Counts up from 1 for each key; never reused.
    location : str
        A path or URI to show to people.
    is_latest : bool
        Whether ``latest`` names this version.
    """

    key: ModelKey
    number: int
    location: str
    is_latest: bool

    @property
    def reference(self) -> str:
        """Text that `ModelStorage.load` understands."""
        return self.key.reference(self.number)
