"""Bars of a file of any kind."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ktrdr.adapters.data.bar_files import KINDS, split_name
from ktrdr.adapters.data.sources.csv import csv_span, read_csv
from ktrdr.adapters.data.sources.parquet import parquet_span, read_parquet
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated


class Span(NamedTuple):
    rows: int
    first: int
    last: int
    adjustment: str = ""


def read_bars(path: Path, stated: Stated) -> tuple[Bars, ...]:
    """Return the series of a file."""
    kind = split_name(path.name)[1]
    if kind not in {".csv", ".txt", ".parquet"}:
        raise InvalidInput(f"{path}: files of this kind are not read (known: {', '.join(KINDS)})")
    assert stated.symbol and stated.timeframe
    return ((read_parquet if kind == ".parquet" else read_csv)(path, stated.symbol, stated.timeframe),)


def span(path: Path, stated: Stated) -> Span:
    """Return what there is to list of a file."""
    return Span(*(parquet_span if split_name(path.name)[1] == ".parquet" else csv_span)(path))
