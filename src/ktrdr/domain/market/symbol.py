"""Symbols as text, and as file names that can be read back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.market.file_names import from_file_name, to_file_name

_ALLOWED = re.compile(r"[\x21-\x7e]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """The name of an instrument, as its data source spells it (``AAPL``, ``^GSPC``, ``BRK.B``, ``BTC/USDT``).

    Raises
    ------
    InvalidInput
        If the text is empty, longer than 64 characters, or holds white space or control characters.
    """

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not _ALLOWED.fullmatch(self.text):
            raise InvalidInput(
                f"symbol {shown(self.text)} is not valid; a symbol is 1 to 64 printable ASCII characters without spaces"
            )

    @property
    def file_name(self) -> str:
        """A single, visible path component that `from_file_name` reads back exactly."""
        return to_file_name(self.text)

    @classmethod
    def from_file_name(cls, name: str) -> Symbol:
        """Return the symbol whose `file_name` this is."""
        return cls(from_file_name(name))

    def __str__(self) -> str:
        """Return the symbol's text."""
        return self.text
