"""Rules that say in words what a model does: IF statements about fuzzy sets THEN its decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools

MOST_CONDITIONS = 3
MIN_SUPPORT = 0.01
"""A rule that fires on a smaller share of the rows says little of the model."""
MIN_AGREEMENT = 0.5
MIN_GAIN = 0.1
"""A further condition must take away this share of the disagreement that the rule has without it."""
MINED_ROWS = 50_000
_BEAM, _CANDIDATES = 2000, 4000
_Bits = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Rule:
    """IF all of the terms hold THEN the decision; both as positions."""

    terms: tuple[int, ...]
    decision: int


@dataclass(frozen=True, slots=True)
class RuleMeasure:
    """How a rule does on some rows.

    Attributes
    ----------
    rows : int
        On which it fires.
    support : float
        Their share of all rows.
    agreement : float or None
        Share of them on which the model decides as the rule says; None where it never fires.
    lift : float or None
        Agreement over the share of that decision among all rows; None where either is not defined.
    """

    rows: int
    support: float
    agreement: float | None
    lift: float | None


def measure(rule: Rule, holds: Bools, decisions: NDArray[np.int64]) -> RuleMeasure:
    """Return how a rule does on rows.

    Parameters
    ----------
    rule : Rule
    holds : ndarray of bool, shape (n_terms, n_rows)
    decisions : ndarray of int64, shape (n_rows,)
        What the model decides.
    """
    fires = holds[list(rule.terms)].all(axis=0)
    rows, agrees = int(fires.sum()), decisions == rule.decision
    if not rows:
        return RuleMeasure(0, 0.0, None, None)
    agreement, base = float(agrees[fires].mean()), float(agrees.mean())
    return RuleMeasure(rows, rows / len(decisions), agreement, agreement / base if base else None)


def mine_rules(holds: Bools, places: Sequence[int], decisions: NDArray[np.int64], top: int) -> tuple[Rule, ...]:
    """Return up to `top` rules, the strongest first, each of which says something that those before it do not.

    Parameters
    ----------
    holds : ndarray of bool, shape (n_terms, n_rows)
        With more than `MINED_ROWS` rows, that many evenly spaced ones are used.
    places : sequence of int, length n_terms
        Ascending; a rule has at most one term of each place.
    decisions : ndarray of int64, shape (n_rows,)
        What the model decides, from 0.
    top : int

    Notes
    -----
    All conjunctions of up to three terms with enough support are looked at, the most promising `_BEAM` of each length
    being extended. A conjunction counts if it agrees on at least half of its rows, and clearly more often than each
    shorter one within it (Bayardo et al. 1999). Strength is the distance of its agreement from chance in standard
    errors, on rows that no chosen rule of the same decision covers yet (Klösgen 1996; Lavrač et al. 2004). The same
    rows give the same rules.

    References
    ----------
    Agrawal and Srikant (1994), Fast algorithms for mining association rules. Klösgen (1996), Explora. Bayardo, Agrawal,
    Gunopulos (1999), Constraint-based rule mining. Lavrač, Kavšek, Flach, Todorovski (2004), Subgroup discovery with
    CN2-SD.
    """
    if holds.shape[1] > MINED_ROWS:
        used = np.linspace(0, holds.shape[1] - 1, MINED_ROWS).round().astype(np.int64)
        holds, decisions = holds[:, used], decisions[used]
    classes = np.arange(int(decisions.max(initial=0)) + 1)
    bits, agreeing = _packed(holds), _packed(decisions == classes[:, None])
    counts = _conjunctions(bits, np.asarray(places), agreeing, holds.shape[1])
    return _chosen(_candidates(counts, agreeing, holds.shape[1]), bits, agreeing, top)


def _packed(flags: Bools) -> _Bits:
    """Return rows of flags as 64 bits a word, padded with zeros."""
    packed = np.packbits(flags, axis=1)
    padded = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view(np.uint64)


def _ones(bits: _Bits) -> NDArray[np.int64]:
    return np.asarray(np.bitwise_count(bits).sum(axis=-1, dtype=np.int64))


_Counts = dict[tuple[int, ...], NDArray[np.int64]]
"""Conjunctions to how often they fire on each decision, shape (n_classes,)."""


def _conjunctions(bits: _Bits, places: NDArray[np.int64], agreeing: _Bits, n_rows: int) -> _Counts:
    """Return every conjunction with enough support, short ones first."""
    least = max(MIN_SUPPORT * n_rows, 1)
    base = _ones(agreeing) / max(n_rows, 1)
    found: _Counts = {}
    parents: list[tuple[tuple[int, ...], _Bits | None]] = [((), None)]
    for _ in range(MOST_CONDITIONS):
        grown: _Counts = {}
        for terms, shared in parents:
            later = np.flatnonzero(places > places[terms[-1]]) if terms else np.arange(len(places))
            together = bits[later] if shared is None else bits[later] & shared
            frequent = _ones(together) >= least
            fired = np.stack([_ones(together[frequent] & some) for some in agreeing], axis=1)
            grown |= {(*terms, int(term)): counts for term, counts in zip(later[frequent], fired, strict=True)}
        found |= grown
        promising = sorted(grown, key=lambda terms: (-float((grown[terms] * (1 - base)).max()), terms))[:_BEAM]
        parents = [(terms, np.bitwise_and.reduce(bits[list(terms)], axis=0)) for terms in promising]
    return found


def _candidates(counts: _Counts, agreeing: _Bits, n_rows: int) -> list[Rule]:
    """Return the strongest rules that agree often, and clearly more often than every shorter one within them."""
    base = _ones(agreeing) / max(n_rows, 1)
    agreement = {terms: fired / fired.sum() for terms, fired in counts.items()}
    rated = []
    for terms, shares in agreement.items():
        for decision in np.flatnonzero(shares >= MIN_AGREEMENT):
            shorter = [agreement[part][decision] for part in combinations(terms, len(terms) - 1) if part in agreement]
            before = max(shorter, default=base[decision])
            if shares[decision] > before and shares[decision] - before >= MIN_GAIN * (1 - before):
                strength = _strength(counts[terms][decision], counts[terms].sum(), base[decision])
                rated.append((-float(strength), len(terms), Rule(terms, int(decision))))
    rated.sort(key=lambda item: (item[0], item[1], item[2].terms, item[2].decision))
    return [rule for _, _, rule in rated[:_CANDIDATES]]


def _strength(agrees: NDArray[np.int64], fires: NDArray[np.int64], base: float) -> NDArray[np.float64]:
    """Return by how many standard errors the agreement lies above chance; 0 where nothing fires."""
    spread = np.sqrt(np.maximum(fires, 1) * base * (1 - base))
    return np.asarray((agrees - fires * base) / spread)


def _chosen(candidates: Sequence[Rule], bits: _Bits, agreeing: _Bits, top: int) -> tuple[Rule, ...]:
    """Return the strongest rule on the rows that are not covered yet, again and again."""
    chosen: list[Rule] = []
    if not candidates:
        return ()
    fires = np.stack([np.bitwise_and.reduce(bits[list(rule.terms)], axis=0) for rule in candidates])
    decisions = np.array([rule.decision for rule in candidates])
    whole = _ones(fires)
    uncovered = np.full_like(agreeing, np.iinfo(np.uint64).max)
    base = _ones(agreeing) / max(int(_ones(agreeing).sum()), 1)
    while len(chosen) < top:
        fresh = fires & uncovered[decisions]
        strength = np.empty(len(candidates))
        for decision in np.unique(decisions):
            of_it = decisions == decision
            agrees = _ones(fresh[of_it] & agreeing[decision])
            strength[of_it] = _strength(agrees, _ones(fresh[of_it]), base[decision])
        strength[_ones(fresh) < MIN_GAIN * whole] = 0
        best = int(strength.argmax())
        if strength[best] <= 0:
            break
        chosen.append(candidates[best])
        uncovered[decisions[best]] &= ~fires[best]
    return tuple(chosen)
