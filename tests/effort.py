"""How many examples each law is tried on: a tenth while one works, all of them in CI, ten times as many at night."""

from __future__ import annotations

from hypothesis import settings

PERCENT = {"dev": 10, "ci": 100, "nightly": 1000}
AT_LEAST = 5


def register_profiles() -> None:
    """Register a profile of each name; `ci` tries the same examples every time, so that it never fails by chance."""
    for name, percent in PERCENT.items():
        settings.register_profile(name, max_examples=percent, deadline=None, derandomize=name == "ci", print_blob=True)


def examples(asked: int) -> int:
    """Return how many examples a law gets that asks for `asked`, in the profile that is loaded."""
    return max(min(asked, AT_LEAST), asked * settings().max_examples // 100)
