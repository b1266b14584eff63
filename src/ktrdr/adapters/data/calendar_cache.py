"""Calendars kept in the user's cache folder: building one takes longer than all else at start-up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from platformdirs import user_cache_path

from ktrdr.adapters.files.replacing import replacing
from ktrdr.domain.market.file_names import to_file_name
from ktrdr.domain.market.sessions import Sessions

_FORMAT = 2


def remembered(calendar: str, first_year: int, last_year: int, build: Callable[[], Sessions]) -> Sessions:
    """Return the sessions of a calendar from the cache, else build them and try to keep them.

    An entry belongs to one version of exchange_calendars. One that cannot be read is built again; a cache that cannot
    be written is done without.
    """
    built_by = version("exchange_calendars")
    name = f"{to_file_name(calendar)}-{first_year}-{last_year}-{built_by}-{_FORMAT}.npz"
    path = user_cache_path("ktrdr") / "calendars" / name
    kept = _read(path)
    if kept is not None:
        return kept
    sessions = build()
    with suppress(OSError):
        _write(path, sessions)
    return sessions


def _read(path: Path) -> Sessions | None:
    try:
        with np.load(path, allow_pickle=False) as entry:
            breaks = entry["breaks"] if len(entry["breaks"]) else None
            sessions = Sessions(entry["dates"], entry["opens"], entry["closes"], str(entry["time_zone"]), breaks=breaks)
    except (OSError, ValueError, KeyError, BadZipFile, EOFError):
        return None
    moments = (sessions.dates, sessions.opens, sessions.closes)
    whole = all(item.dtype == np.int64 and item.shape == (len(sessions.dates),) for item in moments)
    if breaks is not None:
        whole = whole and breaks.dtype == np.int64 and breaks.shape == (len(sessions.dates), 2)
    return sessions if whole and (np.diff(sessions.dates) > 0).all() else None


def _write(path: Path, sessions: Sessions) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        np.savez(
            file,
            dates=sessions.dates,
            opens=sessions.opens,
            closes=sessions.closes,
            time_zone=np.array(sessions.time_zone),
            breaks=np.empty(0) if sessions.breaks is None else sessions.breaks,
        )
