"""The account that trades: capital, costs, and the share of it that a trade gets."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from ktrdr.domain.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Account:
    """How a backtest trades.

    Attributes
    ----------
    capital : float
        What it begins with, in quote currency.
    commission, slippage : float
        Fractions of the traded value, each paid at entry and at exit.
    allocation : float
        Part of the equity that a new position takes, what its entry costs included, so that 1 never borrows; a position
        is not rebalanced while held.

    Raises
    ------
    InvalidInput
        If capital is not above 0, a cost not in [0, 1), or the allocation not in (0, 1].
    """

    capital: float = 100_000.0
    commission: float = 0.001
    slippage: float = 0.0005
    allocation: float = 1.0

    def __post_init__(self) -> None:
        if not (isfinite(self.capital) and self.capital > 0):
            raise InvalidInput(f"capital must be a number above 0, found {self.capital:g}")
        for name in ("commission", "slippage"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidInput(
                    f"{name} must be a fraction of the traded value, from 0 to below 1, found {getattr(self, name):g}"
                )
        if not 0 < self.allocation <= 1:
            raise InvalidInput(f"allocation must be a fraction of the equity, above 0 to 1, found {self.allocation:g}")

    @property
    def cost_rate(self) -> float:
        """What one leg costs, as a fraction of its value."""
        return self.commission + self.slippage

    @property
    def stake(self) -> float:
        """Value of a new position, as a fraction of the equity just before it."""
        return self.allocation / (1 + self.cost_rate)
