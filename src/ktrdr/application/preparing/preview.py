"""What a job would train on, as the dry run shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.labelling import label_balance
from ktrdr.application.preparing.members import Member
from ktrdr.application.preparing.pool import Prepared, prepare
from ktrdr.application.preparing.quality import quality_document, require_accepted
from ktrdr.application.preparing.rows import require_no_warnings
from ktrdr.domain.evaluation.episodes import episodes_of
from ktrdr.domain.labels.balance import Balance
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import render, settings_document
from ktrdr.domain.training.plan import TrainingJob

_ROWS = (
    "base_bars",
    "warmup_rows",
    "unusable_rows",
    "usable_rows",
    "windowless_rows",
    "labelled_rows",
    "unsettled_rows",
)
_ROWS_OF_A_POOL = ("usable_rows", "unlabelled_rows", "windowless_rows", "unsettled_rows")
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
    episodes : mapping of part to mapping of class to int
        See `episodes_of`; empty where the classes do not last.
    quality : mapping
        What the manifest would keep of the bars' quality; see `quality_document`.
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
    quality: Mapping[str, Any] = field(default_factory=dict)
    episodes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Any]:
        """The indicators, and the series that are read besides the bars, as the strategy written out has them."""
        document = render(self.strategy)
        return {name: document.get(name, empty) for name, empty in (("indicators", {}), ("context_data", []))}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        strategy = self.strategy
        return {
            "name": strategy.name,
            "version": strategy.version,
            **self.inputs,
            "fuzzy_sets": {name: item.reference.text for name, item in strategy.fuzzy_sets.items()},
            "features": list(self.features),
            "settings": settings_document(strategy),
            "data": list(self.data),
            "rows": self.rows,
            "split": self.split,
            "labels": {"by_symbol": self.shares} if self.balance is None else self.balance.as_dict(),
            **({"episodes": dict(self.episodes)} if self.episodes else {}),
            "quality": dict(self.quality),
            "notes": list(self.notes),
            "warnings": list(self.warnings),
        }


def preview(job: TrainingJob, sources: PoolSources) -> Preview:
    """Prepare a job and report on it.

    Raises
    ------
    InvalidInput, DataNotFound
        As training would.
    """
    strategy = job.strategy
    prepared = prepare(sources, job)
    require_accepted(prepared.quality, job.request.accept_quality)
    require_no_warnings(prepared.warnings, job.request.strict)
    pool, split, only = prepared.pool, prepared.split, prepared.only
    report = split.report() | ({"symbols": split.counts(pool.blocks)} if job.pooled else {})
    report |= {"steps": prepared.step_splits()} if prepared.steps else {}
    balance = None
    if only is not None and not job.pooled:
        balance = label_balance(only.labels, only.market.base_bars, strategy, split.cuts[1])
    return Preview(
        strategy,
        tuple(feature.id for feature in prepared.features),
        _series_read(prepared.members),
        {name: prepared.total(name) for name in (_ROWS_OF_A_POOL if job.pooled else _ROWS)},
        report,
        prepared.notes,
        prepared.warnings,
        balance,
        _train_shares(prepared) if job.pooled and pool.target.is_classification else {},
        quality_document(prepared.quality, job.request.accept_quality),
        episodes_of(strategy.labels, pool, split),
    )


def _series_read(members: Mapping[str, Member]) -> tuple[dict[str, Any], ...]:
    loaded = dict.fromkeys(item for member in members.values() for item in member.loaded)
    return tuple({name: getattr(item, name) for name in _SERIES} for item in loaded)


def _train_shares(prepared: Prepared) -> dict[str, Mapping[str, float]]:
    pool = prepared.pool
    labels = {symbol: pool.labels_of(prepared.own(symbol, "train")).astype(np.int64) for symbol in prepared.seen}
    return {symbol: class_shares(values, pool.target.classes) for symbol, values in labels.items()}
