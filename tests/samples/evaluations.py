"""Outcomes made by hand, for the tests of evaluation."""

import numpy as np

from ktrdr.domain.evaluation.baselines import baselines
from ktrdr.domain.evaluation.evaluate import evaluate
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import NS_PER_DAY

CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
NUMBERS = Target("regression", unit="fraction")


def dataset(labels, label_end_rows, target=CLASSES, step=NS_PER_DAY):
    """Rows one step apart, known when they begin; spans end at the given rows."""
    labels, ends = np.asarray(labels), np.asarray(label_end_rows, dtype=np.int64)
    return Outcomes(labels, np.arange(len(labels), dtype=np.int64) * step, ends * step, target)


def judged(rows, train, test, outputs, rng, primary=None, ceiling=None):
    """Judge outputs of the test rows against baselines that were fitted on the train rows."""
    rivals = baselines(rows, train, test)
    tested = Outcomes(rows.labels[test], rows.known_at[test], rows.label_end[test], rows.target)
    return evaluate(tested, outputs, rivals, rng, primary, ceiling)


def probabilities(rng, rows, classes=3):
    values = rng.random((rows, classes)) + 0.05
    return values / values.sum(axis=1, keepdims=True)
