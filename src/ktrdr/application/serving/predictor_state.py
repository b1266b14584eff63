"""What a predictor carries from one process to the next, as plain bytes: JSON and arrays, nothing that runs.

`_MAGIC`; the SHA-256 of all that follows; version and length of the header, 4 bytes each; the header, canonical JSON;
then, of each timeframe that it counts the bars of, in its order, stamps, open, high, low, close, volume and known-at
moments: 8 bytes a value, little-endian. Nothing is packed, so that it takes as much room in memory as it is long.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.artifacts.plain_json import canonical_json, read_json
from ktrdr.domain.decisions.step import State
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, shown
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

VERSION = 2
_MAGIC = b"ktrdr-state\n"
_OLDER = b"PK\x03\x04"
_SIZES = struct.Struct("<II")
_DIGEST = hashlib.sha256().digest_size
_SEAL = re.compile(r"[0-9a-f]{0,64}")
_COLUMNS = {"stamps": "<i8", **dict.fromkeys(BAR_COLUMNS, "<f8"), "known_at": "<i8"}
_KEYS = {"model", "symbol", "position", "bars_since", "bars"}


@dataclass(frozen=True, slots=True, eq=False)
class PredictorState:
    """The saved state of a predictor.

    Attributes
    ----------
    model : str
        SHA-256 of the model's manifest.
    symbol : str
    bars : mapping of timeframe to Bars
        Every bar that was fed. Running averages are carried on from them, which gives the same bits.
    decisions : State
    """

    model: str
    symbol: str
    bars: Mapping[str, Bars]
    decisions: State


def to_bytes(state: PredictorState) -> bytes:
    """Return the state as bytes; equal states, equal bytes."""
    names = sorted(state.bars)
    header = canonical_json(
        {
            "model": state.model,
            "symbol": state.symbol,
            "position": state.decisions.position,
            "bars_since": state.decisions.bars_since,
            "bars": {name: len(state.bars[name]) for name in names},
        }
    )
    columns = (getattr(state.bars[name], column).astype(kind) for name in names for column, kind in _COLUMNS.items())
    sealed = b"".join([_SIZES.pack(VERSION, len(header)), header, *(column.tobytes() for column in columns)])
    return _MAGIC + hashlib.sha256(sealed).digest() + sealed


def from_bytes(content: bytes, timeframes: Iterable[str], sessions: Sessions | None) -> PredictorState:
    """Read what `to_bytes` wrote, for a predictor that is fed these timeframes.

    Raises
    ------
    InvalidInput
        If it is anything else, of another version, or holds bars that no file may hold.
    """
    sealed = _unsealed(content)
    header, at = _header(sealed)
    model, symbol, counts = header["model"], header["symbol"], header["bars"]
    if counts.keys() != set(timeframes):
        raise _no_state(f"it has bars of {shown(', '.join(counts))}, this predictor is fed {', '.join(timeframes)}")
    if len(sealed) - at != sum(counts.values()) * sum(np.dtype(kind).itemsize for kind in _COLUMNS.values()):
        raise _no_state(f"{len(sealed) - at:,} bytes are not those of {sum(counts.values()):,} bars")
    bars = {}
    for name, count in counts.items():
        columns: dict[str, Any] = {}
        for column, kind in _COLUMNS.items():
            columns[column] = np.frombuffer(sealed, kind, count, at).astype(kind[1:])
            at += columns[column].nbytes
        bars[name] = Bars(symbol, Timeframe(name), **columns, source="saved state", sessions=sessions)
    return PredictorState(model, symbol, bars, State(header["position"], header["bars_since"]))


def _unsealed(content: bytes) -> bytes:
    """Return what stands behind the SHA-256, if it is that."""
    if not isinstance(content, bytes):
        raise _no_state(f"it must be bytes, found {type(content).__name__}")
    if content.startswith(_OLDER):
        raise _no_state("it was saved by an older version; give the predictor its bars again, and save it anew")
    if not content.startswith(_MAGIC):
        raise _no_state(f"its first bytes are {shown(content[: len(_MAGIC)])}")
    sealed = content[len(_MAGIC) + _DIGEST :]
    if hashlib.sha256(sealed).digest() != content[len(_MAGIC) : len(_MAGIC) + _DIGEST] or len(sealed) < _SIZES.size:
        raise _no_state("it does not match its SHA-256; it was changed, or is not whole")
    return sealed


def _header(sealed: bytes) -> tuple[dict[str, Any], int]:
    """Return the header, once it is what `to_bytes` writes, and where it ends."""
    version, length = _SIZES.unpack_from(sealed)
    if version != VERSION:
        raise _no_state(f"it is of version {version}, this program reads {VERSION}")
    end = _SIZES.size + length
    try:
        header = read_json(sealed[_SIZES.size : end], "header")
    except CorruptArtifact as error:
        raise _no_state(str(error)) from error
    if not isinstance(header, dict) or header.keys() != _KEYS or canonical_json(header) != sealed[_SIZES.size : end]:
        raise _no_state(f"its header must hold {', '.join(sorted(_KEYS))}, in canonical JSON")
    model, symbol, since, counts = (header[name] for name in ("model", "symbol", "bars_since", "bars"))
    texts = isinstance(model, str) and isinstance(symbol, str) and _SEAL.fullmatch(model)
    numbers = type(header["position"]) is int and (since is None or type(since) is int)
    if not texts or not numbers or not isinstance(counts, dict) or not all(map(_is_count, counts.values())):
        raise _no_state("its header holds values of another kind")
    Symbol(symbol)
    return header, end


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _no_state(why: str) -> InvalidInput:
    return InvalidInput(f"this is no saved state of a predictor: {why}")
