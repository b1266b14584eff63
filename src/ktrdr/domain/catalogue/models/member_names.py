"""Names of members of an ensemble: they are parts of file names."""

from __future__ import annotations

NAME = r"[A-Za-z][A-Za-z0-9_]{0,39}"
CLASS_SHARES = "class_shares"
TRAIN_MEAN = "train_mean"
RESERVED = frozenset({CLASS_SHARES, TRAIN_MEAN})
"""Names of members that nobody writes."""
