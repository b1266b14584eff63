"""What each group of inputs adds to what the shipped model says, over test rows that have been judged."""

from __future__ import annotations

from typing import Any

import numpy as np

from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import Fitted
from ktrdr.domain.evaluation.explaining.explain import BACKGROUND, Explained, Subject, explain, has_own_way
from ktrdr.domain.evaluation.explaining.group_importance import block_means, spread_rows
from ktrdr.domain.evaluation.explaining.grouping import grouped
from ktrdr.domain.evaluation.explaining.naming import column_meanings
from ktrdr.domain.evaluation.explaining.stability import rank_intervals
from ktrdr.domain.evaluation.importance import evenly_spaced
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.strategy.document import Strategy

EXPLAINED_ROWS = 300
_LEAST_ROWS, _DRAWS = 25, 8
_READ_ROWS, _ASKED_ROWS = 6_000, 300_000
_COMPARED = 5_000


def contributions_of(prepared: Prepared, fitted: Fitted, strategy: Strategy) -> dict[str, Any]:
    """Return plain values for ``feature_importance.json``: contributions by group of evenly spaced test rows.

    Of a model that reads long windows, or has to be asked many times a row, fewer rows are taken, and the entry says
    how many.
    """
    pool, train, test = prepared.pool, prepared.split.train, prepared.split.test
    names = [one.indicator for one in column_meanings(strategy, prepared.features)]
    compared = pool.values[train[evenly_spaced(len(train), min(len(train), _COMPARED))]]
    groups = grouped(names, compared)
    usual = train[evenly_spaced(len(train), min(len(train), BACKGROUND))]
    plan = fuzzified(prepared.features)
    column_of = np.array([item.column for item in plan] if plan else range(len(pool.ids)), dtype=np.int64)
    seed = int(strategy.training["seed"])
    subject = Subject(fitted.shipped, fitted.inference, pool.values, usual, groups, column_of, seed)
    rows = test[spread_rows(pool.known_at[test], _count(subject, int(test[0])))]
    found = explain(subject, rows, draws=_DRAWS)
    members = [[pool.ids[column] for column in groups.columns(group)] for group in range(len(groups.names))]
    return {"of_rows": len(test), **_summary(found, members)}


def _count(subject: Subject, row: int) -> int:
    """Return how many rows are explained."""
    window, asked = subject.model.window, 2 * _DRAWS * (len(subject.groups.names) + 1)
    most = _READ_ROWS // window if has_own_way(subject, row) else _ASKED_ROWS // (asked * window)
    return min(max(most, _LEAST_ROWS), EXPLAINED_ROWS)


def _summary(found: Explained, members: list[list[str]]) -> dict[str, Any]:
    sizes = np.abs(found.values)
    ranks = rank_intervals(block_means(sizes))
    order = np.argsort(-sizes.mean(axis=0), kind="stable").tolist()
    return {
        "rows": len(sizes),
        "method": found.method,
        "unit": found.unit,
        "groups": [
            {
                "group": found.groups[group],
                "mean_absolute": float(sizes[:, group].mean()),
                "spread": float(found.values[:, group].std()),
                "ranks": ranks[group].tolist(),
                "inputs": members[group],
                "values": [float(f"{value:.4g}") for value in found.values[:, group]],
            }
            for group in order
        ],
    }
