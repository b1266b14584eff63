"""How members are combined: fitted once they are, and brought back from numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.ensemble.blending import mixture_shares, squared_error_shares
from ktrdr.domain.training.ensemble.combining import Combination, checked_shares
from ktrdr.domain.training.ensemble.stacking import Stacked
from ktrdr.domain.training.ensemble.voting import MajorityVote, WeightedMean, shares_of
from ktrdr.domain.training.settings import ModelSpec

Numbers = Mapping[str, NDArray[Any]]


def voting(spec: ModelSpec, *, prior: bool) -> Combination:
    """Return the vote of members by their weights."""
    return _vote(shares_of([member.weight for member in spec.members], prior=prior), spec, prior=prior)


def blended(outputs: Floats, targets: NDArray[Any]) -> Combination:
    """Return the mean under which validation rows are most likely, or have the least squared error.

    Parameters
    ----------
    outputs : ndarray of float64, shape (n_members, n_rows, n_outputs)
    targets : ndarray, shape (n_rows,)
    """
    if outputs.shape[2] == 1:
        return WeightedMean(squared_error_shares(outputs[:, :, 0], targets.astype(np.float64)))
    densities = outputs[:, np.arange(len(targets)), targets.astype(np.int64)]
    return WeightedMean(mixture_shares(np.maximum(densities, np.finfo(np.float64).tiny)))


def combination_of(spec: ModelSpec, numbers: Numbers, n_members: int, n_outputs: int) -> Combination:
    """Return a combination from its numbers.

    Parameters
    ----------
    spec : ModelSpec
    numbers : mapping of name to ndarray
        Nothing but what `Combination.arrays` gave.
    n_members : int
        The prior among them.
    n_outputs : int

    Raises
    ------
    InvalidInput
        If they are not such numbers.
    """
    method = spec.architecture["method"]
    known: Mapping[str, Callable[[], Combination]] = {
        "voting": lambda: _vote(_shares(numbers, n_members), spec, prior=spec.has_prior),
        "blending": lambda: WeightedMean(_shares(numbers, n_members)),
        "stacking": lambda: _stacked(numbers, n_members, n_outputs),
    }
    return known[method]()


def _vote(shares: Floats, spec: ModelSpec, *, prior: bool) -> Combination:
    return MajorityVote(shares, int(prior)) if spec.architecture["vote"] == "hard" else WeightedMean(shares)


def _shares(numbers: Numbers, n_members: int) -> Floats:
    _require_names(numbers, {"shares"})
    return checked_shares(numbers["shares"], n_members)


def _stacked(numbers: Numbers, n_members: int, n_outputs: int) -> Combination:
    shapes = {"coefficients": (n_outputs, n_members * n_outputs), "intercept": (n_outputs,)}
    _require_names(numbers, shapes.keys())
    for name, shape in shapes.items():
        found = numbers[name]
        if found.dtype != np.float64 or found.shape != shape or not np.isfinite(found).all():
            raise InvalidInput(f"{name} must be finite numbers of shape {shape}")
    return Stacked(numbers["coefficients"], numbers["intercept"])


def _require_names(numbers: Numbers, names: Any) -> None:
    if set(numbers) != set(names):
        raise InvalidInput(f"must hold {', '.join(names)}, found {', '.join(numbers) or 'nothing'}")
