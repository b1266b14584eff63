"""List: every series that there is, and what lies beside them and is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.series import NotTaken, SeriesInfo


@dataclass(frozen=True, slots=True)
class ListedBars:
    """The series of a place, and the entries of its folder that were not taken for any."""

    series: tuple[SeriesInfo, ...]
    not_taken: tuple[NotTaken, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "series": [info.as_dict() for info in self.series],
            "not_taken": [asdict(entry) for entry in self.not_taken],
        }


class ListBars:
    """Asks for spans alone; no bars are read."""

    def __init__(self, data: DataRepository, not_taken: Callable[[], Sequence[NotTaken]]) -> None:
        self._data = data
        self._not_taken = not_taken

    def execute(self) -> ListedBars:
        """Return all series and all that is none.

        Raises
        ------
        DataNotFound, Unavailable
            If the place is not there, or cannot be read.
        """
        return ListedBars(self._data.series(), tuple(self._not_taken()))
