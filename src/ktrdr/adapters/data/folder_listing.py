"""What a folder of bars holds, by the names in it; no file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from ktrdr.adapters.data.bar_files import name_of, split_name, why_not_taken
from ktrdr.adapters.data.reading import reading_folder
from ktrdr.domain.market.characteristics import CATALOGUE_NAME
from ktrdr.domain.market.series import NotTaken
from ktrdr.domain.market.timeframe import Timeframe

KEPT = ".parquet"
"""The kind that is kept by import; of files of one series, one of this kind is preferred."""
_OTHERS = (CATALOGUE_NAME, "context")


class BarFile(NamedTuple):
    """The file of one series, and what its name says.

    `rivals` has further ones of equal rank, of which nobody can tell which counts; `passed_over` those that it is
    preferred to.
    """

    path: Path
    symbol: str
    timeframe: Timeframe
    rivals: tuple[Path, ...] = ()
    passed_over: tuple[Path, ...] = ()


class Listing(NamedTuple):
    """The series of a folder, in the order of their names, and the entries that hold none."""

    files: tuple[BarFile, ...]
    not_taken: tuple[NotTaken, ...]


def listing_of(folder: Path) -> Listing:
    """Return what a folder holds; its catalogue, its context series and hidden files are nobody's bars.

    Raises
    ------
    DataNotFound, Unavailable
        If there is no such folder, or it cannot be read.
    """
    with reading_folder(folder), os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if not _is_other(entry.name))
    series: dict[tuple[str, Timeframe], list[tuple[Path, str]]] = {}
    odd: list[NotTaken] = []
    for name in names:
        path = folder / name
        said = name_of(path)
        if said is None:
            folder_too = os.path.isdir(path)  # noqa: PTH112 - answers for every path
            odd.append(NotTaken(name, "is a folder" if folder_too else why_not_taken(name)))
        else:
            series.setdefault((said[0].removeprefix("^"), said[1]), []).append((path, said[0]))
    files = tuple(_chosen(paths, timeframe) for (_, timeframe), paths in series.items())
    return Listing(files, tuple(sorted((*odd, *_superseded(files)))))


def not_taken(folder: Path | None) -> tuple[NotTaken, ...]:
    """Return the entries of a folder that are not taken for bars, and why; none without a folder."""
    return () if folder is None else listing_of(folder).not_taken


def _is_other(name: str) -> bool:
    return name.startswith(".") or name in _OTHERS


def _chosen(paths: list[tuple[Path, str]], timeframe: Timeframe) -> BarFile:
    if len(paths) == 1:
        return BarFile(*paths[0], timeframe)
    kept = [one for one in paths if split_name(one[0].name)[1] == KEPT]
    first, *rivals = kept or paths
    passed_over = [one for one in paths if kept and one not in kept]
    return BarFile(*first, timeframe, tuple(path for path, _ in rivals), tuple(path for path, _ in passed_over))


def _superseded(files: Iterable[BarFile]) -> Iterator[NotTaken]:
    for file in files:
        for path in file.passed_over:
            yield NotTaken(path.name, f"{file.path.name} holds this series, and is preferred{_newer(path, file.path)}")


def _newer(path: Path, than: Path) -> str:
    try:
        later = path.lstat().st_mtime_ns > than.lstat().st_mtime_ns
    except OSError:
        return ""
    return "; this one is newer: import it, with --append or --replace" if later else ""
