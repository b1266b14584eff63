"""Episodes: of a class that lasts, what counts as evidence is how often it came, not how many bars it stayed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.splits.parted import PARTS, Parted
from ktrdr.domain.strategy.document import Labels
from ktrdr.domain.training.pool.pool import Pool

FEWEST = 3
"""Episodes in the test part from which on a class is judged."""
Episodes = Mapping[str, Mapping[str, int]]


def episodes_of(labels: Labels, pool: Pool, split: Parted) -> dict[str, dict[str, int]]:
    """Return the number of episodes of each class in each part; nothing where classes do not last.

    An episode is a longest run of rows of one class of one symbol, in time; rows that are not there (no label, no
    features, purged) do not end it. Symbols that are in it at the same time have one each.

    Parameters
    ----------
    labels : Labels
        What the strategy says of them.
    pool : Pool
    split : Parted
    """
    if not find_label(labels.source, labels.parameters.get("method")).lasts:
        return {}
    return {part: _counted(pool, split.parts[part].rows) for part in PARTS}


def _counted(pool: Pool, rows: Int64s) -> dict[str, int]:
    labels, symbols = pool.labels_of(rows).astype(np.int64), pool.symbol_of_row[rows]
    begins = np.append(True, (labels[1:] != labels[:-1]) | (symbols[1:] != symbols[:-1]))
    counts = np.bincount(labels[begins], minlength=len(pool.target.classes))
    return dict(zip(pool.target.classes, counts.tolist(), strict=True))


def too_few(test: Mapping[str, int]) -> tuple[str, ...]:
    """Return the classes that are not judged, of the episodes in the test part."""
    return tuple(name for name, count in test.items() if count < FEWEST)


def note(episodes: Episodes) -> str:
    """Return what a verdict has to say of episodes; nothing where there are none to count, or enough of each class."""
    test = episodes.get("test", {})
    few = too_few(test)
    if not few:
        return ""
    named = ", ".join(f"{name} ({test[name]})" for name in few)
    said = f"No verdict on classes with fewer than {FEWEST} episodes in the test rows: {named}."
    if len(test) - len(few) > 1:
        return said
    return f"{said} Fewer than two classes remain: as a whole this rests on too few episodes to be relied on."
