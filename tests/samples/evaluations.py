"""Datasets made by hand, for the tests of evaluation."""

import numpy as np

from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import NS_PER_DAY
from ktrdr.domain.training.dataset import Dataset

CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
NUMBERS = Target("regression", unit="fraction")


def dataset(labels, label_end_rows, target=CLASSES, step=NS_PER_DAY):
    """Rows one step apart, known when they begin; spans end at the given rows."""
    labels, ends = np.asarray(labels), np.asarray(label_end_rows, dtype=np.int64)
    rows = np.arange(len(labels), dtype=np.int64)
    matrix = FeatureMatrix(np.zeros((len(rows), 1), np.float32), ("x",), rows, rows * step, rows * step)
    return Dataset(matrix, labels, ends * step, ends, target)


def probabilities(rng, rows, classes=3):
    values = rng.random((rows, classes)) + 0.05
    return values / values.sum(axis=1, keepdims=True)
