"""The port through which the present comes in; the domain has none."""

from __future__ import annotations

from collections.abc import Callable

Clock = Callable[[], int]
"""Returns the present moment, in UTC nanoseconds since the epoch."""
