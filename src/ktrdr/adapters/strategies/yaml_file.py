"""Strategy documents as YAML files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from ktrdr.domain.errors import Conflict, InvalidInput, NotFound, Unavailable, did_you_mean

_MAX_BYTES = 1_000_000
_MAX_VALUES = 100_000
_BACKUP = ".v2.bak"


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, of which plain YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int | float | bool):
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} cannot be a key", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)  # 1e-3 is a text to YAML 1.1 and a number to everybody else


def read_document(path: Path) -> Any:
    """Return what a YAML file holds; None for an empty one.

    Raises
    ------
    NotFound
        If there is no such file; the message names the nearest one beside it.
    InvalidInput
        If it is not a YAML file in UTF-8; the message names the line.
    Unavailable
        If it cannot be read.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InvalidInput(f"{path}: is no plain file")
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        beside = [item.name for item in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        raise NotFound(f"{path}: no such strategy file{did_you_mean(path.name, beside)}") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{path}: is a folder; name a strategy file in it") from error
    except OSError as error:
        raise Unavailable(f"{path}: cannot be read ({error.strerror})") from error
    if len(content) > _MAX_BYTES:
        raise InvalidInput(f"{path}: {len(content):,} bytes are too many for a strategy; at most {_MAX_BYTES:,}")
    try:
        return _load(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: not UTF-8 text (byte {error.start})") from error
    except (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise InvalidInput(f"{path}{line}: not valid YAML ({getattr(error, 'problem', None) or error})") from error


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _values_in(node, {}) > _MAX_VALUES:
            raise ValueError(f"its aliases expand to more than {_MAX_VALUES:,} values")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _values_in(node: yaml.Node, counted: dict[int, int]) -> int:
    """Return how many values a node stands for once every alias is written out; within itself, without end."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in counted:
        counted[id(node)] = _MAX_VALUES + 1
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        counted[id(node)] = 1 + sum(_values_in(part, counted) for part in parts)
    return counted[id(node)]


def render_document(document: Any) -> str:
    """Return a document as YAML, keys in their order."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def replace_document(path: Path, document: Any) -> Path:
    """Write a document over a file, keep the old one beside it, and return where that is.

    Raises
    ------
    Conflict
        If a file with the backup's name is there already.
    Unavailable
        If the folder cannot be written; the file stays as it was.
    """
    backup, beside = path.with_name(path.name + _BACKUP), path.with_name(f".{path.name}.{os.getpid()}")
    if backup.exists():
        raise Conflict(f"{backup}: is there already, so {path.name} is not written over")
    try:
        beside.write_text(render_document(document), encoding="utf-8")
        backup.write_bytes(path.read_bytes())
        beside.replace(path)
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        beside.unlink(missing_ok=True)
    return backup
