"""The file ``symbols.yaml`` beside the bars: what each symbol is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from ktrdr.adapters.documents.limits import SYMBOL_CATALOGUE
from ktrdr.adapters.documents.yaml_text import read_yaml
from ktrdr.adapters.files.queue import held
from ktrdr.adapters.files.replacing import replacing
from ktrdr.domain.catalogue.values import is_number
from ktrdr.domain.errors import InvalidInput, NotFound, did_you_mean, shown
from ktrdr.domain.market.characteristics import ASSET_CLASSES, CATALOGUE_NAME, SymbolCharacteristics
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.symbol import Symbol

LOCK_SECONDS = 60
_REQUIRED = ("asset_class", "exchange", "calendar", "time_zone")
_OPTIONAL = ("simulated", "adjustment", "tick_size", "stamp_zone")
_KEYS = (*_REQUIRED, *_OPTIONAL)


def read_catalogue(folder: Path) -> dict[str, SymbolCharacteristics]:
    """Return what ``symbols.yaml`` says of each symbol; nothing if there is no such file.

    Raises
    ------
    InvalidInput
        If an entry is not what it should be; the message names file, symbol and key.
    Unavailable
        If the file cannot be read.
    """
    path = folder / CATALOGUE_NAME
    try:
        document = read_yaml(path, SYMBOL_CATALOGUE)
    except NotFound:
        return {}
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise InvalidInput(f"{path}: must map each symbol to its facts; found {shown(document)}")
    return {symbol: _characteristics(symbol, facts, path) for symbol, facts in document.items()}


@contextmanager
def adding_to_catalogue(folder: Path, entries: Mapping[str, SymbolCharacteristics]) -> Iterator[None]:
    """Add entries to the catalogue of a folder once the body has gone well; what it says of other symbols stays.

    Writers wait for each other. All that can be refused, or can run out of room, comes before the body.

    Raises
    ------
    InvalidInput, Unavailable
        As `read_catalogue` does.
    OSError
        If the folder cannot be written, or another process holds its lock for longer than `LOCK_SECONDS`.
    """
    with held(folder / ".symbols.lock", LOCK_SECONDS):
        known = {**read_catalogue(folder), **entries}
        document = {
            symbol: {key: getattr(facts, key) for key in _REQUIRED}
            | {key: value for key in _OPTIONAL if (value := getattr(facts, key))}
            for symbol, facts in sorted(known.items())
        }
        with replacing(folder / CATALOGUE_NAME) as file:
            file.write(yaml.safe_dump(document, sort_keys=False).encode())
            file.flush()
            os.fsync(file.fileno())
            yield


def entry_of(catalogue: Mapping[str, SymbolCharacteristics], symbol: str) -> SymbolCharacteristics | None:
    """Return a symbol's entry; an index is found with or without its ``^``."""
    found = catalogue.get(symbol)
    return found or next((facts for known, facts in catalogue.items() if same_symbol(known, symbol)), None)


def _characteristics(symbol: str, facts: Any, path: Path) -> SymbolCharacteristics:
    where = f"{path}: {symbol}"
    Symbol(symbol)
    if not isinstance(facts, dict):
        raise InvalidInput(f"{where}: must hold {', '.join(_REQUIRED)}; found {shown(facts)}")
    for key in facts:
        if key not in _KEYS:
            raise InvalidInput(f"{where}.{key}: no such key{did_you_mean(key, _KEYS)} (known: {', '.join(_KEYS)})")
    for key in _REQUIRED:
        if key not in facts:
            raise InvalidInput(f"{where}.{key}: is missing; an entry must hold {', '.join(_REQUIRED)}")
        if not isinstance(facts[key], str):
            found = "nothing" if facts[key] is None else shown(facts[key])
            raise InvalidInput(f"{where}.{key}: must be a text; found {found}")
    if facts["asset_class"] not in ASSET_CLASSES:
        hint = did_you_mean(facts["asset_class"], ASSET_CLASSES)
        raise InvalidInput(
            f"{where}.asset_class: {shown(facts['asset_class'])} is not known{hint} (known: {', '.join(ASSET_CLASSES)})"
        )
    if not isinstance(facts.get("simulated", False), bool):
        raise InvalidInput(f"{where}.simulated: must be true or false; found {shown(facts['simulated'])}")
    if not isinstance(facts.get("adjustment", ""), str):
        raise InvalidInput(f"{where}.adjustment: must be a text; found {shown(facts['adjustment'])}")
    tick_size = facts.get("tick_size")
    if tick_size is not None and not (is_number(tick_size) and tick_size > 0):
        raise InvalidInput(f"{where}.tick_size: must be a number above 0; found {shown(tick_size)}")
    _require_zones(facts, where)
    return SymbolCharacteristics(symbol, **facts)


def _require_zones(facts: Mapping[str, Any], where: str) -> None:
    for key in ("time_zone", "stamp_zone"):
        try:
            ZoneInfo(facts.get(key, "UTC"))
        except (ValueError, LookupError, OSError, TypeError, AttributeError) as error:
            raise InvalidInput(f"{where}.{key}: no time zone is named {shown(facts[key])}") from error
