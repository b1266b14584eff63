"""Plot sets: how a strategy's fuzzy sets lie over the values that their indicators really take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.own_strategy import own_strategy
from ktrdr.application.preparing.pool import prepare
from ktrdr.application.preparing.raw_values import raw_values, used_on
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.set_use import SetUse, measure_use
from ktrdr.domain.strategy.document import FuzzySet, Strategy
from ktrdr.domain.training.plan import plan_one_symbol
from ktrdr.domain.training.request import TrainingRequest


@dataclass(frozen=True, slots=True, eq=False)
class SetPlot:
    """One fuzzy set over one timeframe.

    Attributes
    ----------
    name, timeframe : str
    fuzzy_set : FuzzySet
    values : ndarray of float32, shape (n_rows,)
        The indicator on the rows that training would use; finite.
    use : SetUse
    fed : bool
        Whether ``nn_inputs`` names the set; else it is shown on the base timeframe.
    """

    name: str
    timeframe: str
    fuzzy_set: FuzzySet
    values: Float32s
    use: SetUse
    fed: bool

    def sentences(self) -> tuple[str, ...]:
        """Return what should be said of the set, one sentence each; empty where all is well."""
        where = f"{self.name} on {self.timeframe}"
        lines = [] if self.fed else [f"{where}: nn_inputs does not name this set, so no model sees it"]
        if self.use.uncovered:
            lines.append(f"{where}: every membership is 0 on {self.use.uncovered:.2%} of the rows")
        dead = [item.name for item in self.use.memberships if item.dead]
        constant = [item.name for item in self.use.memberships if item.constant]
        lines += [f"{where}: {name} is dead: it is 0 on every row" for name in dead]
        lines += [f"{where}: {name} is the same on every row" for name in constant]
        return tuple(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        quantiles = np.quantile(self.values.astype(np.float64), [0, 0.05, 0.5, 0.95, 1])
        return {
            "set": self.name,
            "timeframe": self.timeframe,
            "indicator": self.fuzzy_set.reference.text,
            "rows": self.use.rows,
            "values": dict(zip(("min", "q05", "median", "q95", "max"), map(float, quantiles), strict=True)),
            "uncovered": self.use.uncovered,
            "fed": self.fed,
            "memberships": [
                {"name": item.name, "type": item.type, "parameters": list(item.parameters)}
                | {"mean": item.mean, "highest": item.highest, "strongest": item.strongest}
                | {"dead": item.dead, "constant": item.constant}
                for item in self.use.memberships
            ],
        }


@dataclass(frozen=True, slots=True, eq=False)
class SetPlots:
    """All sets of a strategy on one symbol, in the order of the document, timeframes in contract order."""

    strategy: Strategy
    symbol: str
    first: int
    last: int
    plots: tuple[SetPlot, ...]
    notes: tuple[str, ...]


class PlotSets:
    """Measures every fuzzy set through the same steps as training."""

    def __init__(self, data: DataRepository, features: FeatureEngineer) -> None:
        self._data = data
        self._features = features

    def execute(self, request: TrainingRequest) -> SetPlots:
        """Return the sets of the request's one symbol.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would.
        """
        job = plan_one_symbol(with_selected_symbols(self._data, request))
        strategy = own_strategy(self._data, job.strategy, job.symbol)
        if not strategy.fuzzy_sets:
            raise InvalidInput("the strategy has no fuzzy sets: there is nothing to draw")
        prepared = prepare(PoolSources(self._data, self._features), job)
        matrix, plots = prepared.pool.matrix_of(job.symbol), []
        for name, fuzzy_set in strategy.fuzzy_sets.items():
            timeframes = used_on(strategy, name)
            if not timeframes and strategy.indicators[fuzzy_set.reference.indicator].data_source:
                continue  # nobody asked for that series, so it was not read
            for timeframe in timeframes or (strategy.training_data.timeframes.base,):
                everywhere = raw_values(self._features, strategy, fuzzy_set.reference, timeframe, prepared.market)
                values = everywhere[matrix.base_rows]
                values = values[np.isfinite(values)]
                if len(values):
                    use = measure_use(fuzzy_set.memberships, values)
                    plots.append(SetPlot(name, timeframe, fuzzy_set, values, use, bool(timeframes)))
        span = int(matrix.stamps[0]), int(matrix.stamps[-1])
        return SetPlots(strategy, job.symbols[0], *span, tuple(plots), prepared.notes)
