"""The signs of numeric labels, for where people want to see classes."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.labels.labelset import LabelSet, Target

SIGNS = ("up", "flat", "down")
_SIGNS = Target("classification", SIGNS, ("none", "none", "none"))


def as_classes(labels: LabelSet) -> LabelSet:
    """Return the labels themselves, or those of a regression by their sign: 0 up, 1 flat, 2 down; spans stay."""
    if labels.target.is_classification:
        return labels
    signs = np.sign(np.where(labels.defined, labels.values, 0.0))
    return LabelSet((1 - signs).astype(np.int64), labels.end_rows, _SIGNS, labels.horizon_bars)
