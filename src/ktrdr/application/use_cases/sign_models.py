"""Sign: vouch for published models with a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.lookup import location_of
from ktrdr.domain.artifacts.manifest import Manifest


class SignModels:
    """Signs models that are whole.

    Parameters
    ----------
    storage : ModelStorage
    sign : callable
        Signs the model at a place with a private key, and returns where the signature is.
    """

    def __init__(self, storage: ModelStorage, sign: Callable[[Path, Manifest, Path], Path]) -> None:
        self._storage = storage
        self._sign = sign

    def execute(self, references: Sequence[str], key: Path) -> dict[str, Path]:
        """Return where the signature of each reference is.

        Raises
        ------
        ModelNotFound, CorruptArtifact
            If a reference names nothing, or what it names is damaged; those before it are signed.
        InvalidInput, NotFound, Unavailable
            If the key is none, or a signature cannot be written.
        """
        versions = self._storage.versions()
        signed = {}
        for reference in references:
            manifest = self._storage.load(reference).manifest
            signed[reference] = self._sign(Path(location_of(versions, reference, manifest)), manifest, key)
        return signed
