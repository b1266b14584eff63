"""Models that could not be published: their files are kept whole, so that a training is not lost."""

from __future__ import annotations

import shutil
import stat
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

from ktrdr.adapters.documents.plain_file import refusing
from ktrdr.adapters.files.folders import sync_folder
from ktrdr.adapters.storage.files import in_words
from ktrdr.adapters.storage.folder import artifact_files, read_artifact, write_files
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import InvalidInput, NotFound, NotPublished, Unavailable, shown_path

UNPUBLISHED = ".unpublished-"


def not_published(artifact: Artifact, shelf: Path, reason: OSError | Unavailable) -> NotPublished:
    """Keep an artifact in its strategy's folder, or else in that for temporary files, and return what to raise.

    What is kept is an artifact of version 0, with all its checksums.
    """
    key = artifact.manifest.key
    new = f"{key.folder}/{key.stem}"
    why = in_words(reason) if isinstance(reason, OSError) else str(reason)
    said = f"cannot publish a new version of {new}: {why}"
    kept_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    whole = Artifact(artifact.manifest.sealed(0, kept_at, artifact.blobs), artifact.blobs)
    failures = []
    for place in (shelf, None):
        try:
            folder = _written(whole, place)
        except OSError as error:
            failures.append(in_words(error))
            continue
        publish = f"ktrdr models publish {quote(str(folder))}"
        said = f"{said}; its files are kept in {folder}, and published by: {publish}"
        return NotPublished(said, str(folder), whole.manifest.manifest_sha256)
    return NotPublished(f"{said}; nor could its files be kept: {'; '.join(failures)}")


def read_kept(folder: Path) -> Artifact:
    """Return the artifact that was kept in a folder.

    Raises
    ------
    NotFound
        If there is no such folder.
    CorruptArtifact, Unavailable
        See `read_artifact`.
    InvalidInput
        If it is no folder, or a version that was published.
    """
    with refusing(folder):
        try:
            mode = folder.stat().st_mode
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"{shown_path(folder)}: no such folder") from error
        if not stat.S_ISDIR(mode):
            raise InvalidInput(f"{folder}: must be a folder with the files of a model, not a file")
    artifact = read_artifact(folder, published=False)
    if artifact.manifest.version:
        reference = artifact.manifest.key.reference(artifact.manifest.version)
        raise InvalidInput(f"{folder}: was published already, as {reference}")
    return artifact


def discard_kept(folder: Path) -> None:
    """Remove a folder that `not_published` made; any other one stays."""
    if folder.name.startswith(UNPUBLISHED):
        shutil.rmtree(folder, ignore_errors=True)


def _written(artifact: Artifact, place: Path | None) -> Path:
    """Write an artifact into a new folder; None is the system's place for temporary files."""
    prefix = f"{UNPUBLISHED}{artifact.manifest.key.stem}-"
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place or tempfile.gettempdir())).absolute()
    try:
        write_files(folder, artifact_files(artifact))
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder
