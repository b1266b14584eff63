"""How a file was understood, kept in the Parquet file that its bars went to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

from ktrdr.domain.market.reading import Reading

KEY = b"ktrdr"
_NAMES = {field.name for field in fields(Reading)}


def noted(reading: Reading | None) -> dict[bytes, bytes]:
    """Return what the metadata of a schema says of a reading."""
    return {} if reading is None else {KEY: json.dumps({"reading": reading.as_dict()}).encode()}


def noted_reading(metadata: Mapping[bytes, bytes] | None) -> Reading | None:
    """Return what `noted` wrote; None where there is nothing, or nothing that can be read."""
    try:
        said = json.loads((metadata or {})[KEY])["reading"]
        known = {name: value for name, value in said.items() if name in _NAMES}
        return Reading(
            **known | {"remarks": tuple(map(str, known.get("remarks", ()))), "columns": dict(known.get("columns", {}))}
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        return None
