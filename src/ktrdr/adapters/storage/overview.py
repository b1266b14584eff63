"""What a published version says of itself, read fast: thousands of them are listed, none is used."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ktrdr.adapters.storage.files import entries, read_file, unavailable
from ktrdr.domain.artifacts.artifact import METRICS, StoredModel, name_problems
from ktrdr.domain.artifacts.manifest import METADATA, check_kinds, check_names, digest
from ktrdr.domain.artifacts.plain_json import MAX_BYTES
from ktrdr.domain.errors import CorruptArtifact, InvalidInput


def read_overview(stored: StoredModel) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of a version's manifest, and its report; the other files are not read.

    Raises
    ------
    CorruptArtifact
        If one of the two is not what was sealed, or a file is missing or unknown. Whether the other files are what
        they were is for `FileSystemStorage.load` to say.
    Unavailable
        If the folder or a file cannot be read.
    """
    folder = Path(stored.location)
    with unavailable(f"cannot read {folder}"):
        names = [name for name in entries(folder) if not name.startswith(".")]
        if METADATA not in names:
            raise CorruptArtifact(f"{folder}: {METADATA} is missing")
        fields = _manifest(folder, stored)
        problems = name_problems(fields["checksums"], [name for name in names if name != METADATA])
        if problems:
            raise CorruptArtifact(f"{folder}: {'; '.join(problems)}")
        return fields, _report(folder, fields["checksums"]) if METRICS in names else {}


def _manifest(folder: Path, stored: StoredModel) -> dict[str, Any]:
    where = str(folder / METADATA)
    fields = _document(read_file(folder / METADATA, MAX_BYTES), where)
    check_names(fields, where)
    try:
        check_kinds(fields)
        unchanged = digest(fields) == fields["manifest_sha256"]
    except (InvalidInput, ValueError, RecursionError) as error:
        raise CorruptArtifact(f"{where}: {error}") from error
    if not unchanged:
        raise CorruptArtifact(f"{where}: does not match its own manifest_sha256; it was changed after publishing")
    key = fields["strategy_name"], fields["symbol"], fields["timeframe"], fields["version"]
    if key != (stored.key.strategy, stored.key.symbol, stored.key.timeframe, stored.number):
        raise CorruptArtifact(f"{folder}: holds another version; the folder was copied or renamed")
    return fields


def _report(folder: Path, checksums: dict[str, str]) -> dict[str, Any]:
    text = read_file(folder / METRICS, MAX_BYTES)
    if hashlib.sha256(text).hexdigest() != checksums[METRICS]:
        raise CorruptArtifact(f"{folder}: {METRICS} does not match its checksum in {METADATA}")
    return _document(text, str(folder / METRICS))


def _document(text: bytes, where: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorruptArtifact(f"{where}: not valid JSON ({str(error)[:200]})") from error
    if not isinstance(values, dict):
        raise CorruptArtifact(f"{where}: must be a JSON object, found {type(values).__name__}")
    return values
