"""Which series a strategy reads besides the bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ContextSource:
    """A series besides the bars, such as an interest rate; it counts from its publication.

    `id` is what ``data_source`` names; `name` is the series, symbol or report as the provider calls it.
    """

    id: str
    provider: str
    name: str
    alignment: Literal["forward_fill"] = "forward_fill"
