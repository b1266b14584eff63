"""An adapter for bt (https://pmorissette.github.io/bt, MIT): a ktrdr model as one of its algos.

bt fills at the prices that it is given on the date of a decision. It is therefore given opens: on each date the model
has seen the bars before, and what it decided at the last close is filled at that date's open.
"""

from __future__ import annotations

import bt
import pandas as pd

from ktrdr.application.serving.predictor import Predictor
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars


class ModelPosition(bt.Algo):
    """Weighs the symbol by the position that a predictor holds: 1 long, -1 short, 0 flat.

    Parameters
    ----------
    predictor : Predictor
        It has seen the bars before the first date.
    bars : Bars
        Those to come, in the predictor's only timeframe.
    """

    def __init__(self, predictor: Predictor, bars: Bars) -> None:
        super().__init__()
        self._predictor = predictor
        self._bars = bars
        self._next = 0

    def __call__(self, target: bt.Strategy) -> bool:
        """Feed the bars before this date, and wish for the position after them."""
        today = pd.Timestamp(target.now, tz="UTC").value
        while self._next < len(self._bars) and self._bars.stamps[self._next] < today:
            self._predictor.update(self._predictor.base_timeframe, Bar.of(self._bars, self._next))
            self._next += 1
        target.temp["weights"] = {self._predictor.symbol: float(self._predictor.position)}
        return True


def run(predictor: Predictor, bars: Bars, capital: float = 1_000_000.0) -> bt.backtest.Result:
    """Return bt's result over these bars, which the predictor has not seen yet."""
    dates = pd.to_datetime(bars.stamps)
    opens = pd.DataFrame({predictor.symbol: bars.open}, index=dates)
    strategy = bt.Strategy("ktrdr", [ModelPosition(predictor, bars), bt.algos.Rebalance()])
    return bt.run(bt.Backtest(strategy, opens, initial_capital=capital, integer_positions=False, progress_bar=False))
