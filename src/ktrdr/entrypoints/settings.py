"""Settings: arguments, then ``KTRDR_*`` variables, then ``ktrdr.toml`` in the working folder, then defaults."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ktrdr.adapters.documents.limits import SETTINGS
from ktrdr.adapters.documents.plain_file import require_possible
from ktrdr.domain.errors import InvalidInput, did_you_mean

SETTINGS_FILE = "ktrdr.toml"
_PREFIX = "KTRDR_"
_QUALITY = "quality"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and what they run on.

    Attributes
    ----------
    data_dir : Path or None
        Folder of ``{SYMBOL}_{timeframe}.parquet`` or ``.csv`` files; None means the embedded bars.
    models_dir : Path
        Where models are published.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    quality : mapping
        Limits of data quality by rule, for what strategies do not say; see `read_limits`.
    """

    data_dir: Path | None = None
    models_dir: Path = Path("models")
    device: str = "auto"
    quality: Mapping[str, Any] = field(default_factory=dict)


KNOWN = tuple(item.name for item in fields(Settings))
"""Every setting by its name."""


def load_settings(**given: Any) -> Settings:
    """Return the settings; given values that are None count as not given.

    Raises
    ------
    InvalidInput
        If an argument, a variable or ``ktrdr.toml`` names an unknown setting or holds a value of the wrong kind,
        or the latter is no TOML.
    Unavailable
        If ``ktrdr.toml`` cannot be read.
    """
    arguments = {name: value for name, value in given.items() if value is not None}
    found = dict(_read(SETTINGS_FILE, _from_file()))
    found |= _read("KTRDR_* variables", _from_variables())
    return Settings(**found | dict(_read("settings", arguments)))


def _from_variables() -> dict[str, str]:
    known = {f"{_PREFIX}{name.upper()}": name for name in KNOWN if name != _QUALITY}
    found = {name: value for name, value in os.environ.items() if name.upper().startswith(_PREFIX)}
    for name in found:
        if name.upper() not in known:
            raise InvalidInput(
                f"{name}: no setting has this name; known: {', '.join(known)}{did_you_mean(name, known)}"
            )
    return {known[name.upper()]: value for name, value in found.items()}


def _from_file() -> Mapping[str, Any]:
    if not os.path.lexists(SETTINGS_FILE):
        return {}
    from ktrdr.adapters.documents.toml_text import read_toml

    return read_toml(Path(SETTINGS_FILE), SETTINGS)


def _read(where: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the values as settings hold them."""
    for name, value in values.items():
        if name not in KNOWN:
            raise InvalidInput(
                f"{where}: {name}: no setting has this name; known: {', '.join(KNOWN)}{did_you_mean(name, KNOWN)}"
            )
        if name == _QUALITY:
            yield name, _limits(where, value) if value else {}
            continue
        is_path = name.endswith("_dir")
        if not isinstance(value, str | os.PathLike if is_path else str):
            raise InvalidInput(f"{where}: {name} must be a {'path' if is_path else 'text'}; found {value!r}")
        if is_path:
            require_possible(Path(value), name)
        yield name, Path(value) if is_path else value


def _limits(where: str, value: Any) -> dict[str, Any]:
    """Return limits as they are written, once they can be read."""
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{where}: {_QUALITY} must be a table of rules; found {value!r}")
    from ktrdr.domain.market.quality.limits import read_limits  # numpy, which a list of models has no use for

    return read_limits(value, f"{where}: {_QUALITY}").as_dict()
