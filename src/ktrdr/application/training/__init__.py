"""From prepared rows to a published model: fit, judge, pack."""
