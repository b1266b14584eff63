"""Tables out of files: one kind of file a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from ktrdr.adapters.data.tables.packed import PACKED, is_note, not_one_table, unpacked
from ktrdr.adapters.data.tables.table import Content, Loaded, Table
from ktrdr.domain.errors import InvalidInput, KtrdrError, in_one_line, shown

_SHOWN = 200
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
    """Return the one table among packed files; notes that are no tables are left, and named in its remarks.

    Raises
    ------
    InvalidBars
        If there are several.
    """

    def opened(name: str) -> Table:
        return _opener(Path(name).suffix.lower(), f"{source}: {name}")(contents[name], source, words)

    def is_table(name: str) -> bool:
        with suppress(KtrdrError):
            opened(name)
            return True
        return False

    tables = [name for name in contents if not is_note(name) or is_table(name)] or [*contents]
    if len(tables) != 1:
        raise not_one_table(source, tables)
    table, notes = opened(*tables), in_one_line(", ".join(name for name in contents if name not in tables), _SHOWN)
    said = (f"{notes} beside {tables[0]} in the archive is not read",) if notes else ()
    return replace(table, remarks=(*table.remarks, *said))


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
