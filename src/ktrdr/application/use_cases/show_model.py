"""Show: what a model is, what it was made from, and what it was found to be worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import METRICS, Artifact
from ktrdr.domain.artifacts.lookup import location_of
from ktrdr.domain.artifacts.symbol_files import SYMBOL_CONFIGS, SYMBOLS


@dataclass(frozen=True, slots=True)
class ShownModel:
    """One model, with all that its files say of it, and the ids of the keys with which it is said to be signed."""

    artifact: Artifact
    signatures: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        manifest = self.artifact.manifest
        return {
            "reference": manifest.key.reference(manifest.version),
            "manifest": manifest.as_dict(),
            "report": self.artifact.document(METRICS),
            "symbols": self.artifact.document(SYMBOLS),
            "symbol_configs": self.artifact.document(SYMBOL_CONFIGS),
            "signatures": list(self.signatures),
        }


class ShowModel:
    """Loads a model, every checksum verified.

    Parameters
    ----------
    storage : ModelStorage
    signatures_beside : callable
        Returns the ids of the keys with which the model at a place is said to be signed.
    """

    def __init__(self, storage: ModelStorage, signatures_beside: Callable[[Path], Sequence[str]]) -> None:
        self._storage = storage
        self._signatures_beside = signatures_beside

    def execute(self, reference: str) -> ShownModel:
        """Return the model.

        Raises
        ------
        ModelNotFound, CorruptArtifact
            See `ModelStorage.load`.
        """
        artifact = self._storage.load(reference)
        place = location_of(self._storage.versions(), reference, artifact.manifest)
        return ShownModel(artifact, tuple(self._signatures_beside(Path(place))))
