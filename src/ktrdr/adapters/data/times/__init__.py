"""Times as people, vendors and programs write them."""

from ktrdr.adapters.data.times.column import Times, utc_times

__all__ = ["Times", "utc_times"]
