"""Series that grow: what a file brings to the bars that are kept, and where it tells their history otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import Conflict
from ktrdr.domain.market.bars import BAR_COLUMNS, PRICE_COLUMNS, Bars, iso
from ktrdr.domain.market.reading import Reading

_ONE_FACTOR = 1e-4
"""By how much the ratios of prices may differ that are called one factor: prices are rounded."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a file brings to a series that is kept.

    Attributes
    ----------
    kept : int
        Bars that are kept.
    before, after : int
        Bars of the file that lie before the first and after the last of them.
    overlap : int
        Bars of the file that are kept with equal values.
    revised : int
        Bars of the kept history that the file tells otherwise: other values, bars that only one of them has.
    first_revised : str
        Stamp of the first of these (ISO 8601, UTC); empty where there are none.
    revisions : str
        What is revised, in words.
    missing_sessions : int
        Sessions that lie wholly between the bars that are kept and those of the file.
    """

    kept: int
    before: int
    after: int
    overlap: int
    revised: int = 0
    first_revised: str = ""
    revisions: str = ""
    missing_sessions: int = 0

    @property
    def nothing_new(self) -> bool:
        """Whether the file brings neither bars nor other values."""
        return not (self.before or self.after or self.revised)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return asdict(self)


def growth_of(kept: Bars, given: Bars) -> Growth:
    """Return what `given` brings to `kept`; both hold bars, of one series.

    Raises
    ------
    Conflict
        If their prices were adjusted for different things.
    """
    _require_one_adjustment(kept, given)
    _, here, there = np.intersect1d(kept.stamps, given.stamps, assume_unique=True, return_indices=True)
    differs = np.logical_or.reduce([getattr(kept, name)[here] != getattr(given, name)[there] for name in BAR_COLUMNS])
    inner = (given.stamps >= kept.stamps[0]) & (given.stamps <= kept.stamps[-1])
    covered = (kept.stamps >= given.stamps[0]) & (kept.stamps <= given.stamps[-1])
    inserted = np.setdiff1d(given.stamps[inner], kept.stamps, assume_unique=True)
    gone = np.setdiff1d(kept.stamps[covered], given.stamps, assume_unique=True)
    stamps = np.concatenate((kept.stamps[here[differs]], inserted, gone))
    return Growth(
        kept=len(kept),
        before=int((given.stamps < kept.stamps[0]).sum()),
        after=int((given.stamps > kept.stamps[-1]).sum()),
        overlap=int((~differs).sum()),
        revised=len(stamps),
        first_revised=iso(stamps.min()) if len(stamps) else "",
        revisions="; ".join(_in_words(kept, given, here[differs], there[differs], inserted, gone)),
    )


def grown(kept: Bars, given: Bars) -> Bars:
    """Return the bars that are kept, and over its own span those that are given."""
    start, end = np.searchsorted(kept.stamps, [given.stamps[0], given.stamps[-1] + 1]).tolist()
    columns: dict[str, Any] = {
        name: np.concatenate((getattr(kept, name)[:start], getattr(given, name), getattr(kept, name)[end:]))
        for name in ("stamps", *BAR_COLUMNS)
    }
    told = _joined(kept.reading, given.reading)
    return replace(given, **columns, known_at=np.empty(0, dtype=np.int64), reading=told, file_rows=None)


def with_gap(growth: Growth, kept: Bars, given: Bars, whole: Bars) -> Growth:
    """Return a growth with the sessions that lie wholly between kept and given bars, by the sessions of `whole`."""
    after, until = (kept, given) if given.stamps[0] > kept.stamps[-1] else (given, kept)
    end, start = int(after.stamps[-1]), int(until.stamps[0])
    if whole.sessions is None or end >= start:
        return growth
    known = whole.known_at[np.searchsorted(whole.stamps, end)]
    missing = (whole.sessions.opens >= known) & (whole.sessions.closes <= start)
    return replace(growth, missing_sessions=int(missing.sum()))


def _require_one_adjustment(kept: Bars, given: Bars) -> None:
    one, other = (bars.reading.adjustment if bars.reading else "" for bars in (kept, given))
    if one != other:
        raise Conflict(
            f"{given.source}: its prices are {_adjusted(other)}, those that are kept {_adjusted(one)}; "
            "import the whole series anew, with --replace"
        )


def _adjusted(adjustment: str) -> str:
    return f"adjusted for {adjustment}" if adjustment else "taken as they are"


def _joined(kept: Reading | None, given: Reading | None) -> Reading | None:
    """Return how the kept bars were understood, with what was said of those that are added."""
    if kept is None or given is None:
        return given
    return replace(kept, remarks=tuple(dict.fromkeys((*kept.remarks, *given.remarks))))


def _in_words(
    kept: Bars, given: Bars, here: NDArray[np.intp], there: NDArray[np.intp], inserted: Int64s, gone: Int64s
) -> Iterator[str]:
    if len(here):
        yield _largest(kept, given, here, there)
    for stamps, what in ((inserted, "new within the history"), (gone, "kept and not in the file")):
        if len(stamps):
            yield f"{_count(len(stamps))} {'is' if len(stamps) == 1 else 'are'} {what}, first {iso(stamps[0])}"


def _largest(kept: Bars, given: Bars, here: NDArray[np.intp], there: NDArray[np.intp]) -> str:
    """Return how many bars have other values, the first of them, and the largest difference."""
    prices = [(getattr(kept, name)[here], getattr(given, name)[there]) for name in PRICE_COLUMNS]
    of_prices = any((old != new).any() for old, new in prices)
    columns = prices if of_prices else [(kept.volume[here], given.volume[there])]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.array([np.nan_to_num(np.abs(new - old) / np.abs(old)) for old, new in columns])
    column, row = np.unravel_index(int(shares.argmax()), shares.shape)
    old, new = (float(side[row]) for side in columns[column])
    said = (
        f"{_count(len(here))} {'has' if len(here) == 1 else 'have'} other values, first "
        f"{iso(kept.stamps[here[0]])}; the largest difference is in "
        f"{PRICE_COLUMNS[column] if of_prices else 'volume'} at {iso(kept.stamps[here[row]])}: {old:.10g} is kept, "
        f"{new:.10g} given ({abs(new - old):.6g}{f', {shares[column, row]:.3%}' if old else ''})"
    )
    factor = _factor(prices) if of_prices else None
    return said + (f"; all prices differ by the factor {factor:.6g}: adjusted anew?" if factor else "")


def _factor(prices: list[tuple[Any, Any]]) -> float | None:
    """Return the one factor between kept and given prices, where there is one."""
    if any((old == 0).any() for old, _ in prices):
        return None
    ratios = np.concatenate([new / old for old, new in prices])
    middle = float(np.median(ratios))
    one = len(prices[0][0]) > 1 and middle != 1 and np.ptp(ratios) <= _ONE_FACTOR * abs(middle)
    return middle if one else None


def _count(number: int) -> str:
    return f"{number:,} bar{'s' * (number != 1)}"
