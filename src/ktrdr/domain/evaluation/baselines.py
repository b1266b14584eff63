"""What a forecast must beat: forecasts that need no model, made only from what was known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.baseline import Baseline, probable
from ktrdr.domain.evaluation.naive import class_baselines, number_baseline
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.training.pool.pool import Pool


def baselines(outcomes: Outcomes, train: Int64s, test: Int64s) -> tuple[Baseline, ...]:
    """Return the baselines of the test rows, fitted on the train rows.

    Classification: ``class_shares`` (probabilities, with one added to each count so that no class has none),
    ``majority`` (a class), ``last_known_label`` (probabilities: how often each class followed that label in train, one
    added to each count), ``last_known_label_again`` (that label as the class). Regression: ``zero``, ``train_mean``,
    ``last_known_target``. A row before the first known label gets the class shares and the majority, or the train mean.
    The class that goes with probabilities is the most probable one. What labels have besides, see `Naive`, comes last.

    Causality: the last known label at t is a label whose span had ended by t.

    Parameters
    ----------
    outcomes : Outcomes
        All rows: the last known label may belong to any part.
    train, test : ndarray of int64
        Rows of these; train is not empty.
    """
    known = last_known_rows(outcomes.label_end, outcomes.known_at)
    if outcomes.target.is_classification:
        return _class_baselines(outcomes, known, train, test)
    targets = outcomes.labels.astype(np.float64)
    own = tuple(number_baseline(naive, targets, train, test) for naive in outcomes.naive)
    return (*_number_baselines(targets, known[test], train, len(test)), *own)


def own_baselines(pool: Pool, split: Parted, symbol: str) -> tuple[Baseline, ...]:
    """Return the baselines of one symbol's test rows, fitted on its own train rows.

    Of a symbol without any the train rows are those of all symbols, and there is no label before its own first one.

    Parameters
    ----------
    pool : Pool
    split : Parted
    symbol : str
        With test rows.
    """
    block = pool.rows_of(symbol)
    rows = np.flatnonzero(pool.label_end[block] != NO_LABEL) + block.start
    train, test = (np.searchsorted(rows, split.of(block, name)) for name in ("train", "test"))
    if len(train):
        return baselines(Outcomes.of(pool, rows), train.astype(np.int64), test.astype(np.int64))
    everyone = Outcomes.of(pool, np.concatenate((split.train, rows)))
    count = len(split.train)
    shares = baselines(everyone, np.arange(count, dtype=np.int64), (test + count).astype(np.int64))
    return tuple(one for one in shares if not one.name.startswith("last_known"))


def joined_baselines(parts: Sequence[tuple[Baseline, ...]]) -> tuple[Baseline, ...]:
    """Return the baselines of several symbols' rows, one symbol after the other; those that all of them have."""
    names = [one.name for one in parts[0] if all(one.name in {other.name for other in part} for part in parts)]
    return tuple(_joined([next(one for one in part if one.name == name) for part in parts]) for name in names)


def _joined(parts: Sequence[Baseline]) -> Baseline:
    outputs = [one.outputs for one in parts if one.outputs is not None]
    choices = [one.choices for one in parts if one.choices is not None]
    return Baseline(
        parts[0].name,
        parts[0].words,
        np.concatenate(outputs) if outputs else None,
        np.concatenate(choices) if choices else None,
    )


def last_known_rows(label_end: Int64s, known_at: Int64s) -> Int64s:
    """Return for each moment the latest row whose label's span had ended by then, -1 where there is none.

    Parameters
    ----------
    label_end : ndarray of int64, shape (n_rows,)
        End of each row's span (UTC nanoseconds), in any order.
    known_at : ndarray of int64, shape (n_moments,)

    Returns
    -------
    ndarray of int64, shape (n_moments,)
    """
    order = np.argsort(label_end, kind="stable")
    latest = np.concatenate(([-1], np.maximum.accumulate(order))).astype(np.int64)
    ended: Int64s = latest[np.searchsorted(label_end[order], known_at, side="right")]
    return ended


def _class_baselines(outcomes: Outcomes, known: Int64s, train: Int64s, test: Int64s) -> tuple[Baseline, ...]:
    labels, n_classes = outcomes.labels.astype(np.int64), len(outcomes.target.classes)
    counts = np.bincount(labels[train], minlength=n_classes)
    shares = (counts + 1.0) / (counts.sum() + n_classes)
    majority = int(counts.argmax())
    after = np.ones((n_classes, n_classes))
    seen = train[known[train] >= 0]
    np.add.at(after, (labels[known[seen]], labels[seen]), 1.0)
    after /= after.sum(axis=1, keepdims=True)

    has, last = known[test] >= 0, labels[known[test]]
    return (
        probable("class_shares", "the train class shares", np.tile(shares, (len(test), 1))),
        Baseline("majority", "the train majority class", None, np.full(len(test), majority, dtype=np.int64)),
        probable("last_known_label", "the last known label", np.where(has[:, None], after[last], shares)),
        Baseline("last_known_label_again", "the last known label again", None, np.where(has, last, majority)),
        *(one for naive in outcomes.naive for one in class_baselines(naive, labels, shares, majority, train, test)),
    )


def _number_baselines(targets: Floats, known: Int64s, train: Int64s, n_test: int) -> tuple[Baseline, ...]:
    mean = float(targets[train].mean())
    return (
        Baseline("zero", "a forecast of 0", np.zeros(n_test)),
        Baseline("train_mean", "the train mean", np.full(n_test, mean)),
        Baseline("last_known_target", "the last known target", np.where(known >= 0, targets[known], mean)),
    )
