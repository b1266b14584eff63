"""Times as people, vendors and programs write them."""

from ktrdr.adapters.data.times.column import utc_times
from ktrdr.adapters.data.times.zones import Times

__all__ = ["Times", "utc_times"]
