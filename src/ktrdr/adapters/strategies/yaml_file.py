"""Strategy documents as YAML files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from ktrdr.adapters.documents.limits import STRATEGY
from ktrdr.adapters.documents.plain_file import refusing
from ktrdr.adapters.documents.yaml_text import find_yaml_lines, read_yaml
from ktrdr.adapters.files.replacing import replacing
from ktrdr.domain.errors import Conflict, NotFound, Unavailable, did_you_mean

_BACKUP = ".v2.bak"


def read_document(path: Path) -> Any:
    """Return what a YAML file holds; None for an empty one.

    Raises
    ------
    NotFound
        If there is no such file; the message names the nearest one beside it.
    InvalidInput, Unavailable
        As `read_yaml`.
    """
    try:
        return read_yaml(path, STRATEGY)
    except NotFound as error:
        beside = [item.name for item in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise NotFound(f"{error}{did_you_mean(path.name, beside)}") from error


def find_lines(path: Path) -> dict[str, int]:
    """Return the line on which each key or entry stands, by its dotted path; see `find_yaml_lines`."""
    return find_yaml_lines(path, STRATEGY)


def strategy_files(path: Path) -> tuple[Path, ...]:
    """Return the YAML files of a folder, sorted by name; the path itself if it is no folder.

    Raises
    ------
    NotFound
        If the folder holds none.
    Unavailable
        If it cannot be read.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - False for what no path can be
        return (path,)
    with refusing(path):
        found = sorted(item for item in path.iterdir() if item.suffix in {".yaml", ".yml"} and not item.is_dir())
    if not found:
        raise NotFound(f"{path}: holds no strategy file (*.yaml, *.yml)")
    return tuple(found)


def render_document(document: Any) -> str:
    """Return a document as YAML: keys in their order, innermost lists and mappings on one line."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def replace_document(path: Path, document: Any) -> Path:
    """Write a document over a file, keep the old one beside it, and return where that is.

    Raises
    ------
    Conflict
        If a file with the backup's name is there already.
    Unavailable
        If the folder cannot be written; the file stays as it was.
    """
    if path.is_symlink():
        path = path.resolve()  # the file itself is replaced, not the link
    backup = path.with_name(path.name + _BACKUP)
    try:
        with replacing(path) as file, replacing(backup, new=True) as kept:
            file.write(render_document(document).encode())
            file.flush()
            kept.write(path.read_bytes())
    except FileExistsError as error:
        raise Conflict(f"{backup}: is there already, so {path.name} is not written over") from error
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error
    return backup
