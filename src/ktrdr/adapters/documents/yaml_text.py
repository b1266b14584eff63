"""YAML as people write it and attackers must not: plain values within limits, every key once, keys as written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ktrdr.adapters.documents.limits import DIGITS, LETTERS, LEVELS, NAME, Limits
from ktrdr.adapters.documents.plain_file import read_text
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.problems import EMPTY

_TAG = "tag:yaml.org,2002:"
_MERGE, _TEXT, _NULL, _MOMENT = f"{_TAG}merge", f"{_TAG}str", f"{_TAG}null", f"{_TAG}timestamp"
_NUMBERS = {f"{_TAG}int", f"{_TAG}float"}
_PLAIN = ("null", "bool", "int", "float", "str", "timestamp", "seq", "map")
_FAULTS = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""What the library and Python raise, besides `yaml.YAMLError`, where a text is not what its form says."""


def read_yaml(path: Path, limits: Limits) -> Any:
    """Return what a YAML file holds; None for an empty one.

    Keys are texts as they are written: a membership called ``on``, ``no`` or ``5`` keeps its name; a null is no name.
    What looks like a date and is none stays a text, for whoever reads it to refuse.

    Raises
    ------
    NotFound, Unavailable
        As `read_text`.
    InvalidInput
        As `read_text`; or if it is not YAML, gives a key twice, or exceeds the limits; the message names the line.
    """
    loader, node = _composed(path, limits)
    try:
        return None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, *_FAULTS) as error:
        raise _not_yaml(path, error) from error
    finally:
        loader.dispose()


def find_yaml_lines(path: Path, limits: Limits) -> dict[str, int]:
    """Return the line, counted from 1, on which each key or entry of a YAML file stands, by its dotted path.

    Entries of a list are ``path[0]``, ``path[1]``, ...; the document itself is the empty path.

    Raises
    ------
    NotFound, InvalidInput, Unavailable
        As `read_yaml`.
    """
    loader, node = _composed(path, limits)
    loader.dispose()
    lines: dict[str, int] = {}
    if node is not None:
        _note_lines(node, "", lines)
    return lines


class _Loader(yaml.SafeLoader):
    """Composes no more nodes and levels than allowed, and makes nothing but plain values of them."""

    yaml_constructors = {  # noqa: RUF012 - the library looks for it in the class
        None: yaml.SafeLoader.yaml_constructors[None],
        **{_TAG + name: yaml.SafeLoader.yaml_constructors[_TAG + name] for name in _PLAIN},
    }

    def __init__(self, text: str, limits: Limits) -> None:
        super().__init__(text)
        self._limits = limits
        self._depth = self._composed = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._composed += 1
        if self._composed > self._limits.values:
            raise _fault(f"more than {self._limits.values:,} values", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        if self._depth >= LEVELS:
            raise _fault(f"more than {LEVELS} levels within each other", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except _FAULTS as error:
            raise _fault(f"{node.value!r:.60} is not {node.tag.rpartition(':')[2]}", node.start_mark) from error

    def construct_moment(self, node: yaml.ScalarNode) -> Any:
        try:
            return self.construct_yaml_timestamp(node)
        except (ValueError, OverflowError):
            return node.value


_Loader.add_constructor(_MOMENT, _Loader.construct_moment)
_Loader.add_implicit_resolver(
    f"{_TAG}float", re.compile(r"[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+"), list("-+0123456789")
)  # 1e-3 is a text to YAML 1.1 and a number to everybody else


def _composed(path: Path, limits: Limits) -> tuple[_Loader, yaml.Node | None]:
    text = read_text(path, limits)
    try:
        loader = _Loader(text, limits)
        node = loader.get_single_node()
        if node is not None:
            _check(node, {}, limits.values)
    except (yaml.YAMLError, *_FAULTS) as error:
        raise _not_yaml(path, error) from error
    return loader, node


def _check(node: yaml.Node, known: dict[int, tuple[int, int]], most: int) -> tuple[int, int]:
    """Give keys their names, and return how many values and levels a node has once every alias is written out.

    Raises
    ------
    yaml.MarkedYAMLError
        If either is too many: within itself, a node has them without end. Or if a number is too long, a text is none,
        or a key is given twice.
    """
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node)
        return 1 + len(node.value) // LETTERS, 1
    if id(node) not in known:
        known[id(node)] = most, LEVELS
        if isinstance(node, yaml.MappingNode):
            node.value = _named(node)
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        measured = [_check(part, known, most) for part in parts]
        values, levels = 1 + sum(item[0] for item in measured), 1 + max((item[1] for item in measured), default=0)
        if values > most:
            raise _fault(f"its aliases expand to more than {most:,} values", node.start_mark)
        if levels > LEVELS:
            raise _fault(f"its aliases expand to more than {LEVELS} levels within each other", node.start_mark)
        known[id(node)] = values, levels
    return known[id(node)]


def _check_scalar(node: yaml.ScalarNode) -> None:
    if node.tag in _NUMBERS and len(node.value) > DIGITS:
        raise _fault(f"a number of {len(node.value):,} characters; at most {DIGITS} are read", node.start_mark)
    try:
        node.value.encode()
    except UnicodeEncodeError:
        raise _fault("holds half a character (a surrogate)", node.start_mark) from None


def _named(node: yaml.MappingNode) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the pairs with every key as the text that was written, an empty one for a null."""
    seen: set[tuple[bool, str]] = set()
    pairs: list[tuple[yaml.Node, yaml.Node]] = []
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _fault(
                f"a {'list' if isinstance(key, yaml.SequenceNode) else 'mapping'} cannot be a key", key.start_mark
            )
        name = "" if key.tag == _NULL else key.value
        if len(name) > NAME:
            raise _fault(f"a key of {len(name):,} characters; at most {NAME:,} are read", key.start_mark)
        if (key.tag == _MERGE, name) in seen:
            raise _fault(f"key {name!r:.60} is given twice", key.start_mark)
        seen.add((key.tag == _MERGE, name))
        tag = _MERGE if key.tag == _MERGE else _TEXT
        pairs.append((yaml.ScalarNode(tag, name, key.start_mark, key.end_mark), value))
    return pairs


def _note_lines(node: yaml.Node, path: str, lines: dict[str, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _note_lines(item, f"{path}[{index}]", lines)
    elif isinstance(node, yaml.MappingNode):
        own = [(key, value) for key, value in node.value if key.tag != _MERGE]
        for key, value in own:
            name = key.value or EMPTY
            below = f"{path}.{name}" if path else name
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, lines)
        for key, value in node.value:
            if key.tag == _MERGE:
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    _note_lines(merged, path, lines)


def _fault(message: str, mark: yaml.Mark) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=message, problem_mark=mark)


def _not_yaml(path: Path, error: BaseException) -> InvalidInput:
    mark = getattr(error, "problem_mark", None)
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    reason = " ".join(str(getattr(error, "problem", None) or error).split())
    return InvalidInput(f"{path}{place}: not valid YAML ({reason:.200})")
