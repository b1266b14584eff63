"""Step 3, shared by the use cases: the labels of one symbol's base bars, and whether they can be learnt."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.market_data import MarketData, span_of
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.labels.balance import Balance, balance
from ktrdr.domain.labels.labelers import label, other_symbol
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy

log = logging.getLogger(__name__)


def make_labels(data: DataRepository, strategy: Strategy, market: MarketData) -> tuple[LabelSet, tuple[Bars, ...]]:
    """Label the base bars.

    Returns
    -------
    LabelSet
    tuple of Bars
        What was read besides the market's bars: the other symbol that the labels name, where the repository has it.

    Raises
    ------
    InvalidBars
        See `label` and `DataRepository.load`.
    """
    labels = strategy.labels
    extra = load_other(data, strategy, market)
    found = label(market.base_bars, labels.source, labels.parameters, extra)
    log.info("labels", extra={"source": labels.source, "labelled": int(found.defined.sum())})
    return found, tuple(extra.values())


def load_other(data: DataRepository, strategy: Strategy, market: MarketData) -> dict[str, Bars]:
    """Return the bars of the other symbol that the labels name: of the base timeframe, else of the finest there is.

    Empty where they name none, or the repository has none of it in the span.
    """
    name = other_symbol(strategy.labels.source, strategy.labels.parameters)
    there = [] if name is None else [str(info.timeframe) for info in data.series(name) if info.rows]
    if name is None or not there:
        return {}
    timeframe = market.base if market.base in there else there[0]
    try:
        return {name: data.load(name, Timeframe(timeframe), *span_of(strategy.training_data))}
    except DataNotFound:
        return {}


def step_labels(
    strategy: Strategy, market: MarketData, others: Iterable[Bars], steps: Iterable[int]
) -> dict[int, LabelSet]:
    """Return the labels that look so many bars ahead, by that number."""
    labels, extra = strategy.labels, {bars.symbol: bars for bars in others}
    name = find_label(labels.source, labels.parameters.get("method")).step
    return {step: label(market.base_bars, labels.source, {**labels.parameters, name: step}, extra) for step in steps}


@contextmanager
def naming_scarcity(reasons: Iterable[str]) -> Iterator[None]:
    """Add to a complaint, such as of too few labelled rows, why there are not more; see `LabelSet.scarcity`."""
    try:
        yield
    except InvalidInput as error:
        known = dict.fromkeys(filter(None, reasons))
        raise InvalidInput("; ".join((str(error), *known))) from error


def label_balance(labels: LabelSet, bars: Bars, strategy: Strategy, test_from: int) -> Balance:
    """Return how the labels are spread before the test part, so that no advice depends on that part.

    Parameters
    ----------
    labels : LabelSet
    bars : Bars
        The base bars.
    strategy : Strategy
    test_from : int
        Moment at which the test part begins (UTC nanoseconds).
    """
    row = int(np.searchsorted(bars.known_at, test_from))
    seen = labels.until(row), bars.take(slice(0, row))
    found = balance(*seen, strategy.labels.source, strategy.labels.parameters)
    return replace(found, scope="bars before the test part")
