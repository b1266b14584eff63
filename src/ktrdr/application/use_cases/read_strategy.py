"""Read: from a strategy file and what the command line changes to an effective strategy, or to its problems."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.override import override
from ktrdr.domain.strategy.parse import parse, problems
from ktrdr.domain.strategy.problems import Problem


class ReadStrategy:
    """Reads strategy files.

    Parameters
    ----------
    read_document : callable
        Returns what the file at a path holds, as plain values.
    """

    def __init__(self, read_document: Callable[[Path], Any]) -> None:
        self._read_document = read_document

    def execute(
        self,
        path: str | Path,
        *,
        symbol: str | None = None,
        timeframe: str | None = None,
        start: str | None = None,
        end: str | None = None,
        **settings: Any,
    ) -> Strategy:
        """Return the effective strategy of a file.

        Parameters
        ----------
        path : str or Path
        symbol, timeframe, start, end : str, optional
            Replace what the file says.
        **settings
            Training settings that take precedence over the file (``epochs=1``, ``seed=3``); None counts as not given.

        Raises
        ------
        NotFound
            If there is no such file.
        InvalidStrategy
            With every problem found.
        """
        document = self._read_document(Path(path))
        effective = override(document, symbol=symbol, timeframe=timeframe, start=start, end=end)
        given = {name: value for name, value in settings.items() if value is not None}
        changes = {
            "training_data.symbols": symbol,
            "training_data.timeframes": timeframe,
            "training_data.timeframes.base_timeframe": timeframe,
            "training_data.start_date": start,
            "training_data.end_date": end,
        }
        overridden = [name for name, value in changes.items() if value is not None]
        return parse(effective, where=str(path), command_line=given, overridden=overridden)

    def problems(self, path: str | Path) -> tuple[Problem, ...]:
        """Return every error and warning of a file.

        Raises
        ------
        NotFound
            If there is no such file.
        """
        return problems(self._read_document(Path(path)))
