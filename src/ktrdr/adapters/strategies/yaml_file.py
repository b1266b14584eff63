"""Strategy documents as YAML files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ktrdr.adapters.files.replacing import replacing
from ktrdr.domain.errors import Conflict, InvalidInput, NotFound, Unavailable, did_you_mean
from ktrdr.domain.problems import EMPTY

_MAX_BYTES = 1_000_000
_MAX_VALUES = 100_000
_MAX_DEPTH = 40
_BACKUP = ".v2.bak"
_MERGE, _TEXT = "tag:yaml.org,2002:merge", "tag:yaml.org,2002:str"
_NULL, _MOMENT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:timestamp"


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, of which plain YAML would silently keep the last.

    Keys are texts as they are written: a membership called ``on``, ``no`` or ``5`` keeps its name. A null is no name.
    What looks like a date and is none stays a text, for whoever reads it to refuse.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth >= _MAX_DEPTH:
            raise _fault(f"more than {_MAX_DEPTH} levels within each other", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise _fault(f"{node.value!r:.60} is not {node.tag.rpartition(':')[2]}", node.start_mark) from error

    def construct_moment(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except ValueError:
            return node.value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise _fault("a list cannot be a key", key_node.start_mark)
            key = _name(key_node)
            if key in seen:
                raise _fault(f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
            key_node.value, key_node.tag = key, _TEXT
        return super().construct_mapping(node, deep)


def _fault(message: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)


_Loader.add_constructor(_MOMENT, _Loader.construct_moment)
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
        raise NotFound(f"{path}: no such file{did_you_mean(path.name, beside)}") from error
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


_FAULTS = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
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
    if node is not None:
        _measure(node, {})
    return node


def _measure(node: yaml.Node, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values and levels a node stands for once every alias is written out.

    Raises
    ------
    yaml.MarkedYAMLError
        If either is too many: within itself, a node has them without end.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1, 1
    if id(node) not in known:
        known[id(node)] = _MAX_VALUES, _MAX_DEPTH
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        measured = [_measure(part, known) for part in parts]
        values, levels = 1 + sum(item[0] for item in measured), 1 + max((item[1] for item in measured), default=0)
        if values > _MAX_VALUES:
            raise _fault(f"its aliases expand to more than {_MAX_VALUES:,} values", node.start_mark)
        if levels > _MAX_DEPTH:
            raise _fault(f"its aliases expand to more than {_MAX_DEPTH} levels within each other", node.start_mark)
        known[id(node)] = values, levels
    return known[id(node)]


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
