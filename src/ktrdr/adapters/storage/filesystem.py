"""Models in a folder of the file system: ``{root}/{strategy}/{symbol}_{timeframe}_v{n}/``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ktrdr.adapters.files.folders import sync_folder
from ktrdr.adapters.files.undisturbed import undisturbed
from ktrdr.adapters.storage.files import entries, unavailable
from ktrdr.adapters.storage.folder import artifact_files, read_artifact, write_files
from ktrdr.adapters.storage.kept import not_published
from ktrdr.adapters.storage.shelf import (
    STAGING,
    claim,
    heal,
    latest_number,
    left_behind,
    locked,
    move_latest,
    remove,
    sweep,
    visible_numbers,
    withdraw,
)
from ktrdr.adapters.storage.strays import sweep_strays
from ktrdr.application.ports.model_storage import Announce, ModelStorage, unannounced
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.key import ModelKey, parse_reference
from ktrdr.domain.artifacts.lookup import model_not_found
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, KtrdrError, ModelNotFound, Unavailable


class FileSystemStorage(ModelStorage):
    """Versions as folders that appear by one rename, and ``latest`` beside them.

    References may also be paths: of a version in this storage, or of any folder that holds an artifact (load only).

    Parameters
    ----------
    root : Path
        Created by the first publish.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, artifact: Artifact, announce: Announce = unannounced) -> StoredModel:
        """Store an artifact as the next version of its key and move ``latest`` to it.

        From its announcement on, signals to stop wait until it is done.
        """
        key = artifact.manifest.key
        folder = self._root / key.folder
        try:
            with locked(folder):
                heal(folder, key.stem)
                number, announced = claim(folder, key.stem), False
                try:
                    sweep(folder)
                    sweep_strays(self._root)
                    stored = self._stage(folder, key, number, artifact)
                    announced = True
                    with undisturbed():
                        announce(stored)
                        self._show(folder, stored)
                except BaseException:
                    withdraw(folder, key.stem, number, reusable=not announced)
                    raise
        except (OSError, Unavailable) as error:
            raise not_published(artifact, folder, error) from error
        return stored

    def load(self, reference: str) -> Artifact:
        """Return the artifact of a reference or path, with every checksum verified."""
        with unavailable(f"cannot load {reference}"):
            stored = self._find(reference)
            if stored is not None:
                return self._read(stored)
            if reference and os.path.isdir(reference):  # noqa: PTH112 - False for what no path can be
                return read_artifact(Path(reference))
        raise self._not_found(reference)

    def versions(self) -> tuple[StoredModel, ...]:
        """Return all published versions, sorted by strategy, key and number."""
        with unavailable(f"cannot list the models in {self._root}"):
            names = entries(self._root) if _is_there(self._root) else []
            found = [version for name in names for version in self._shelf(name)]
        return tuple(sorted(found, key=lambda version: (version.key.strategy, version.key.stem, version.number)))

    def delete(self, reference: str) -> StoredModel:
        """Remove one version. If it was ``latest``, ``latest`` is gone until the next publish."""
        with unavailable(f"cannot delete {reference}"):
            found = self._find(reference)
            if found is not None:
                shelf = self._root / found.key.folder
                with locked(shelf):
                    heal(shelf, found.key.stem)
                    stored = self._find(found.reference)
                    if stored is not None:
                        remove(shelf, stored.key.stem, stored.number)
                        return stored
        raise self._not_found(reference)

    def _find(self, reference: str) -> StoredModel | None:
        place = self._parse(reference)
        if place is None:
            return None
        key, number = place
        shelf = self._root / key.folder
        latest = _latest(shelf, key.stem, visible_numbers(shelf, key.stem))
        pointer = shelf / key.name(None)
        if number is None and latest is None and os.path.lexists(pointer):
            raise CorruptArtifact(f"{pointer}: names no version beside it")
        wanted = latest if number is None else number
        folder = shelf / key.name(wanted)
        if wanted is None or not os.path.lexists(folder):
            return None
        if folder.is_symlink() or not folder.is_dir():
            raise CorruptArtifact(f"{folder}: must be a folder, not a link or file")
        return StoredModel(key, wanted, str(folder), is_latest=wanted == latest)

    def _parse(self, reference: str) -> tuple[ModelKey, int | None] | None:
        path = Path(reference).absolute()
        if path.parent.parent == self._root.absolute():
            reference = f"{path.parent.name}/{path.name}"
        try:
            return parse_reference(reference)
        except InvalidInput:
            return None

    def _read(self, stored: StoredModel) -> Artifact:
        folder = Path(stored.location)
        try:
            artifact = read_artifact(folder)
        except KtrdrError:
            if not folder.exists():
                raise self._not_found(stored.reference) from None
            raise
        manifest = artifact.manifest
        if (manifest.key, manifest.version) != (stored.key, stored.number):
            found = manifest.key.reference(manifest.version)
            raise CorruptArtifact(f"{folder}: holds {found}; the folder was copied or renamed")
        return artifact

    def _shelf(self, name: str) -> Iterator[StoredModel]:
        shelf = self._root / name
        found: dict[ModelKey, list[int]] = {}
        for entry in os.scandir(shelf) if shelf.is_dir() else ():
            version = _version(name, entry)
            if version is not None:
                found.setdefault(version[0], []).append(version[1])
        for key, numbers in found.items():
            latest = _latest(shelf, key.stem, numbers)
            for number in numbers:
                yield StoredModel(key, number, str(shelf / key.name(number)), is_latest=number == latest)

    def _stage(self, folder: Path, key: ModelKey, number: int, artifact: Artifact) -> StoredModel:
        """Write all files of a version where nobody looks for it."""
        created_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        sealed = Artifact(artifact.manifest.sealed(number, created_at, artifact.blobs), artifact.blobs)
        staging = folder / f"{STAGING}{key.name(number)}"
        staging.mkdir()
        write_files(staging, artifact_files(sealed))
        seal, place = sealed.manifest.manifest_sha256, str(folder / key.name(number))
        return StoredModel(key, number, place, is_latest=True, manifest_sha256=seal)

    def _show(self, folder: Path, stored: StoredModel) -> None:
        """Make a version visible."""
        key = stored.key
        (folder / f"{STAGING}{key.name(stored.number)}").rename(stored.location)
        sync_folder(folder)
        move_latest(folder, key.stem, stored.number)

    def _not_found(self, reference: str) -> ModelNotFound:
        return model_not_found(reference, self.versions(), str(self._root))


def _is_there(folder: Path) -> bool:
    try:
        folder.lstat()
    except FileNotFoundError:
        return False
    return True


def _version(shelf: str, entry: os.DirEntry[str]) -> tuple[ModelKey, int] | None:
    """Return key and number of a version's folder, None for whatever else it is."""
    written = f"{shelf}/{entry.name}"
    try:
        key, number = parse_reference(written)
    except InvalidInput:
        return None
    is_one = number is not None and key.reference(number) == written and entry.is_dir(follow_symlinks=False)
    return (key, number) if is_one and number is not None else None


def _latest(shelf: Path, stem: str, numbers: Iterable[int]) -> int | None:
    """Return the number that ``latest`` names; one that a killed writer left behind is moved, if that can be."""
    number = left_behind(shelf, stem, numbers)
    if number is None:
        return latest_number(shelf, stem)
    with suppress(OSError), locked(shelf, 0):
        heal(shelf, stem)
    return number
