"""What is wrong, or odd, in a strategy document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes
    ----------
    path : str
        Place in the document (``indicators.rsi_14.period``); empty for the document itself.
    message : str
        What was found and what is allowed, with the nearest known name.
    severity : str
        ``error`` (the document contradicts itself) or ``warning`` (a key without effect).
    """

    path: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"path": self.path, "message": self.message, "severity": self.severity}

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}" if self.path else self.message
