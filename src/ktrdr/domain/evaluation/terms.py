"""What fuzzy sets say of each row in words: the membership that a set's indicator belongs to most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.feature_ids import columns


@dataclass(frozen=True, slots=True)
class Term:
    """One statement, such as "rsi_fast on 1h is oversold"; of those of one `place` at most one holds on a row."""

    fuzzy_set: str
    timeframe: str
    membership: str
    place: int

    def text(self, with_timeframe: bool) -> str:
        """Return the statement; without its timeframe where there is only one."""
        where = f" on {self.timeframe}" if with_timeframe else ""
        return f"{self.fuzzy_set}{where} is {self.membership}"


def linguistic_terms(strategy: Strategy, matrix: FeatureMatrix) -> tuple[tuple[Term, ...], Bools]:
    """Return every term of the strategy's fuzzy inputs, and on which rows it holds.

    Parameters
    ----------
    strategy : Strategy
    matrix : FeatureMatrix
        Holds the resolved features; lagged ones are not looked at.

    Returns
    -------
    terms : tuple of Term
        In grammar order; empty without fuzzy inputs.
    holds : ndarray of bool, shape (n_terms, n_rows)
        A term holds where its degree is the largest of its set and above 0; of equal degrees the first counts.
    """
    position = {name: place for place, name in enumerate(matrix.ids)}
    terms: list[Term] = []
    held: list[Bools] = []
    for entry in strategy.nn_inputs:
        if entry.kind != "fuzzy_set":
            continue
        for timeframe in entry.timeframes:
            members = [column for column in columns(entry, strategy.fuzzy_sets) if column[1] == timeframe]
            place = terms[-1].place + 1 if terms else 0
            terms += [Term(entry.name, timeframe, item.name, place) for _, _, item in members if item is not None]
            held.append(_largest(matrix.values.T[[position[name] for name, _, _ in members]]))
    return tuple(terms), np.concatenate(held) if held else np.zeros((0, len(matrix)), dtype=np.bool_)


def _largest(degrees: NDArray[np.float32]) -> Bools:
    """Return where each row of degrees, shape (n_members, n_rows), is the first largest and above 0."""
    first: Bools = degrees.argmax(axis=0) == np.arange(len(degrees))[:, None]
    return first & (degrees > 0)
