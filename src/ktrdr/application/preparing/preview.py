"""What a job would train on, as the dry run shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ktrdr.domain.labels.balance import Balance
from ktrdr.domain.market.bars import DataFingerprint
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import indicator_document, settings_document

_SERIES = ("symbol", "timeframe", "rows", "first", "last", "source")


@dataclass(frozen=True, slots=True)
class Preview:
    """What one job would train on.

    Attributes
    ----------
    strategy : Strategy
    features : tuple of str
        Ids in contract order.
    data : tuple of dict
        Series, rows and span of what was read.
    rows : dict
        Of one symbol base_bars, warmup_rows, unusable_rows, usable_rows, windowless_rows, labelled_rows; of all
        symbols of a pool usable_rows, unlabelled_rows, windowless_rows; and unsettled_rows: how many of the labelled
        ones still depend on where the bars begin.
    split : dict
        Rows, dates and purged rows of the parts; of a pool the rows of each symbol in them, too.
    notes, warnings : tuple of str
    balance : Balance or None
        Class shares before the test part, and advice where a class is rare; None for a pool.
    shares : mapping of symbol to mapping of class to float
        Of a pool the class shares of each symbol's train rows, so that nothing depends on later ones; empty for
        regression.
    """

    strategy: Strategy
    features: tuple[str, ...]
    data: tuple[dict[str, Any], ...]
    rows: dict[str, int]
    split: dict[str, Any]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    balance: Balance | None = None
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        strategy = self.strategy
        return {
            "name": strategy.name,
            "version": strategy.version,
            "indicators": {name: indicator_document(item) for name, item in strategy.indicators.items()},
            "fuzzy_sets": {name: item.reference.text for name, item in strategy.fuzzy_sets.items()},
            "features": list(self.features),
            "settings": settings_document(strategy),
            "data": list(self.data),
            "rows": self.rows,
            "split": self.split,
            "labels": {"by_symbol": self.shares} if self.balance is None else self.balance.as_dict(),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }


def series_read(loaded: Iterable[DataFingerprint]) -> tuple[dict[str, Any], ...]:
    """Return the series that were read as `Preview.data` has them."""
    return tuple({name: getattr(item, name) for name in _SERIES} for item in loaded)
