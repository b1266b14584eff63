"""Names of members: parts of file names."""

from __future__ import annotations

from ktrdr.domain.training.ensemble.prior import CLASS_SHARES, TRAIN_MEAN

NAME = r"[A-Za-z][A-Za-z0-9_]{0,39}"
RESERVED = frozenset({CLASS_SHARES, TRAIN_MEAN})
"""Names of members that nobody writes."""
