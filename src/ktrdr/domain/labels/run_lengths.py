"""How long labels stay the same."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet


def run_lengths(labels: LabelSet) -> dict[str, float]:
    """Return for each class how many bars in a row have it, on average; 0 for a class that no bar has.

    A bar without a label ends a run.
    """
    values = np.where(labels.defined, labels.values, NO_LABEL).astype(np.int64)
    firsts = np.append(True, values[1:] != values[:-1])[: len(values)] & labels.defined
    names = labels.target.classes
    bars = np.bincount(values[labels.defined], minlength=len(names))
    runs = np.bincount(values[firsts], minlength=len(names))
    return {name: float(bars[index] / max(runs[index], 1)) for index, name in enumerate(names)}
