"""What a pooled job would train on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.application.pipeline import require_no_warnings
from ktrdr.application.pooling.gathering import PoolSources
from ktrdr.application.pooling.preparing import prepare_pool
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.render import indicator_document, settings_document
from ktrdr.domain.training.plan import TrainingJob


@dataclass(frozen=True, slots=True)
class PoolPreview:
    """What one pooled model would be trained on.

    Attributes
    ----------
    strategy : Strategy
    features : tuple of str
        Ids in contract order.
    data : tuple of dict
        Series, rows and span of what was read.
    rows : dict
        usable_rows, unlabelled_rows, windowless_rows and unsettled_rows of all symbols.
    split : dict
        Rows, dates and purged rows of the parts, and the rows of each symbol in them.
    shares : mapping of symbol to mapping of class to float
        Class shares of each symbol's train rows, so that nothing depends on later ones; empty for regression.
    notes, warnings : tuple of str
    """

    strategy: Strategy
    features: tuple[str, ...]
    data: tuple[dict[str, Any], ...]
    rows: dict[str, int]
    split: dict[str, Any]
    shares: dict[str, dict[str, float]]
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

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
            "labels": {"by_symbol": self.shares},
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }


def preview_pool(job: TrainingJob, sources: PoolSources) -> PoolPreview:
    """Prepare a pooled job and report on it.

    Raises
    ------
    InvalidInput, DataNotFound
        As training would.
    """
    strategy, request = job.strategy, job.request
    prepared = prepare_pool(sources, strategy, job.symbols, request.hold_out, request.leave_out)
    require_no_warnings(prepared.warnings, request.strict)
    pool, split, members = prepared.pool, prepared.split, prepared.members.values()
    loaded = dict.fromkeys(item for member in members for item in member.loaded)
    series = ("symbol", "timeframe", "rows", "first", "last", "source")
    counts = {f"{name}_rows": sum(getattr(one, name) for one in members) for name in ("unlabelled", "windowless")}
    shares = {}
    if pool.target.is_classification:
        for symbol in split.seen:
            labels = pool.labels_of(split.own(pool, symbol, "train")).astype(np.int64)
            shares[symbol] = class_shares(labels, pool.target.classes)
    return PoolPreview(
        strategy,
        tuple(feature.id for feature in prepared.features),
        tuple({name: getattr(item, name) for name in series} for item in loaded),
        {"usable_rows": len(pool), **counts, "unsettled_rows": sum(one.unsettled for one in members)},
        split.report(),
        shares,
        prepared.notes,
        prepared.warnings,
    )
