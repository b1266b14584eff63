"""The account that trades: capital, costs, and the share of it that a trade gets."""

from __future__ import annotations

from dataclasses import dataclass

from ktrdr.domain.errors import InvalidInput

_LEAST, _MOST = 1e-6, 1e15


@dataclass(frozen=True, slots=True)
class Account:
    """How a backtest trades.

    Attributes
    ----------
    capital : float
        What it begins with, in quote currency, from 1e-6 to 1e15.
    commission, slippage : float
        Fractions of the traded value, each paid at entry and at exit.
    allocation : float
        Part of the equity that a new position takes, what its entry costs included, so that 1 never borrows; a position
        is not rebalanced while held.

    Raises
    ------
    InvalidInput
        If capital lies outside of that, a cost or both together not in [0, 1), or the allocation not in (0, 1].
    """

    capital: float = 100_000.0
    commission: float = 0.001
    slippage: float = 0.0005
    allocation: float = 1.0

    def __post_init__(self) -> None:
        if not _LEAST <= self.capital <= _MOST:
            raise InvalidInput(f"capital must be a number from {_LEAST:g} to {_MOST:g}, found {self.capital:g}")
        for name in ("commission", "slippage"):
            if not 0 <= getattr(self, name) < 1:
                raise InvalidInput(
                    f"{name} must be a fraction of the traded value, from 0 to below 1, found {getattr(self, name):g}"
                )
        if self.cost_rate >= 1:
            raise InvalidInput(f"commission and slippage together must be below 1, found {self.cost_rate:g}")
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
