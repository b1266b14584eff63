"""Pools made by hand, and at random; nothing here imports anything heavy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.training.pool.pool import Pool, PoolBuilder, in_memory

MINUTE = 60 * 10**9
CLASSES = Target("classification", ("up", "flat", "down"), ("buy", "hold", "sell"))
NUMBER = Target("regression", unit="fraction")


def matrix_of(times: np.ndarray, n_features: int = 2, seed: int = 0) -> FeatureMatrix:
    values = np.random.default_rng(seed).normal(size=(len(times), n_features)).astype(np.float32)
    ids = tuple(f"f{place}" for place in range(n_features))
    return FeatureMatrix(values, ids, np.arange(len(times)), times - MINUTE, times)


def labels_of(n: int, spans: Sequence[int] | int, target: Target = CLASSES, seed: int = 0) -> LabelSet:
    """Return labels that look `spans` bars ahead; those that would look beyond the last bar are undefined."""
    rng = np.random.default_rng(seed)
    ends = np.arange(n) + np.broadcast_to(np.asarray(spans), n)
    values = rng.integers(0, 3, n) if target.is_classification else rng.normal(size=n)
    return LabelSet(values, np.where(ends < n, ends, NO_LABEL), target)


def pool_of(
    times: Mapping[str, np.ndarray],
    spans: Mapping[str, Sequence[int] | int] | int = 3,
    target: Target = CLASSES,
    n_features: int = 2,
) -> Pool:
    """Return the pool of symbols that have one bar, and one row, at each of these moments."""
    n_rows = sum(map(len, times.values()))
    builder = PoolBuilder(lambda _: in_memory(n_rows, n_features))
    for seed, symbol in enumerate(sorted(times)):
        moments = times[symbol]
        own = spans if isinstance(spans, int) else spans[symbol]
        labels = labels_of(len(moments), own, target, seed)
        builder.add(symbol, matrix_of(moments, n_features, seed), labels, moments, labels.defined)
    return builder.build()


def clock(n: int, start: int = 0, step: int = 1) -> np.ndarray:
    return (np.arange(n, dtype=np.int64) * step + 1 + start) * MINUTE


def random_pool(seed: int) -> Pool:
    """Return two to five symbols of other hours, beginnings, ends, gaps, and spans of labels."""
    rng = np.random.default_rng(seed)
    times, spans = {}, {}
    for place in range(int(rng.integers(2, 6))):
        steps = rng.choice([1, 1, 1, int(rng.integers(2, 40))], int(rng.integers(5, 160)))
        times[f"S{place}"] = (int(rng.integers(0, 300)) + np.cumsum(steps).astype(np.int64)) * MINUTE
        spans[f"S{place}"] = rng.integers(0, int(rng.integers(1, 30)), len(steps)).tolist()
    return pool_of(times, spans)
