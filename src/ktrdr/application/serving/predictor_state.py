"""What a predictor carries from one process to the next, as plain bytes: arrays and JSON, nothing that runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ktrdr.domain.decisions.step import State
from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe

SCHEMA_VERSION = 1
_ZIP = b"PK\x03\x04"
_COLUMNS = ("stamps", *BAR_COLUMNS, "known_at")


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
    """Return the state as an ``.npz``: ``header`` (JSON) and one array per timeframe and column."""
    header = {
        "schema_version": SCHEMA_VERSION,
        "model": state.model,
        "symbol": state.symbol,
        "position": state.decisions.position,
        "bars_since": state.decisions.bars_since,
    }
    arrays = {f"{name} {column}": getattr(bars, column) for name, bars in state.bars.items() for column in _COLUMNS}
    out = BytesIO()
    np.savez(out, header=np.frombuffer(json.dumps(header).encode(), dtype=np.uint8), **arrays)
    return out.getvalue()


def from_bytes(content: bytes, timeframes: Iterable[str], sessions: Sessions | None) -> PredictorState:
    """Read what `to_bytes` wrote, for a predictor that is fed these timeframes.

    Raises
    ------
    InvalidInput
        If it is anything else.
    """
    if not content.startswith(_ZIP):
        raise InvalidInput(f"this is no saved state of a predictor: its first bytes are {shown(content[:8])}")
    try:
        with np.load(BytesIO(content), allow_pickle=False) as arrays:
            header = json.loads(arrays["header"].tobytes())
            if header["schema_version"] != SCHEMA_VERSION:
                raise ValueError(f"schema_version {header['schema_version']}, this program reads {SCHEMA_VERSION}")
            bars = {name: _bars(arrays, header["symbol"], name, sessions) for name in timeframes}
            decisions = State(header["position"], header["bars_since"])
            return PredictorState(header["model"], header["symbol"], bars, decisions)
    except (ValueError, KeyError, TypeError, EOFError, OSError, BadZipFile) as error:
        raise InvalidInput(f"this is no saved state of a predictor: {error}") from error


def _bars(arrays: Any, symbol: str, timeframe: str, sessions: Sessions | None) -> Bars:
    columns = {name: arrays[f"{timeframe} {name}"] for name in _COLUMNS}
    kinds = {name: np.float64 if name in BAR_COLUMNS else np.int64 for name in _COLUMNS}
    if any(columns[name].dtype != kinds[name] or columns[name].ndim != 1 for name in _COLUMNS):
        raise ValueError(f"{timeframe} columns must be arrays of numbers")
    return Bars(symbol, Timeframe(timeframe), **columns, source="saved state", sessions=sessions)
