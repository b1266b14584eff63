"""Show labels: what a strategy asks a model to foresee, on real bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.labelling import label_balance, make_labels
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.preparing.own_strategy import override_notes, own_strategy
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.labels.balance import Balance
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.run_lengths import run_lengths
from ktrdr.domain.labels.signs import as_classes
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.plan import plan_one_symbol
from ktrdr.domain.training.request import TrainingRequest


@dataclass(frozen=True, slots=True, eq=False)
class LabelView:
    """The labels of one symbol's base bars.

    Attributes
    ----------
    strategy : Strategy
    bars : Bars
    labels : LabelSet
    shares : mapping of name to float
        Share of each class, or of each sign of a regression, among all labels (fractions).
    balance : Balance
        Shares and advice from the bars before the test part, so that no choice depends on that part.
    mean_runs : mapping of name to float
        Bars in a row that share a class, or a sign, on average.
    mean_span, longest_span : float and int
        Bars that labels look ahead; 0 where there are no labels.
    notes : tuple of str
    """

    strategy: Strategy
    bars: Bars
    labels: LabelSet
    shares: dict[str, float]
    balance: Balance
    mean_runs: dict[str, float]
    mean_span: float
    longest_span: int
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        target = self.labels.target
        actions = dict(zip(target.classes, target.actions, strict=False)) if target.is_classification else {}
        return {
            "name": self.strategy.name,
            "symbol": self.bars.symbol,
            "timeframe": str(self.bars.timeframe),
            "source": self.strategy.labels.source,
            "parameters": dict(self.strategy.labels.parameters),
            "kind": target.kind,
            "unit": target.unit,
            "classes": {
                name: {"share": share, "mean_run": self.mean_runs[name], "action": actions.get(name)}
                for name, share in self.shares.items()
            },
            "horizon": self.labels.horizon_bars,
            "mean_span": self.mean_span,
            "longest_span": self.longest_span,
            "balance": self.balance.as_dict(),
        }


class ShowLabels:
    """Labels the base bars as training does."""

    def __init__(self, data: DataRepository) -> None:
        self._data = data

    def execute(self, request: TrainingRequest) -> LabelView:
        """Return the labels of the request's one symbol.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would.
        """
        job = plan_one_symbol(with_selected_symbols(self._data, request))
        strategy = own_strategy(self._data, job.strategy, job.symbol)
        market = gather(self._data, strategy.training_data, job.symbols[0], limits=strategy.quality)
        bars = market.base_bars
        labels, _ = make_labels(self._data, strategy, market)
        classes = as_classes(labels)
        spans = (labels.end_rows - np.arange(len(bars)))[labels.defined]
        mean, longest = (float(spans.mean()), int(spans.max())) if len(spans) else (0.0, 0)
        found = label_balance(labels, bars, strategy, _test_from(labels, bars, strategy))
        notes = (*market.said, *override_notes(strategy, job.symbol), *labels.notes)
        return LabelView(
            strategy, bars, labels, classes.class_shares(), found, run_lengths(classes), mean, longest, notes
        )


def _test_from(labels: LabelSet, bars: Bars, strategy: Strategy) -> int:
    """Return about when the test part begins: the split counts the labelled bars, and features cost a few more."""
    rows = np.flatnonzero(labels.defined)
    first = round(len(rows) * (strategy.split.train + strategy.split.validation))
    return int(bars.known_at[rows[first] if first < len(rows) else -1])
