"""What a model decides at each of many rows, or leans to where it always decides the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools
from ktrdr.domain.decisions.decide import decide
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.document import Decisions

_THIRDS = ("low", "middle", "high")


@dataclass(frozen=True, slots=True, eq=False)
class Leaning:
    """What there is to decide, and what is decided.

    Attributes
    ----------
    names : tuple of str
        What may be decided.
    decisions : ndarray of int64, shape (n_rows,)
        Positions in `names`.
    notes : tuple of str
        What must be said of them.
    """

    names: tuple[str, ...]
    decisions: NDArray[np.int64]
    notes: tuple[str, ...]


def leaning(outputs: NDArray[np.float64], seen: Bools, target: Target, settings: Decisions) -> Leaning:
    """Return what a model decides at each row; where its target asks for no trade, what it predicts.

    Parameters
    ----------
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,).
    seen : ndarray of bool, shape (n_rows,)
        Rows that thirds and means may be taken from, and that must not all be decided alike: where they are, the
        decision is the one that the model leans to against its mean on these rows.
    target : Target
    settings : Decisions
    """
    if set(target.actions) != {"none"}:
        decided = _traded(outputs, seen, target, settings)
    elif target.is_classification:
        decided = Leaning(target.classes, outputs.argmax(axis=1), ())
    else:
        thirds = np.quantile(outputs[seen], (1 / 3, 2 / 3))
        said = f"low is a prediction up to {thirds[0]:.4g}, high one above {thirds[1]:.4g}: thirds of the rows"
        decided = Leaning(_THIRDS, np.digitize(outputs, thirds, right=True), (said,))
    if len(np.unique(decided.decisions[seen])) > 1:
        return decided
    one = decided.names[decided.decisions[seen][0]]
    always = f"the model says {one} on every train and validation row; the rules say where it leans against its mean"
    decided = replace(_against_mean(outputs, target, seen), notes=(*decided.notes, always))
    if len(np.unique(decided.decisions[seen])) > 1:
        return decided
    return replace(decided, notes=("the model says the same on every row: there is no rule to find",))


def _against_mean(outputs: NDArray[np.float64], target: Target, seen: Bools) -> Leaning:
    """Return which decision, or class, is the most likelier than it is on average; of a regression, above or below."""
    if not target.is_classification:
        return Leaning(("sell", "buy"), (outputs > outputs[seen].mean()).astype(np.int64), ())
    groups = target.actions if set(target.actions) != {"none"} else target.classes
    names = tuple(dict.fromkeys(groups))
    scores = np.column_stack([outputs[:, np.equal(groups, name)].sum(axis=1) for name in names])
    return Leaning(names, (scores - scores[seen].mean(axis=0)).argmax(axis=1), ())


def _traded(outputs: NDArray[np.float64], seen: Bools, target: Target, settings: Decisions) -> Leaning:
    """Return buy, hold or sell; where threshold or edge turn all of them to one, what the model leans to."""
    threshold, edge = settings.confidence_threshold, settings.minimum_edge
    signals = decide(outputs, target, confidence_threshold=threshold, minimum_edge=edge)
    actions, notes = signals.actions, list[str]()
    if len(np.unique(actions[seen])) == 1 < len(np.unique(signals.wanted[seen])):
        notes.append(f"the model decides {actions[seen][0]} on every row; the rules say what it leans to")
        actions = signals.wanted
    names, numbers = np.unique(actions, return_inverse=True)
    return Leaning(tuple(map(str, names)), numbers.astype(np.int64), tuple(notes))
