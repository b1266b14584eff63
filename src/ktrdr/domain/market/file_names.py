"""Names as single path components that can be read back."""

from urllib.parse import quote, unquote

LONGEST = 200
"""Bytes; what file systems allow, less room for what is put behind a name."""
_SAFE = "^.-=+&@"


def to_file_name(text: str) -> str:
    """Return a visible path component for any text; `from_file_name` reads it back exactly."""
    encoded = quote(text, safe=_SAFE)
    return "%2E" + encoded[1:] if encoded.startswith(".") else encoded


def from_file_name(name: str) -> str:
    """Return the text that `to_file_name` was given."""
    return unquote(name)
