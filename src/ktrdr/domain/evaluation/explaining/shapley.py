"""Shapley values of any function, drawn: what each player adds in a random order of joining."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s

Function = Callable[[Float32s], Floats]
"""Samples, shape (n_samples, window, n_columns), to one number each."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Drawn Shapley values.

    Attributes
    ----------
    draws : ndarray of float64, shape (n_draws, n_players)
        Independent ones; each with its start adds up to the output.
    starts : ndarray of float64, shape (n_draws,)
        What the function gives for the background sample of each draw.
    """

    draws: Floats
    starts: Floats

    @property
    def values(self) -> Floats:
        """Their means, shape (n_players,): with `base` they add up to the output."""
        mean: Floats = self.draws.mean(axis=0)
        return mean

    @property
    def base(self) -> float:
        """What the function gives on average over the background samples that were drawn."""
        return float(self.starts.mean())

    @property
    def errors(self) -> Floats:
        """Standard errors of the values, shape (n_players,)."""
        found: Floats = self.draws.std(axis=0, ddof=1) / np.sqrt(len(self.draws))
        return found


def shapley_sampling(
    function: Function,
    sample: Float32s,
    background: Float32s,
    player_of: Int64s,
    draws: int,
    rng: np.random.Generator,
) -> Drawn:
    """Return Shapley values of one sample against a background.

    Parameters
    ----------
    function : callable
    sample : ndarray of float32, shape (window, n_columns)
    background : ndarray of float32, shape (n_background, window, n_columns)
        What a sample looks like whose columns are not known; each draw takes one, as evenly as can be.
    player_of : ndarray of int64, shape (n_columns,)
        Columns of one player join together, all rows of the window at once. Players count from 0 without a hole.
    draws : int
        2 or more. Each is the mean over a random order and the same backwards, which takes most of the noise away.
    rng : numpy.random.Generator

    Notes
    -----
    In each order the columns of the background sample give way, player by player, to those of the sample, and the
    change is the player's: all changes together are the whole difference, whatever was drawn.

    References
    ----------
    Strumbelj and Kononenko (2014), Explaining prediction models and individual predictions with feature contributions,
    Knowledge and Information Systems 41. Mitchell et al. (2022), Sampling permutations for Shapley value estimation,
    JMLR 23 (each order with the same backwards).
    """
    players = int(player_of.max()) + 1
    chosen = np.resize(rng.permutation(len(background)), draws)
    orders = np.stack([rng.permutation(players) for _ in range(draws)])
    found = np.empty((draws, players))
    starts = np.empty(draws)
    for draw, (other, order) in enumerate(zip(chosen, orders, strict=True)):
        joining = np.empty(players, dtype=np.int64)
        joining[order] = np.arange(players)
        known = np.arange(players + 1)[:, None] > joining[player_of]
        backwards = np.arange(players + 1)[:, None] > (players - 1 - joining)[player_of]
        ways = np.concatenate([known, backwards])
        outputs = function(np.where(ways[:, None, :], sample, background[other]))
        there, back = np.diff(outputs[: players + 1]), np.diff(outputs[players + 1 :])
        found[draw] = (there[joining] + back[players - 1 - joining]) / 2
        starts[draw] = outputs[0]
    return Drawn(found, starts)
