"""Read: from a strategy file and what the command line changes to an effective strategy, or to its problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.problems import InvalidStrategy, Problem, with_lines
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.reading.quality import with_limits
from ktrdr.domain.strategy.varying.for_symbol import SECTION
from ktrdr.domain.strategy.varying.override import override


class ReadStrategy:
    """Reads strategy files.

    Parameters
    ----------
    read_document : callable
        Returns what the file at a path holds, as plain values.
    find_lines : callable
        Returns the line of each dotted path of a file.
    quality : QualityLimits
        Limits of data quality for what a strategy does not say.
    """

    def __init__(
        self,
        read_document: Callable[[Path], Any],
        find_lines: Callable[[Path], Mapping[str, int]] = lambda _: {},
        quality: QualityLimits = DEFAULT_LIMITS,
    ) -> None:
        self._read_document = read_document
        self._find_lines = find_lines
        self._quality = quality

    def execute(
        self,
        path: str | Path,
        *,
        symbol: str | None = None,
        symbols: Sequence[str] | Literal["all"] | None = None,
        timeframe: str | None = None,
        start: str | None = None,
        end: str | None = None,
        symbol_configs: str | Path | None = None,
        **settings: Any,
    ) -> Strategy:
        """Return the effective strategy of a file.

        Parameters
        ----------
        path : str or Path
        symbol, timeframe, start, end : str, optional
            Replace what the file says.
        symbols : sequence of str, or ``all``, optional
            Likewise, where `symbol` is not given; ``all`` are those that there are, and that meet the file's selection
            criteria.
        symbol_configs : str or Path, optional
            A file that takes the place of the section ``symbol_overrides``.
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
        others = None if symbol_configs is None else self._read_document(Path(symbol_configs)) or {}
        effective = override(
            document,
            symbol=symbol,
            symbols=symbols,
            timeframe=timeframe,
            start=start,
            end=end,
            symbol_overrides=others,
        )
        given = {name: value for name, value in settings.items() if value is not None}
        changes = {
            "training_data.symbols": ("--symbols", symbols) if symbol is None else ("--symbol", symbol),
            "training_data.timeframes": ("--timeframe", timeframe),
            "training_data.timeframes.base_timeframe": ("--timeframe", timeframe),
            "training_data.start_date": ("--start-date", start),
            "training_data.end_date": ("--end-date", end),
            SECTION: (f"--symbol-configs {symbol_configs}", others),
        }
        overridden = {name: option for name, (option, value) in changes.items() if value is not None}
        try:
            strategy = parse(effective, where=str(path), command_line=given, overridden=overridden)
        except InvalidStrategy as error:
            raise InvalidStrategy(self._located(path, error.problems, symbol_configs), str(path)) from error
        strategy = replace(strategy, warnings=self._located(path, strategy.warnings, symbol_configs))
        return with_limits(strategy, self._quality, "ktrdr.toml")

    def _located(
        self, path: str | Path, found: tuple[Problem, ...], configs: str | Path | None = None
    ) -> tuple[Problem, ...]:
        """Return the problems, each with its line; those of the symbol configs with the name of that file, too."""
        own = tuple(problem for problem in found if configs is None or not problem.path.startswith(SECTION))
        located = with_lines(own, self._find_lines(Path(path))) if own else ()
        beside = [replace(problem, file=str(configs)) for problem in found if problem not in own]
        if not beside:
            return located
        lines = {f"{SECTION}.{name}": line for name, line in self._find_lines(Path(str(configs))).items()}
        return (*located, *with_lines(beside, lines))
