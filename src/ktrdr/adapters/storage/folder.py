"""One artifact as the files of one folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from ktrdr.adapters.documents.plain_file import require_possible
from ktrdr.adapters.files.folders import make_folder, sync_folder
from ktrdr.adapters.files.replacing import replacing, require_room
from ktrdr.adapters.storage.files import entries, read_file, unavailable, write_file
from ktrdr.adapters.storage.strays import sweep_strays
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import METADATA, Manifest
from ktrdr.domain.artifacts.plain_json import MAX_BYTES
from ktrdr.domain.errors import CorruptArtifact, InvalidInput

MAX_ARTIFACT_BYTES = 2**30
_JSON = ".json"


def read_artifact(folder: Path, *, published: bool = True) -> Artifact:
    """Return the artifact in a folder, with every checksum verified; `published` is that of `Manifest.from_json`.

    The folder holds ``metadata.json`` and the files that it names, and nothing else but hidden files, which are never
    opened. Nothing in it is executed, no link is followed.

    Raises
    ------
    CorruptArtifact
        If a file is missing, unknown, changed, or no plain file; or all together are larger than
        `MAX_ARTIFACT_BYTES`, or a JSON file alone than `MAX_BYTES`.
    Unavailable
        If the folder or a file cannot be read.
    """
    with unavailable(f"cannot read {folder}"):
        names = [name for name in entries(folder) if not name.startswith(".")]
        if METADATA not in names:
            raise CorruptArtifact(f"{folder}: {METADATA} is missing")
        metadata = read_file(folder / METADATA, MAX_BYTES)
        manifest = Manifest.from_json(metadata, str(folder / METADATA), published=published)
        blobs: dict[str, bytes] = {}
        left = MAX_ARTIFACT_BYTES
        for name in names:
            if name != METADATA:
                blobs[name] = read_file(folder / name, min(left, MAX_BYTES) if name.endswith(_JSON) else left)
                left -= len(blobs[name])
    artifact = Artifact(manifest, blobs)
    artifact.verify(str(folder))
    return artifact


def write_artifact(folder: Path, artifact: Artifact) -> None:
    """Write the files of a published artifact straight into a folder, over those of the same names.

    Everything is written beside first and then moved into place, each file atomically and ``metadata.json`` last:
    where there is no room or no permission, nothing in the folder has changed.

    Raises
    ------
    InvalidInput
        If something that is no plain file has one of the names.
    CorruptArtifact
        If the artifact does not match its own checksums.
    Unavailable
        If the folder cannot be written.
    """
    artifact.verify(str(folder))
    files = artifact_files(artifact)
    with unavailable(f"cannot write {folder}"):
        make_folder(folder)
        for name in files:
            place = folder / name
            if place.is_symlink() or (place.exists() and not place.is_file()):
                raise InvalidInput(f"{place}: is no plain file, so it is not written over")
        sweep_strays(folder)
        with ExitStack() as in_place:
            for name in (METADATA, *artifact.blobs):  # the first one is put in place last
                file = in_place.enter_context(replacing(folder / name))
                file.write(files[name])
                file.flush()
                os.fsync(file.fileno())  # a full disk says so while nothing has changed


def require_writable(folder: Path) -> None:
    """Find out now whether `write_artifact` could write a folder, and leave nothing there.

    Raises
    ------
    InvalidInput
        If it cannot be a path.
    Unavailable
        If it could not.
    """
    with unavailable(f"cannot write {folder}"):
        require_possible(folder)
        existing = next(place for place in (folder, *folder.parents) if os.path.lexists(place))
        make_folder(existing)
        require_room(existing)


def artifact_files(artifact: Artifact) -> dict[str, bytes]:
    """Return the files of an artifact, ``metadata.json`` last."""
    return {**artifact.blobs, METADATA: artifact.manifest.to_json()}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Create the files in a folder and bring files and folder to disk."""
    for name, content in files.items():
        write_file(folder / name, content)
    sync_folder(folder)
