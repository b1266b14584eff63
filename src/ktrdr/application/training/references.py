"""What a fit keeps for monitoring: what its model saw, said and promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.reference import Reference, RowLosses, Seen, reference_of
from ktrdr.domain.artifacts.sketch import MOST_ROWS
from ktrdr.domain.evaluation.importance import evenly_spaced
from ktrdr.domain.evaluation.losses import primary_loss
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.strategy.document import Strategy

if TYPE_CHECKING:
    from ktrdr.application.preparing.pool import Prepared
    from ktrdr.application.training.fits import Fitted


def reference_for(prepared: Prepared, fitted: Fitted, strategy: Strategy) -> Reference:
    """Return the reference of the shipped model, by the rows of the symbols that it was trained on.

    Of many train rows evenly spaced ones are forecast; of test rows nothing is kept but the mean loss and its error.
    """
    pool, split = prepared.pool, prepared.split
    loss = primary_loss(strategy.training["fitness_metrics.primary"], pool.target)

    def seen(rows: Int64s, forecast: Int64s) -> Seen:
        outputs = fitted.inference.outputs(fitted.shipped, pool.values, forecast)
        found = Outcomes.of(pool, forecast)
        losses = RowLosses(loss.rows(found.labels, outputs), found.known_at, found.label_end)
        return Seen(len(rows), pool.values[_few(rows)], outputs, losses)

    train, validation, test = (split.parts[name].rows for name in ("train", "validation", "test"))
    return reference_of(
        {"train": seen(train, _few(train)), "validation": seen(validation, validation)},
        seen(test, test).losses,
        pool.ids,
        pool.target.classes or ("prediction",),
        loss.name,
        np.random.default_rng(strategy.training["seed"]),
    )


def _few(rows: Int64s) -> Int64s:
    return rows if len(rows) <= MOST_ROWS else rows[evenly_spaced(len(rows), MOST_ROWS)]
