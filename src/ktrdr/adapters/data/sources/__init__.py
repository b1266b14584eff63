"""Where bars come from: one file a source, one line a source here."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.application.preparing.sessioned import SessionedRepository

SOURCES = {
    "folder": "ktrdr.adapters.data.sources.folder:FolderSource",
    "sample": "ktrdr.adapters.data.sources.sample:SampleSource",
    "simulated": "ktrdr.adapters.data.sources.simulated:SimulatedSource",
}
"""Name of a source to the class that lists and reads its bars."""


def repository_of(name: str, *arguments: Any, **options: Any) -> SessionedRepository:
    """Return the repository of a source, by its name in `SOURCES` and what its class is made of."""
    module, _, kind = SOURCES[name].partition(":")
    return SessionedRepository(getattr(import_module(module), kind)(*arguments, **options), sessions_for)
