"""How much of each kind of document is read; whatever has more is refused before it costs time or memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is read of one kind of document.

    Attributes
    ----------
    kind : str
        What the document is, for messages.
    size : int
        Bytes of the file.
    values : int
        Keys, lists, mappings and scalars, every alias written out; each `LETTERS` characters of a text count as one
        more.
    """

    kind: str
    size: int
    values: int = 0


STRATEGY = Limits("a strategy", 1_000_000, 100_000)
SYMBOL_CATALOGUE = Limits("a catalogue of symbols", 4_000_000, 400_000)
SYMBOL_LIST = Limits("a list of symbols", 4_000_000)
SETTINGS = Limits("settings", 64_000)
TRIAL = Limits("a trial", 1_000_000)

LEVELS = 40
"""How deep lists and mappings may lie within each other."""
DIGITS = 100
"""Characters of a written number: Python takes quadratic time to read longer ones, or refuses to show them."""
LETTERS = 100
NAME = 1000
"""Characters of a key."""
