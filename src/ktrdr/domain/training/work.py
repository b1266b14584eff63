"""Who a fit is: the name under which it is watched, counted and found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Work:
    """One fit among those of a run; it decides nothing about what is fitted.

    Attributes
    ----------
    strategy : str
        Name of the strategy.
    symbols : tuple of str
        Whose rows are fitted to.
    mode : str
        ``single``, ``multi`` or ``universal``.
    seed : int
    fold : int or None
        Which part of a validation scheme; None: the fit is of the whole train part.
    trial : int or None
        Which draw of a search; None: there is no search.
    role : str
        What the model is for: ``model`` (it may be published), ``seed`` (it shows the spread), ``rival`` or ``fold``
        (it is only compared with).
    facts : mapping
        Plain values to write down with it: what it is fitted to, and how.
    """

    strategy: str = ""
    symbols: tuple[str, ...] = ()
    mode: str = ""
    seed: int = 0
    fold: int | None = None
    trial: int | None = None
    role: Literal["model", "seed", "rival", "fold"] = "model"
    facts: Mapping[str, Any] = field(default_factory=dict)
