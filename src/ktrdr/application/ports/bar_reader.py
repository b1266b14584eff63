"""The port through which bars come in from a file that somebody gives."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.reading import Stated

NOTHING_STATED = Stated()


class BarReader(Protocol):
    """Reads single files of bars, wherever they lie and whatever their names."""

    @abstractmethod
    def read(self, path: Path, stated: Stated = NOTHING_STATED) -> tuple[Bars, ...]:
        """Return the series of a file, without sessions; what nobody says of symbol and timeframe, its name must.

        What `facts` says of the zone of clock times counts where nobody states one.
        Bars carry what their source's own clock shows and how the file was understood, see `Bars`.

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
    def facts(self, path: Path, symbol: str) -> SymbolCharacteristics | None:
        """Return what is said of a symbol where bars are kept, else beside the file; None where nothing is.

        Raises
        ------
        InvalidInput, Unavailable
            If something wrong is said, or it cannot be read.
        """

    @abstractmethod
    def files(self, path: Path) -> tuple[Path, ...]:
        """Return the files that can be read in a folder, sorted; the path itself if it is a file.

        Raises
        ------
        DataNotFound
            If there is no such path, or the folder has no such files.
        """
