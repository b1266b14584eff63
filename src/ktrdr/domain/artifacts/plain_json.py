"""JSON as artifacts hold it: plain, finite values only, read back exactly as they were written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from ktrdr.domain.errors import CorruptArtifact

MAX_BYTES = 8 * 2**20
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
_MAX_INTEGER = 2**63
_SHOWN = 60


def canonical_json(values: Any) -> bytes:
    """Return JSON with sorted keys and no white space: equal values, equal bytes."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def pretty_json(values: Any) -> bytes:
    """Return JSON as the files of an artifact hold it: indented, keys in their own order, one newline at the end."""
    return json.dumps(values, indent=2, allow_nan=False).encode() + b"\n"


def read_json(text: bytes, where: str) -> Any:
    """Return the value of a JSON text that nobody vouches for.

    Raises
    ------
    CorruptArtifact
        If the text is longer than `MAX_BYTES` or has more marks than `MAX_VALUES` values need, is not UTF-8 or not
        JSON, repeats a key, or holds what `plain_problem` objects to.
    """
    if len(text) > MAX_BYTES:
        raise CorruptArtifact(f"{where}: {len(text):,} bytes are too many, at most {MAX_BYTES:,} are read")
    if sum(map(text.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise CorruptArtifact(f"{where}: more than {MAX_VALUES:,} values are too many")
    try:
        values = json.loads(text.decode(), parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CorruptArtifact(f"{where}: not valid JSON ({str(error)[:200]})") from error
    problem = plain_problem(values)
    if problem:
        raise CorruptArtifact(f"{where}: {problem.lstrip('.')}")
    return values


def plain_problem(value: object, depth: int = 0) -> str | None:
    """Return where and why a value is not plain JSON, or None where it is.

    Plain are dicts with text keys, lists, text without surrogates, 64-bit integers, finite floats, booleans and None,
    nested at most `MAX_DEPTH` deep.
    """
    children: Iterable[tuple[object, object]]
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    else:
        return _scalar_problem(value)
    if depth == MAX_DEPTH:
        return f": nested deeper than {MAX_DEPTH} levels"
    for name, child in children:
        if isinstance(value, dict) and not isinstance(name, str):
            return f": the key {str(name)[:_SHOWN]!r} is not text"
        problem = _scalar_problem(name) or plain_problem(child, depth + 1)
        if problem:
            return f".{ascii(name)[1:-1][:_SHOWN] if isinstance(name, str) else name}{problem}"
    return None


def _scalar_problem(value: object) -> str | None:
    if isinstance(value, str):
        return None if value.isascii() or _encodable(value) else ": holds surrogate characters"
    if isinstance(value, float):
        return None if math.isfinite(value) else f": {value} is not a finite number"
    if isinstance(value, int):
        return None if -_MAX_INTEGER <= value < _MAX_INTEGER else ": the integer does not fit into 64 bits"
    return None if value is None else f": {type(value).__name__} is not a plain JSON value"


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not allowed")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValueError(f"the key {name[:_SHOWN]!r} is repeated")
        values[name] = value
    return values
