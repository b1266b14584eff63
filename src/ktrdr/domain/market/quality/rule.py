"""What a rule is: one row of the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ktrdr.domain.market.quality.finding import Found, Severity

Scope = Literal["series", "symbol", "pool", "context"]
Action = Literal["warn", "refuse", "off"]
ACTIONS: tuple[Action, ...] = ("warn", "refuse", "off")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule.

    Attributes
    ----------
    id : str
    severity : str
        ``info`` is a note; ``warning`` is what ``--strict`` refuses; ``error`` is refused unless limits say otherwise.
    scope : str
        What it looks at: one ``series`` of bars, all series of one ``symbol``, the symbols of a ``pool``, or one
        series of ``context``.
    limit : float
        How much is let pass.
    means : str
        What the limit counts; empty for a rule that has none.
    advice : str
        What to do.
    find : callable
        Takes what the scope says and a limit, and returns `Found` or None: `Evidence`, bars from fine to coarse,
        `PoolSymbol` by symbol, or a `ContextSeries`.
    """

    id: str
    severity: Severity
    scope: Scope
    limit: float
    means: str
    advice: str
    find: Callable[[Any, float], Found | None]

    @property
    def action(self) -> Action:
        """What is done about a finding unless somebody says otherwise."""
        return "refuse" if self.severity == "error" else "warn"
