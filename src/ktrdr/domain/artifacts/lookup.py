"""Where a model lies, and what to say about one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import ModelNotFound, did_you_mean, shown, shown_path

_SHOWN = 5


def model_not_found(reference: str, versions: Iterable[StoredModel], where: str) -> ModelNotFound:
    """Return the error that lists a few of what there is, those of its strategy first, and names the nearest."""
    known: list[str] = []
    shelf, _, name = reference.partition("/")
    for version in sorted(versions, key=lambda one: (one.key.folder != shelf, not name.startswith(one.key.stem))):
        known += [version.reference, version.key.reference(None)] if version.is_latest else [version.reference]
    there = f"there are {listed(known)}" if known else "there are no models yet"
    return ModelNotFound(f"no model {shown(reference)} in {shown_path(where)}; {there}{did_you_mean(reference, known)}")


def no_such_strategy(strategy: str, versions: Iterable[StoredModel]) -> ModelNotFound:
    """Return the error for a strategy without any model: it lists those that have some and names the nearest."""
    known = sorted({version.key.strategy for version in versions})
    there = f"there are models of {listed(known)}" if known else "there are no models yet"
    return ModelNotFound(f"no model of strategy {shown(strategy)}; {there}{did_you_mean(strategy, known)}")


def location_of(versions: Iterable[StoredModel], model: str, manifest: Manifest) -> str:
    """Return where a version lies itself, for a reference or path of it or of ``latest``, which moves on."""
    reference, latest = (manifest.key.reference(number) for number in (manifest.version, None))
    if model in {reference, latest}:
        return next((item.location for item in versions if item.reference == reference), model)
    path = PurePath(model)
    return str(path.with_name(manifest.key.name(manifest.version)) if path.name == manifest.key.name(None) else path)


def listed(names: Sequence[str], between: str = ", ") -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return between.join(names[:_SHOWN]) + more
