"""Show: what a model is, what it was made from, and what it was found to be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import METRICS, Artifact
from ktrdr.domain.artifacts.symbol_files import SYMBOL_CONFIGS, SYMBOLS


@dataclass(frozen=True, slots=True)
class ShownModel:
    """One model, with all that its files say of it."""

    artifact: Artifact

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        manifest = self.artifact.manifest
        return {
            "reference": manifest.key.reference(manifest.version),
            "manifest": manifest.as_dict(),
            "report": self.artifact.document(METRICS),
            "symbols": self.artifact.document(SYMBOLS),
            "symbol_configs": self.artifact.document(SYMBOL_CONFIGS),
        }


class ShowModel:
    """Loads a model, every checksum verified."""

    def __init__(self, storage: ModelStorage) -> None:
        self._storage = storage

    def execute(self, reference: str) -> ShownModel:
        """Return the model.

        Raises
        ------
        ModelNotFound, CorruptArtifact
            See `ModelStorage.load`.
        """
        return ShownModel(self._storage.load(reference))
