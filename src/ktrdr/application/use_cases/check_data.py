"""Check: what the rules of data quality find in the series that there are, and the verdict on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.quality import verdict_of
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import KtrdrError
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality.coverage import monthly_coverage
from ktrdr.domain.market.quality.finding import Finding
from ktrdr.domain.market.quality.judge import findings, pool_findings, symbol_findings
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.market.quality.together import PoolSymbol, shows_split
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol

_POINTS = 1_200


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A series small enough to be kept for a picture.

    Attributes
    ----------
    stamps, closes : ndarray, shape (n_points,)
        Stamps (UTC nanoseconds, ascending) and closes: of each stretch of bars the lowest and the highest.
    months, coverage : ndarray, shape (n_months,)
        See `monthly_coverage`.
    """

    stamps: Int64s
    closes: Floats
    months: Int64s
    coverage: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CheckedSeries:
    """One series, or one that cannot be read: what was found in it, and its picture."""

    info: SeriesInfo
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    sketch: Sketch | None = None

    @property
    def verdict(self) -> str:
        """``unreadable``, or see `verdict_of`."""
        return "unreadable" if self.problem else verdict_of(self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        found = [finding.as_dict() for finding in self.findings]
        problem = {"problem": self.problem} if self.problem else {}
        return {**self.info.as_dict(), "verdict": self.verdict, **problem, "findings": found}


@dataclass(frozen=True, slots=True, eq=False)
class QualityReport:
    """All series that were checked, and what is found in several of them together."""

    series: tuple[CheckedSeries, ...]
    together: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether anything is refused by the limits, or cannot be read."""
        return any(one.verdict in {"refused", "unreadable"} for one in self.series) or any(
            finding.refused for finding in self.together
        )

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        together = [finding.as_dict() for finding in self.together]
        return {"refused": self.refused, "series": [one.as_dict() for one in self.series], "together": together}


class CheckData:
    """Checks the series of symbols, one symbol after the other.

    Parameters
    ----------
    data : DataRepository
    limits : QualityLimits
    """

    def __init__(self, data: DataRepository, limits: QualityLimits = DEFAULT_LIMITS) -> None:
        self._data = data
        self._limits = limits

    def execute(self, symbols: Sequence[str] = ()) -> QualityReport:
        """Return the verdicts on all series of these symbols, or of every symbol that there is.

        Raises
        ------
        DataNotFound
            If there are no bars of a symbol.
        """
        there = self._data.series()
        for symbol in symbols:
            if not any(same_symbol(info.symbol, symbol) for info in there):
                raise missing_bars(str(self._data), there, symbol)
        wanted = [info for info in there if not symbols or any(same_symbol(info.symbol, name) for name in symbols)]
        checked: list[CheckedSeries] = []
        together: list[Finding] = []
        pool: dict[str, PoolSymbol] = {}
        for symbol in dict.fromkeys(info.symbol for info in wanted):
            own, found = self._symbol([info for info in wanted if info.symbol == symbol], pool)
            checked += own
            together += found
        return QualityReport(tuple(checked), (*together, *pool_findings(pool, self._limits)))

    def _symbol(
        self, infos: Sequence[SeriesInfo], pool: dict[str, PoolSymbol]
    ) -> tuple[list[CheckedSeries], tuple[Finding, ...]]:
        """Return the series of one symbol, and what is found in them together; note the symbol in the pool."""
        read: list[Bars] = []
        checked = list(self._each(infos, read))
        if read:
            facts = self._data.characteristics(infos[0].symbol)
            first, last = min(int(bars.stamps[0]) for bars in read), max(int(bars.stamps[-1]) for bars in read)
            split = any(shows_split(one.findings, infos[0].symbol) for one in checked)
            pool[infos[0].symbol] = PoolSymbol(facts.asset_class, facts.adjustment, first, last, split)
        return checked, symbol_findings(read, self._limits)

    def _each(self, infos: Sequence[SeriesInfo], read: list[Bars]) -> Iterator[CheckedSeries]:
        facts: SymbolCharacteristics | None = None
        for info in infos:
            try:
                if info.problem:
                    yield CheckedSeries(info, problem=info.problem)
                    continue
                bars = self._data.load(info.symbol, info.timeframe)
                facts = facts or self._data.characteristics(info.symbol)
                found = findings(bars, facts, self._limits)
            except KtrdrError as error:
                yield CheckedSeries(info, problem=str(error))
                continue
            read.append(bars)
            yield CheckedSeries(info, found, sketch=_sketch(bars))


def _sketch(bars: Bars) -> Sketch:
    months, coverage = monthly_coverage(bars)
    if len(bars) <= _POINTS:
        return Sketch(bars.stamps, bars.close, months, coverage)
    width = -(-len(bars) // (_POINTS // 2))
    whole = len(bars) // width * width
    blocks = bars.close[:whole].reshape(-1, width)
    starts = np.arange(0, whole, width)
    rows = np.unique(np.concatenate((starts + blocks.argmin(axis=1), starts + blocks.argmax(axis=1), [len(bars) - 1])))
    return Sketch(bars.stamps[rows], bars.close[rows], months, coverage)
