"""A series beside the bars, such as an interest rate: values that count from their publication."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import DataNotFound, InvalidBars
from ktrdr.domain.market.bars import BAR_COLUMNS, DataFingerprint, iso
from ktrdr.domain.market.values import SIZES, extreme, numbers_of

if TYPE_CHECKING:
    import pandas as pd

KNOWN_AT, OBSERVATION, VALUE = "known_at", "observation", "value"
CONTEXT_FOLDER = "context"


@dataclass(frozen=True, slots=True, eq=False)
class Publications:
    """Values with the moments at which they became known, in that order, and those that they are about (UTC ns).

    Attributes
    ----------
    known_at, observed : ndarray of int64, shape (n,)
    values : ndarray of float64, shape (n,)
    """

    known_at: Int64s
    observed: Int64s
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class ContextSeries:
    """What was known of a series, and from when on.

    Attributes
    ----------
    provider, name : str
        Who publishes it, and what they call it.
    known_at : ndarray of int64, shape (n,)
        Moments of publication (UTC nanoseconds), strictly ascending: from each on, its row is the latest.
    columns : mapping of str to ndarray of float64, shape (n,)
        ``close`` (the value), and any of open, high, low, volume; finite, in the publisher's units.
    source : str
        Where it came from, named in every error.
    dated : bool
        Whether the publications were given as dates, which count from the end of their day.
    zoneless : bool
        Whether a time was given without an offset, and read as UTC.
    publications : Publications or None
        All of them, with those that the rows leave out since newer observations count; None where the rows are all.

    Raises
    ------
    InvalidBars
        If a rule above is broken, or a high lies below its low; the message names source, row, time and rule.
    """

    provider: str
    name: str
    known_at: Int64s
    columns: Mapping[str, Floats]
    source: str = "memory"
    dated: bool = False
    zoneless: bool = False
    publications: Publications | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(BAR_COLUMNS))
        if "close" not in self.columns or unknown:
            raise InvalidBars(f"{self.source}: needs close and no other columns than {', '.join(BAR_COLUMNS)}")
        if not len(self.known_at):
            raise InvalidBars(f"{self.source}: there are no rows")
        disorder = np.concatenate(([False], np.diff(self.known_at) <= 0))
        _refuse(self.source, self.known_at, disorder, f"{KNOWN_AT} must ascend and be unique")
        for name, values in self.columns.items():
            if values.shape != self.known_at.shape:
                raise InvalidBars(f"{self.source}: {name} has {len(values)} values for {len(self.known_at)} rows")
            _refuse(self.source, self.known_at, ~np.isfinite(values), f"{name} must be a finite number")
            beyond = extreme(values)
            found = f"; found {values[beyond][0]:g}" if beyond.any() else ""
            _refuse(self.source, self.known_at, beyond, f"{name} {SIZES}{found}")
        if {"high", "low"} <= set(self.columns):
            broken = self.columns["high"] < self.columns["low"]
            _refuse(self.source, self.known_at, broken, "high must not be below low")

    def __len__(self) -> int:
        """Return the number of publications."""
        return len(self.known_at)

    @property
    def key(self) -> str:
        """What features name it by: ``provider/name``."""
        return f"{self.provider}/{self.name}"

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        provider: str,
        name: str,
        *,
        source: str = "memory",
        dated: bool = False,
        zoneless: bool = False,
    ) -> ContextSeries:
        """Wrap a frame with columns known_at (UTC), value or `BAR_COLUMNS`, and observation (UTC) where there is one.

        With observations, a publication counts if its observation is at least as new as every one before: a revision
        replaces the value it revises as long as that is the newest; a later revision of an older one changes nothing.

        Raises
        ------
        InvalidBars
            If a column is missing, a time is not UTC or missing, a value is not a number, the publications are not in
            order, one is repeated, or one lies before its own observation.
        """
        stamps = _moments(frame, KNOWN_AT, source)
        observed = _moments(frame, OBSERVATION, source) if OBSERVATION in frame.columns else None
        values = {key: numbers_of(frame[key], f"{source}: {key}") for key in (VALUE, *BAR_COLUMNS) if key in frame}
        return cls.published(
            provider, name, stamps, values, observed=observed, source=source, dated=dated, zoneless=zoneless
        )

    @classmethod
    def published(
        cls,
        provider: str,
        name: str,
        stamps: Int64s,
        values: Mapping[str, Floats],
        *,
        observed: Int64s | None = None,
        source: str = "memory",
        dated: bool = False,
        zoneless: bool = False,
    ) -> ContextSeries:
        """Return the series of publications, see `from_frame`: moments, columns, and observations where there are some.

        Raises
        ------
        InvalidBars
            As `from_frame` does.
        """
        values = _named(values, source)
        _refuse(source, stamps, np.diff(stamps, prepend=stamps[:1]) < 0, f"{KNOWN_AT} must not descend")
        if observed is None:
            return cls(provider, name, stamps, values, source, dated, zoneless)
        _refuse(source, stamps, observed > stamps, f"{KNOWN_AT} lies before its own {OBSERVATION}")
        _refuse(source, stamps, _repeated(stamps, observed), f"{KNOWN_AT} and {OBSERVATION} must not repeat")
        newest = np.flatnonzero(observed >= np.maximum.accumulate(observed))
        rows = newest[np.diff(stamps[newest], append=stamps[-1:] + 1) > 0]
        kept = {key: item[rows] for key, item in values.items()}
        every = Publications(stamps, observed, values["close"])
        return cls(provider, name, stamps[rows], kept, source, dated, zoneless, every)

    def fingerprint(self) -> DataFingerprint:
        """Return rows, span and hash of the publications; the timeframe says ``context``."""
        digest = hashlib.sha256(f"{self.key}|".encode())
        digest.update(np.ascontiguousarray(self.known_at).data)
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).data)
        span = iso(self.known_at[0]), iso(self.known_at[-1])
        return DataFingerprint(self.key, CONTEXT_FOLDER, len(self), *span, digest.hexdigest(), self.source)


def missing_context(provider: str, name: str, path: str | None = None) -> DataNotFound:
    """Return the error for a context series that is not there; it says where a file is looked for, or could lie."""
    file = f"{CONTEXT_FOLDER}/{provider}/{name}.parquet or .csv"
    hint = f"a file is looked for at {path}" if path else f"a folder of bars (--data-dir) can have it as {file}"
    return DataNotFound(f"no context series {name!r} of provider {provider!r}; {hint}")


def _moments(frame: pd.DataFrame, column: str, source: str) -> Int64s:
    if column not in frame.columns:
        raise InvalidBars(f"{source}: column {column!r} is missing; found {', '.join(map(str, frame.columns))}")
    import pandas as pd

    times = frame[column]
    if not isinstance(times.dtype, pd.DatetimeTZDtype) or str(times.dtype.tz) != "UTC":
        raise InvalidBars(f"{source}: {column} must be UTC times; found {times.dtype}")
    if times.isna().any():
        raise InvalidBars(f"{source}: row {int(times.isna().to_numpy().argmax())}: {column} is missing")
    return pd.DatetimeIndex(times).as_unit("ns").asi8


def _named(values: Mapping[str, Floats], source: str) -> dict[str, Floats]:
    """Return the columns by their names of bars."""
    bars = {name: values[name] for name in BAR_COLUMNS if name in values}
    if (VALUE in values) == bool(bars) or (bars and "close" not in bars):
        found = ", ".join(values) or "neither"
        raise InvalidBars(
            f"{source}: needs either {VALUE!r}, or close and any of open, high, low, volume; found {found}"
        )
    return bars or {"close": values[VALUE]}


def _repeated(stamps: Int64s, observed: Int64s) -> NDArray[np.bool_]:
    """Return where a publication of an observation stands that an earlier row has already."""
    order = np.lexsort((observed, stamps))
    again = np.zeros(len(stamps), dtype=np.bool_)
    again[order[1:]] = (np.diff(stamps[order]) == 0) & (np.diff(observed[order]) == 0)
    return again


def _refuse(source: str, stamps: Int64s, broken: NDArray[np.bool_], rule: str) -> None:
    if broken.any():
        row = int(broken.argmax())
        more = f" (and {int(broken.sum()) - 1} more rows)" if broken.sum() > 1 else ""
        raise InvalidBars(f"{source}: row {row}, known at {iso(stamps[row])}: {rule}{more}")
