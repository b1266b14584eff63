"""What each family of errors gives the shell."""

from __future__ import annotations

EXIT_CODES = {
    "invalid_input": 2,
    "not_found": 3,
    "conflict": 4,
    "unavailable": 5,
    "training_failed": 6,
    "incomplete": 7,
    "interrupted": 130,
}
"""``incomplete`` is no error's family: some of several jobs failed, the others are done."""
