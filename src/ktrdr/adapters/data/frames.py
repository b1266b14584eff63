"""Bars out of a data frame, read as the file that it would make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from ktrdr.adapters.data.any_file import bars_of_table
from ktrdr.adapters.data.files import require_allowed
from ktrdr.adapters.data.tables.levels import levels_of
from ktrdr.adapters.data.tables.table import Loaded, Table
from ktrdr.domain.errors import InvalidBars, InvalidInput, in_one_line
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated

if TYPE_CHECKING:
    import pandas as pd

SOURCE = "DataFrame"
"""What messages, and the manifests of models, call where such bars come from."""


def read_frame(frame: pd.DataFrame, stated: Stated) -> Bars:
    """Return the bars of a frame, as `FileReader.read` does those of a Parquet file of it.

    Parameters
    ----------
    frame : pandas.DataFrame
        The time in a column or in the index.
    stated : Stated
        Its symbol and timeframe must be given; of several symbols in the frame it chooses one.

    Raises
    ------
    InvalidInput
        If it is no data frame, or what is stated of layout or columns names none.
    InvalidBars
        If there are no bars in it, values can be read in two ways or not at all, or bars break a rule of the gate.
    """
    (bars,) = bars_of_table(_table_of(frame), stated, SOURCE)
    require_allowed(bars, stated)
    return bars


def _table_of(frame: pd.DataFrame) -> Table:
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise InvalidInput(f"bars are made of a pandas DataFrame; found {type(frame).__name__}")
    try:
        table = pa.Table.from_pandas(frame)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise InvalidBars(f"{SOURCE}: its columns cannot be read: {in_one_line(error)}") from error
    names, tickers = levels_of(table.column_names)

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        return Loaded({place: table.column(place) for place in (*texts, *numbers)})

    return Table(SOURCE, names, len(names), load, tickers, types=table.schema.types)
