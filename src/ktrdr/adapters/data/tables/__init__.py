"""Tables out of files: one kind of file a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from ktrdr.adapters.data.tables.packed import PACKED, not_one_table, unpacked
from ktrdr.adapters.data.tables.table import Content, Loaded, Table
from ktrdr.domain.errors import InvalidInput, KtrdrError, in_one_line, shown

KINDS = {
    ".csv": ("csv", "CSV file", "ktrdr.adapters.data.tables.text:open_text"),
    ".txt": ("txt", "text file", "ktrdr.adapters.data.tables.text:open_text"),
    ".tsv": ("tsv", "text file", "ktrdr.adapters.data.tables.text:open_text"),
    ".json": ("json", "JSON file", "ktrdr.adapters.data.tables.json_rows:open_json"),
    ".feather": ("feather", "feather file", "ktrdr.adapters.data.tables.feather:open_feather"),
    ".arrow": ("arrow", "arrow file", "ktrdr.adapters.data.tables.feather:open_feather"),
    ".parquet": ("parquet", "parquet file", "ktrdr.adapters.data.tables.parquet:open_parquet"),
    ".xlsx": ("xlsx", "Excel file", "ktrdr.adapters.data.tables.excel:open_excel"),
}
"""Suffix to the name of the kind, what messages call it, and the function that opens it."""


def kind_of(path: Path) -> str:
    """Return what messages call a file of that name."""
    suffix = path.suffix.lower()
    return KINDS[suffix][1] if suffix in KINDS else PACKED.get(suffix, "file of bars")


def open_table(path: Path, words: Sequence[str] = ()) -> Table:
    """Return the table of a file; its columns are read once they are asked for.

    Parameters
    ----------
    path : Path
    words : sequence of str
        Names of columns, by which a header is known that nothing else tells.

    Raises
    ------
    InvalidInput
        If files of that kind are not read.
    InvalidBars
        If there is no table in it.
    Unavailable
        If it needs an extra that is not installed.
    """
    suffix = path.suffix.lower()
    if suffix not in PACKED:
        return _opener(suffix, path.name)(path, path.name, words)
    table = _the_one_of(unpacked(path), path.name, words)
    return replace(table, kind=f"{table.kind} in {suffix.removeprefix('.')}")


def _the_one_of(contents: dict[str, bytes], source: str, words: Sequence[str]) -> Table:
    """Return the one table among packed files, with a remark on those that are none.

    Raises
    ------
    InvalidBars
        If there are several, or none among several files.
    """

    def opened(name: str) -> Table:
        return _opener(Path(name).suffix.lower(), f"{source}: {name}")(contents[name], source, words)

    if len(contents) == 1:
        return opened(*contents)
    tables = {}
    for name in contents:
        with suppress(KtrdrError, ValueError):  # whatever a reader says of what is none
            tables[name] = opened(name)
    if len(tables) != 1:
        raise not_one_table(source, [*(tables or contents)])
    ((name, table),) = tables.items()
    others = [other for other in contents if other != name]
    said = f"{name} is read, and not {in_one_line(', '.join(others))} beside it in the archive"
    return replace(table, remarks=(*table.remarks, said))


def _opener(suffix: str, where: str) -> Callable[[Content, str, Sequence[str]], Table]:
    if suffix not in KINDS:
        raise InvalidInput(
            f"{where}: files of this kind ({shown(suffix)}) are not read (known: {', '.join((*KINDS, *PACKED))})"
        )
    kind, _, target = KINDS[suffix]
    module, _, function = target.partition(":")
    opener = getattr(import_module(module), function)

    def opened(content: Content, source: str, words: Sequence[str]) -> Table:
        table: Table = opener(content, source, words)
        return replace(table, kind=kind)

    return opened


__all__ = ["KINDS", "Loaded", "Table", "kind_of", "open_table"]
