"""Strategy documents as YAML files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import yaml

from ktrdr.domain.errors import Conflict, InvalidInput, NotFound, Unavailable, did_you_mean
from ktrdr.domain.strategy.problems import EMPTY

_MAX_BYTES = 1_000_000
_MAX_VALUES = 100_000
_BACKUP = ".v2.bak"
_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
_NULL = "tag:yaml.org,2002:null"


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, of which plain YAML would silently keep the last.

    Keys are texts as they are written: a membership called ``on``, ``no`` or ``5`` keeps its name. A null is no name.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a list cannot be a key", key_node.start_mark)
            key = _name(key_node)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
            key_node.value, key_node.tag = key, _TEXT
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
    text = _read(path)
    try:
        return _load(text)
    except _FAULTS as error:
        raise _not_yaml(path, error) from error


def find_lines(path: Path) -> dict[str, int]:
    """Return the line, counted from 1, on which each key or entry of a YAML file stands, by its dotted path.

    Entries of a list are ``path[0]``, ``path[1]``, ...; the document itself is the empty path.

    Raises
    ------
    NotFound, InvalidInput, Unavailable
        As `read_document`.
    """
    loader = _Loader(_read(path))
    lines: dict[str, int] = {}
    try:
        _note_lines(_composed(loader), "", lines)
    except _FAULTS as error:
        raise _not_yaml(path, error) from error
    finally:
        loader.dispose()
    return lines


def _note_lines(node: yaml.Node | None, path: str, lines: dict[str, int]) -> None:
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, f"{path}[{index}]", lines)
    elif isinstance(node, yaml.MappingNode):
        own = [(key, value) for key, value in node.value if key.tag != _MERGE]
        for key, value in own:
            name = _name(key) or EMPTY
            below = f"{path}.{name}" if path else name
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, lines)
        for key, value in node.value:
            if key.tag == _MERGE:
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    _note_lines(merged, path, lines)


def _name(key: yaml.Node) -> str:
    return "" if key.tag == _NULL else str(key.value)


def strategy_files(path: Path) -> tuple[Path, ...]:
    """Return the YAML files of a folder, sorted by name; the path itself if it is no folder.

    Raises
    ------
    NotFound
        If the folder holds none.
    Unavailable
        If it cannot be read.
    """
    if not path.is_dir():
        return (path,)
    try:
        found = sorted(item for item in path.iterdir() if item.suffix in {".yaml", ".yml"} and not item.is_dir())
    except OSError as error:
        raise Unavailable(f"{path}: cannot be read ({error.strerror})") from error
    if not found:
        raise NotFound(f"{path}: holds no strategy file (*.yaml, *.yml)")
    return tuple(found)


def _read(path: Path) -> str:
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
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: not UTF-8 text (byte {error.start})") from error


_FAULTS = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the YAML library raises where a file is not what it should be."""


def _not_yaml(path: Path, error: BaseException) -> InvalidInput:
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return InvalidInput(f"{path}{place}: not valid YAML ({getattr(error, 'problem', None) or error})")


def _load(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = _composed(loader)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def _composed(loader: _Loader) -> yaml.Node | None:
    node = loader.get_single_node()
    if node is not None and _values_in(node, {}) > _MAX_VALUES:
        raise ValueError(f"its aliases expand to more than {_MAX_VALUES:,} values")
    return node


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
