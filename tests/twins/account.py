"""An account as a plain loop over bars with cash and units: the independent way to what `simulate` does at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import copysign


@dataclass
class Twin:
    """Follows positions that are wanted after each close."""

    capital: float
    commission: float
    slippage: float
    allocation: float
    equity: list[float] = field(default_factory=list)
    held: list[int] = field(default_factory=list)
    trades: list[dict[str, float]] = field(default_factory=list)
    traded: float = 0.0
    ruined_at: int | None = None

    def run(self, opens: Sequence[float], closes: Sequence[float], positions: Sequence[int]) -> Twin:
        rate, cash, units = self.commission + self.slippage, self.capital, 0.0
        for bar, (first, last) in enumerate(zip(opens, closes, strict=True)):
            wanted = int(positions[bar - 1]) if bar else 0
            side = int(copysign(1, units)) if units else 0
            if self.ruined_at is None and wanted != side:
                if units:
                    cash += units * first - abs(units) * first * rate
                    self._close(bar, first, abs(units) * first * rate)
                    units = 0.0
                if wanted and cash > 0:
                    value = cash * self.allocation / (1 + rate)  # with the cost of the entry it is the allocated part
                    units = wanted * value / first
                    cash -= units * first + value * rate
                    self._open(bar, first, wanted, units, value * rate)
            self.held.append(int(copysign(1, units)) if units else 0)
            self.equity.append(cash + units * last)
            if self.ruined_at is None and self.equity[-1] <= 0:
                self.ruined_at = bar
                if units:
                    self._close(bar, last, 0.0, paid=False)
                cash, units = cash + units * last, 0.0
        if units:
            self._close(len(opens) - 1, closes[-1], 0.0, paid=False)
            self.trades[-1]["closed"] = False
        return self

    def _open(self, bar: int, price: float, side: int, units: float, cost: float) -> None:
        self.traded += abs(units) * price
        self.trades.append({"side": side, "entry": bar, "entry_price": price, "units": abs(units), "costs": cost})

    def _close(self, bar: int, price: float, cost: float, *, paid: bool = True) -> None:
        trade = self.trades[-1]
        trade["costs"] += cost
        gain = trade["side"] * trade["units"] * (price - trade["entry_price"])
        trade |= {"exit": bar, "exit_price": price, "closed": True, "profit": gain - trade["costs"]}
        self.traded += trade["units"] * price if paid else 0.0
