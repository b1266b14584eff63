"""Files on their way through the door, and how what comes of them is judged."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ktrdr.application.use_cases.import_bars import ImportRequest
from ktrdr.domain.errors import KtrdrError
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.entrypoints.container import make_container
from samples.defects import ROW
from samples.drawn_files import Drawn
from samples.exports import EPOCH, ROLES

IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def empty_folders() -> Iterator[Callable[[], Path]]:
    """Give a maker of empty folders, in memory where there is such a place."""
    with TemporaryDirectory(dir=IN_MEMORY) as place:
        numbers = count()

        def folder() -> Path:
            made = Path(place) / str(next(numbers))
            made.mkdir()
            return made

        yield folder


def imported(drawn: Drawn, folder: Path) -> tuple[Bars, str]:
    """Import a file, and load what is kept with all that was said."""
    path, kept = folder / drawn.name, folder / "kept"
    kept.mkdir()
    _placed(drawn, path, kept)
    stated = Stated(
        drawn.venue.symbol, Timeframe(drawn.timeframe), time_zone=drawn.zone, drop_unfinished=drawn.drop_unfinished
    )
    done = make_container(data_dir=kept).import_bars().execute(ImportRequest(path, stated))
    return loaded(drawn, kept), repr(done)


def straight(drawn: Drawn, folder: Path) -> Bars:
    """Load the series of the folder in which the file lies."""
    there = folder / "there"
    there.mkdir()
    _placed(drawn, there / drawn.name, there)
    return loaded(drawn, there)


def _placed(drawn: Drawn, path: Path, catalogue: Path) -> None:
    path.write_bytes(drawn.content)
    if drawn.venue.entry:
        (catalogue / "symbols.yaml").write_text(drawn.venue.entry)


def loaded(drawn: Drawn, folder: Path) -> Bars:
    return make_container(data_dir=folder).data_repository().load(drawn.venue.symbol, Timeframe(drawn.timeframe))


def judge(drawn: Drawn, found: Bars) -> None:
    """Require that bars are those of the file, all or all but the odd one, and none is known early."""
    choices = [drawn.bars] if drawn.allowed.whole else []
    if drawn.allowed.without_it:
        choices.append(drawn.bars[: drawn.odd] + drawn.bars[drawn.odd + 1 :])
    assert choices, f"read as {found.to_frame()}, but must be refused: {drawn}"
    wanted = next((bars for bars in choices if len(bars) == len(found)), choices[0])
    for place, role in enumerate(ROLES):
        values = [0.0 if drawn.silent and role == "volume" else float(bar.texts[place]) for bar in wanted]
        assert getattr(found, role).tolist() == values, (role, drawn)
    moments = np.array([ns(bar.stamp) for bar in wanted])
    dates = moments // (86400 * 10**9) * 86400 * 10**9
    same = np.array_equal(found.stamps, moments)
    assert same or (drawn.timeframe == "1d" and np.array_equal(found.stamps, dates)), (found.to_frame(), drawn)
    early = found.known_at < np.array([ns(bar.known) for bar in wanted])
    assert not early.any(), (found.to_frame()[early], found.known_at[early].astype("datetime64[ns]"), drawn)


def ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def refused(drawn: Drawn, error: KtrdrError, *, anyhow: bool = False) -> None:
    """Require that a file may be refused, and that the message says why and where."""
    assert error.family in ("invalid_input", "not_found", "unavailable"), (error, drawn)
    assert anyhow or drawn.allowed.refused, (str(error), drawn)
    if drawn.allowed.row:
        rows = [int(number) for number in re.findall(ROW, str(error))]
        low, high = drawn.rows_named
        assert any(low <= row <= high for row in rows), (str(error), drawn)
