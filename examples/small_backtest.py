"""A small backtesting program that embeds ktrdr: its own bars, a model found with fallback, one bar after the other.

Run it where models of the strategy lie, with CSV files of daily bars (timestamp, open, high, low, close, volume)::

    python examples/small_backtest.py neuro_mean_reversion MINE 2023-01-01 bars/
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from dependency_injector import providers

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo, missing_bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.entrypoints.container import Container, make_container

DAY = Timeframe("1d")


class FrameRepository(DataRepository):
    """Daily bars of stocks from data frames, as another program may have them."""

    def __init__(self, frames: Mapping[str, pd.DataFrame]) -> None:
        self._bars = {symbol: Bars.from_frame(frame, symbol, DAY, source="frame") for symbol, frame in frames.items()}

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        wanted = sorted(name for name in self._bars if symbol in (None, name))
        return tuple(self._info(self._bars[name]) for name in wanted)

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        bars = self._known(symbol).between(start, end) if timeframe == DAY and symbol in self._bars else None
        if bars is None or not len(bars):
            raise missing_bars("frames", self.series(), symbol, timeframe, start, end)
        return bars

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        self._known(symbol)
        return SymbolCharacteristics(symbol, "stock", "XNYS", "XNYS", "America/New_York")

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; there is none."""
        raise missing_context(source.provider, source.name)

    def _known(self, symbol: str) -> Bars:
        if symbol not in self._bars:
            raise missing_bars("frames", self.series(), symbol)
        return self._bars[symbol]

    @staticmethod
    def _info(bars: Bars) -> SeriesInfo:
        return SeriesInfo(bars.symbol, DAY, len(bars), int(bars.stamps[0]), int(bars.stamps[-1]), bars.source)


@dataclass(frozen=True)
class Outcome:
    """Which model decided and why, its position after each bar, and the equity of one unit of capital."""

    model: str
    reason: str
    course: pd.DataFrame


def backtest(container: Container, strategy: str, symbol: str, start: str) -> Outcome:
    """Decide at each close from `start` on, fill at the next open, without costs."""
    request = PredictorRequest(strategy, symbol, timeframe="1d", as_of=start, known_until=start)
    predictor = container.open_predictor().execute(request)
    bars = container.data_repository().load(symbol, DAY, start=pd.Timestamp(start, tz="UTC").value)
    equity, held, rows = 1.0, 0, []
    for row in range(len(bars)):
        if row:
            held_overnight = held * (bars.open[row] / bars.close[row - 1] - 1)
            held = predictor.position  # what was decided at the last close is filled at this open
            equity *= 1 + held_overnight + held * (bars.close[row] / bars.open[row] - 1)
        decision = predictor.update("1d", Bar.of(bars, row))
        rows.append((pd.Timestamp(bars.stamps[row], tz="UTC"), decision.action, decision.position, equity))
    course = pd.DataFrame(rows, columns=["timestamp", "action", "position", "equity"])
    return Outcome(predictor.live.reference, predictor.live.reason, course)


def main(strategy: str, symbol: str, start: str, folder: str) -> None:
    """Read every CSV file of a folder, and print what the strategy would have earned on one symbol."""
    files = {path.stem: pd.read_csv(path, parse_dates=["timestamp"]) for path in Path(folder).glob("*.csv")}
    for frame in files.values():
        frame["timestamp"] = pd.to_datetime(frame["timestamp"], utc=True)
    container = make_container()
    container.data_repository.override(providers.Object(FrameRepository(files)))
    outcome = backtest(container, strategy, symbol, start)
    print(f"{outcome.model}: {outcome.reason}")
    print(outcome.course.tail())


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: small_backtest.py STRATEGY SYMBOL START FOLDER")
    main(*sys.argv[1:])
