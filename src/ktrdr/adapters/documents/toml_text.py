"""TOML files within limits."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from ktrdr.adapters.documents.limits import Limits
from ktrdr.adapters.documents.plain_file import read_text
from ktrdr.domain.errors import InvalidInput


def read_toml(path: Path, limits: Limits) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    NotFound, Unavailable
        As `read_text`.
    InvalidInput
        As `read_text`, or if it is not TOML.
    """
    try:
        return tomllib.loads(read_text(path, limits))
    except InvalidInput:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise InvalidInput(f"{path}: not valid TOML ({error!s:.200})") from error
