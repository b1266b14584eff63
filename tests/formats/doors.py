"""The two ways into the program: by import, and straight from a folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from expectations import Case, Found
from samples.command_line import Command

from ktrdr.domain.errors import KtrdrError
from ktrdr.entrypoints.container import make_container


def by_import(case: Case, folder: Path, ktrdr: Command) -> Found:
    """Import a file as a user would who says what the case says, and load what is kept."""
    kept = folder / "kept"
    kept.mkdir()
    _copy_catalogue(case, kept)
    typed = words({"out": kept, **case.stated})
    done = ktrdr("data", "import", case.path, "--yes", *typed)
    printed = done.stdout + done.stderr
    if done.code:
        return Found(done.code, printed, left=_left(kept))
    return loaded(case, kept, printed)


def straight(case: Case, folder: Path, ktrdr: Command) -> Found:
    """Load the series of a folder in which the file lies."""
    there = folder / "there"
    there.mkdir()
    _copy_catalogue(case, there)
    shutil.copy(case.path, there)
    done = ktrdr("data", "show", case.symbol, case.timeframe, "--data-dir", there)
    printed = done.stdout + done.stderr
    return Found(done.code, printed) if done.code else loaded(case, there, printed)


def loaded(case: Case, folder: Path, printed: str) -> Found:
    """Load the series of a case as training does."""
    data = make_container(data_dir=folder).data_repository()
    try:
        bars = data.load(case.symbol, case.timeframe)
        return Found(0, printed, bars, data.characteristics(case.symbol).calendar)
    except KtrdrError as error:
        return Found(1, f"{printed}\nis kept, and then: {error}", left=_left(folder))


def words(said: Mapping[str, Any]) -> list[str]:
    """Return the options in which a user says it."""
    typed: list[str] = []
    for name, value in said.items():
        text = ",".join(f"{role}={column}" for role, column in value.items()) if isinstance(value, dict) else str(value)
        typed += [f"--{name.replace('_', '-')}", *([] if value is True else [text])]
    return typed


def _copy_catalogue(case: Case, folder: Path) -> None:
    catalogue = case.path.with_name("symbols.yaml")
    if catalogue.exists():
        shutil.copy(catalogue, folder)


def _left(folder: Path) -> tuple[str, ...]:
    """Return what lies in a folder, but for the catalogue and locks."""
    names = (path.name for path in folder.iterdir())
    return tuple(sorted(name for name in names if name != "symbols.yaml" and not name.endswith(".lock")))
