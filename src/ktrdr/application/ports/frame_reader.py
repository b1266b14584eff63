"""The port through which bars come in from a data frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated

if TYPE_CHECKING:
    import pandas as pd

ReadFrame: TypeAlias = "Callable[[pd.DataFrame, Stated], Bars]"
"""Returns the bars of a frame, without sessions, as `BarReader.read` does those of a file of one series."""
