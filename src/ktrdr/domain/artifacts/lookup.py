"""What to say about a model that is not there."""

from __future__ import annotations

from collections.abc import Iterable

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.errors import ModelNotFound, did_you_mean

_SHOWN = 12


def model_not_found(reference: str, versions: Iterable[StoredModel], where: str) -> ModelNotFound:
    """Return the error that lists what there is and names the nearest."""
    known: list[str] = []
    for version in versions:
        known += [version.reference, version.key.reference(None)] if version.is_latest else [version.reference]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    there = f"there are {', '.join(known[:_SHOWN])}{more}" if known else "there are no models yet"
    return ModelNotFound(f"no model {reference!r} in {where}; {there}{did_you_mean(reference, known)}")
