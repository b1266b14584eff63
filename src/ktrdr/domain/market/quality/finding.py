"""What a rule found, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, iso

Severity = Literal["info", "warning", "error"]
_NAMED_AT_MOST = 5
_KEPT_AT_MOST = 500
_OF_ONE = {
    "are": "is",
    "have": "has",
    "those": "that",
    "their": "its",
    "them": "it",
    "splits": "a split",
    "were": "was",
}


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one rule found in one series.

    Attributes
    ----------
    count, of : int
        How many, and of how many.
    places : ndarray of int64, shape (n_places,)
        Stamps of bars, or dates of sessions (UTC nanoseconds), ascending.
    sentence : str
        One plain sentence.
    example : str
        One of the places, with its values.
    """

    count: int
    of: int
    places: Int64s
    sentence: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of one rule in one series, or one pool.

    Attributes
    ----------
    rule : str
        Id of the rule.
    severity : str
        ``info``, ``warning`` or ``error``.
    series : str
        ``AAPL 1d``, ``context data fred/DGS2``, or ``the symbols together``.
    count, of : int
        How many, and of how many.
    places : tuple of int
        Stamps or dates that are concerned (UTC nanoseconds), the first few hundred.
    example, sentence, advice : str
        One of the places with its values; what was found; what to do.
    refused : bool
        Whether the limits refuse it.
    """

    rule: str
    severity: Severity
    series: str
    count: int
    of: int
    places: tuple[int, ...]
    example: str
    sentence: str
    advice: str
    refused: bool = False

    @property
    def said(self) -> str:
        """The sentence with the series that it is about."""
        return f"{self.series}: {self.sentence}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, with the first few places."""
        names = ("rule", "severity", "series", "count", "of", "example", "sentence", "advice", "refused")
        where = [iso(place) for place in self.places[:_NAMED_AT_MOST]]
        return {name: getattr(self, name) for name in names} | {"where": where}


def kept_places(found: Found) -> tuple[int, ...]:
    """Return the places that a finding keeps."""
    return tuple(found.places[:_KEPT_AT_MOST].tolist())


def marked(bars: Bars, marks: Bools, sentence: str, shown: str = "") -> Found | None:
    """Return what is found where some bars are marked; None where none is.

    Parameters
    ----------
    bars : Bars
    marks : ndarray of bool, shape (n_bars,)
    sentence : str
        What is said of "3 of 7 bars"; the first few places follow it.
    shown : str
        What to say of the places instead of their stamps.
    """
    rows = np.flatnonzero(marks)
    if not len(rows):
        return None
    told = sentence if len(rows) > 1 else _of_one(sentence)
    said = f"{len(rows)} of {len(bars)} bars {told}: {shown or named(bars.stamps[rows])}"
    return Found(len(rows), len(bars), bars.stamps[rows], said, bar_text(bars, int(rows[0])))


def counted(count: int, noun: str) -> str:
    """Return how many of something, ``1 bar`` or ``2 bars``."""
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _of_one(sentence: str) -> str:
    """Return what is said of many bars as it is said of one: ``lie on ...`` as ``lies on ...``."""
    verb, *others = sentence.split()
    return " ".join([_OF_ONE.get(verb, f"{verb}s"), *(_OF_ONE.get(word, word) for word in others)])


def named(stamps: Int64s, days: bool = False) -> str:
    """Return the first few stamps, or their days, and how many more there are."""
    shown = ", ".join(iso(stamp)[: 10 if days else None] for stamp in stamps[:_NAMED_AT_MOST])
    return shown + rest(len(stamps))


def rest(total: int) -> str:
    """Return how many are not named."""
    return f" and {total - _NAMED_AT_MOST} more" if total > _NAMED_AT_MOST else ""


def bar_text(bars: Bars, row: int) -> str:
    """Return one bar with its values."""
    values = ", ".join(f"{name} {getattr(bars, name)[row]:.10g}" for name in BAR_COLUMNS)
    return f"{iso(bars.stamps[row])}: {values}"
