"""Where a model lies, and what to say about one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import ModelNotFound, did_you_mean, shown, shown_path

_SHOWN = 5
_NONE = "there are no models yet"


def model_not_found(reference: str, versions: Iterable[StoredModel], where: str) -> ModelNotFound:
    """Return the error for what names no model: it lists a few of what there is, and names the nearest.

    Parameters
    ----------
    reference : str
        A name without a slash may be meant for a strategy, or be one.
    versions : iterable of StoredModel
        All that there are.
    where : str
        Where they lie.
    """
    there, place = list(versions), shown_path(where)
    own = [version for version in there if reference in {version.key.strategy, version.key.folder}]
    if own:
        names = [version.reference for version in sorted(own, key=lambda one: not one.is_latest)]
        return ModelNotFound(f"{shown(reference)} is a strategy: name one of its models; there are {listed(names)}")
    if "/" not in reference:
        return ModelNotFound(f"no model or strategy {shown(reference)} in {place}; {_models_of(reference, there)}")
    shelf, _, name = reference.partition("/")
    there.sort(key=lambda one: (one.key.folder != shelf, not name.startswith(one.key.stem)))
    known = [version.reference for version in there]
    said = f"there are {listed(known)}" if known else _NONE
    meant = did_you_mean(reference, [*known, *(one.key.reference(None) for one in there if one.is_latest)])
    return ModelNotFound(f"no model {shown(reference)} in {place}; {said}{meant}")


def no_such_strategy(strategy: str, versions: Iterable[StoredModel]) -> ModelNotFound:
    """Return the error for a strategy without any model: it lists those that have some and names the nearest."""
    return ModelNotFound(f"no model of strategy {shown(strategy)}; {_models_of(strategy, list(versions))}")


def _models_of(name: str, versions: Sequence[StoredModel]) -> str:
    known = sorted({version.key.strategy for version in versions})
    there = f"there are models of {listed(known)}" if known else _NONE
    return f"{there}{did_you_mean(name, [*known, *(version.reference for version in versions)])}"


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
