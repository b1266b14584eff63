"""The port through which bars come in from a file that somebody gives."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe


class BarReader(Protocol):
    """Reads single files of bars, wherever they lie and whatever their names."""

    @abstractmethod
    def read(self, path: Path, symbol: str | None = None, timeframe: Timeframe | None = None) -> Bars:
        """Return the bars of a file; symbol and timeframe come from its name where they are not given.

        Raises
        ------
        DataNotFound
            If there is no such file.
        InvalidInput
            If the name says no symbol or timeframe and none is given, or files of that kind are not read.
        InvalidBars
            If the bars break a rule of the gate; the message names file, row, time and rule.
        Unavailable
            If the file cannot be read.
        """

    @abstractmethod
    def files(self, path: Path) -> tuple[Path, ...]:
        """Return the files that can be read in a folder, sorted; the path itself if it is a file.

        Raises
        ------
        DataNotFound
            If there is no such path, or the folder has no such files.
        """
