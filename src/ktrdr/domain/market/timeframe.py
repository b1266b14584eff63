"""Bar lengths such as ``5m``, ``1h`` or ``1d``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from ktrdr.domain.errors import InvalidInput

NS_PER_MINUTE = 60 * 10**9
NS_PER_DAY = 1440 * NS_PER_MINUTE
_UNIT_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080}
_SPELLING = re.compile(r"([1-9][0-9]{0,3})([mhdw])")


@total_ordering
@dataclass(frozen=True, slots=True)
class Timeframe:
    """A bar length: a positive integer and one of ``m h d w``, ordered by duration.

    Raises
    ------
    InvalidInput
        If the text is not spelled that way.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not _SPELLING.fullmatch(self.text):
            raise InvalidInput(
                f"timeframe {self.text!r} is not known; write an integer and one of m h d w, such as 5m, 1h, 4h, 1d, 1w"
            )

    @property
    def minutes(self) -> int:
        """Nominal length in minutes."""
        return int(self.text[:-1]) * _UNIT_MINUTES[self.text[-1]]

    @property
    def ns(self) -> int:
        """Nominal length in nanoseconds."""
        return self.minutes * NS_PER_MINUTE

    @property
    def intraday(self) -> bool:
        """Whether a bar is shorter than a day."""
        return self.minutes < 1440

    def __lt__(self, other: Timeframe) -> bool:
        """Order by duration, then by spelling (``60m`` before ``1h`` is arbitrary but stable)."""
        return (self.minutes, self.text) < (other.minutes, other.text)

    def __str__(self) -> str:
        """Return the spelling."""
        return self.text


def same_length(one: str | None, other: str | None) -> bool:
    """Return whether two texts are timeframes of one length, such as ``60m`` and ``1h``."""
    try:
        return one is not None and other is not None and Timeframe(one).ns == Timeframe(other).ns
    except InvalidInput:
        return False
