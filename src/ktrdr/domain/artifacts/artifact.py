"""A manifest plus named blobs, before and after it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import METADATA, Manifest
from ktrdr.domain.artifacts.plain_json import read_json
from ktrdr.domain.errors import CorruptArtifact

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
            If blobs are missing, unknown or changed; the message names all of them.
        """
        known = self.manifest.checksums
        problems = name_problems(known, self.blobs)
        problems += [
            f"{name} does not match its checksum in {METADATA}"
            for name in sorted(known.keys() & self.blobs.keys())
            if hashlib.sha256(self.blobs[name]).hexdigest() != known[name]
        ]
        if problems:
            raise CorruptArtifact(f"{where}: {'; '.join(problems)}")

    def document(self, name: str) -> dict[str, Any]:
        """Return a JSON blob as a mapping, empty where there is no such blob.

        Raises
        ------
        CorruptArtifact
            If the blob is not a JSON object of plain values.
        """
        values = read_json(self.blobs[name], name) if name in self.blobs else {}
        if not isinstance(values, dict):
            raise CorruptArtifact(f"{name}: must be a JSON object, found {type(values).__name__}")
        return values


def name_problems(known: Collection[str], found: Collection[str]) -> list[str]:
    """Return a sentence for each file that is missing, or not known to the manifest."""
    missing = [f"{name} is missing" for name in sorted(set(known) - set(found))]
    return missing + [f"{name} is not in the manifest" for name in sorted(set(found) - set(known))]


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
    manifest_sha256 : str
        The seal of its manifest, known to who has published it; empty where it was not read.
    """

    key: ModelKey
    number: int
    location: str
    is_latest: bool
    manifest_sha256: str = field(default="", compare=False)

    @property
    def reference(self) -> str:
        """Text that `ModelStorage.load` understands."""
        return self.key.reference(self.number)
