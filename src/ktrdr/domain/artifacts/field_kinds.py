"""What the fields of a manifest may hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ktrdr.domain.errors import InvalidInput


def _list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(item, kind) for item in value)


KINDS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "list[str]": _list_of(str),
    "list[str] | None": lambda value: value is None or _list_of(str)(value),
    "list[dict[str, Any]]": _list_of(dict),
    "dict[str, Any]": lambda value: isinstance(value, dict),
    "dict[str, Any] | None": lambda value: value is None or isinstance(value, dict),
    "dict[str, str]": lambda value: isinstance(value, dict) and _list_of(str)(list(value.values())),
    "dict[str, dict[str, Any]] | None": lambda value: (
        value is None or (isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()))
    ),
    "dict[str, int] | None": lambda value: (
        value is None or (isinstance(value, dict) and all(type(item) is int for item in value.values()))
    ),
}
"""Type of a field, as it is written, to what tells its values."""


def check_moment(name: str, text: str) -> None:
    """Check that a text is a moment in ISO 8601 and UTC.

    Raises
    ------
    InvalidInput
        If it is not; `name` says of which field.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.utcoffset() != timedelta(0):
        raise InvalidInput(
            f"{name}: {text[:80]!r} is not a moment in ISO 8601 and UTC, such as 2024-01-31T21:00:00+00:00"
        )
