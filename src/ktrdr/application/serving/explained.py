"""A served model as the subject of explanations: what is usual for it, and which of its columns belong together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ktrdr.application.serving.opened import Served
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.evaluation.explaining.explain import BACKGROUND, Subject
from ktrdr.domain.evaluation.explaining.grouping import grouped
from ktrdr.domain.evaluation.explaining.naming import Meaning, column_meanings, meanings
from ktrdr.domain.evaluation.importance import evenly_spaced
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.market.bars import from_iso

LEAST_USUAL = 50
_COMPARED = 5000


def subject_of(served: Served, rows: Int64s, row: int) -> tuple[Subject, str]:
    """Return a model with rows that say what is usual: those of its train part, else those up to a row; and a sentence.

    Parameters
    ----------
    served : Served
    rows : ndarray of int64
        Those with a whole window, ascending.
    row : int
        The first one that is explained.
    """
    opened, known_at = served.opened, served.matrix.known_at
    until = _train_end(opened.manifest.split)
    usual, said = rows[known_at[rows] <= until], "train rows"
    if len(usual) < LEAST_USUAL:
        usual, said = rows[rows <= row], "rows up to the bar that is explained: no train row is among these bars"
    usual = usual[evenly_spaced(len(usual), min(len(usual), _COMPARED))]
    names = [one.indicator for one in column_meanings(opened.strategy, opened.features)]
    groups = grouped(names, served.matrix.values[usual])
    chosen = usual[evenly_spaced(len(usual), min(len(usual), BACKGROUND))]
    seed = int(opened.manifest.seed)
    sentence = f"what is usual: {len(chosen)} {said}"
    subject = Subject(
        opened.model, opened.inference, served.matrix.values, chosen, groups, column_of_features(opened), seed
    )
    return subject, sentence


def column_of_features(opened: OpenedModel) -> Int64s:
    """Return the input column that each resolved feature is made from, shape (n_features,)."""
    plan = fuzzified(opened.features)
    return np.array([item.column for item in plan] if plan else range(len(opened.features)), dtype=np.int64)


def explained_meanings(opened: OpenedModel, count: int) -> tuple[Meaning, ...]:
    """Return what each of so many explained inputs means: the features, or the columns of a model that tunes sets."""
    named = meanings(opened.strategy, opened.features)
    return named if len(named) == count else column_meanings(opened.strategy, opened.features)


def _train_end(split: Mapping[str, Any]) -> int:
    last = split.get("parts", {}).get("train", {}).get("last")
    return from_iso(last) if isinstance(last, str) else np.iinfo(np.int64).min
