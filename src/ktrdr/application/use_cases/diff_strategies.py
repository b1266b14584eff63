"""Diff: what changes in features, labels and settings from one strategy to another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.contract import feature_contract
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import render

_IN_FEATURES = ("indicators", "fuzzy_sets", "nn_inputs")
_SAME_KERNELS = dict.fromkeys(INDICATORS, "")


@dataclass(frozen=True, slots=True)
class StrategyDifference:
    """What changes from one strategy to another.

    Attributes
    ----------
    added, removed : tuple of str
        Feature ids that only the later, only the earlier one has, in its order.
    moved : tuple of str
        Ids of both that stand in another order; as few as explain it.
    redefined : mapping of id to mapping of field to (old, new)
        Ids of both whose values come about in another way.
    labels, settings : mapping of path to (old, new)
        None where one side does not have the path. Settings are all but features and labels.
    same_contract : bool
        Whether a model of one would accept the features of the other.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    moved: tuple[str, ...]
    redefined: Mapping[str, Mapping[str, tuple[Any, Any]]]
    labels: Mapping[str, tuple[Any, Any]]
    settings: Mapping[str, tuple[Any, Any]]
    same_contract: bool

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""

        def changes(found: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
            return {name: {"old": old, "new": new} for name, (old, new) in found.items()}

        return {
            "features": {
                "added": list(self.added),
                "removed": list(self.removed),
                "moved": list(self.moved),
                "redefined": {name: changes(fields) for name, fields in self.redefined.items()},
            },
            "labels": changes(self.labels),
            "settings": changes(self.settings),
            "same_contract": self.same_contract,
        }


class DiffStrategies:
    """Compares what two strategies mean, not how they are written."""

    def execute(self, old: Strategy, new: Strategy) -> StrategyDifference:
        """Return what changes from the effective strategy `old` to `new`."""
        before, after = (
            {entry["id"]: entry for entry in feature_contract(resolve(item), _SAME_KERNELS)} for item in (old, new)
        )
        shared = [name for name in before if name in after]
        redefined = {name: _changes(before[name], after[name]) for name in shared if before[name] != after[name]}
        documents = [_flat(_without_features(render(item))) for item in (old, new)]
        found = _changes(*documents)
        labels = {path: change for path, change in found.items() if path.startswith("training.labels.")}
        return StrategyDifference(
            added=tuple(name for name in after if name not in before),
            removed=tuple(name for name in before if name not in after),
            moved=_moved(shared, [name for name in after if name in before]),
            redefined=redefined,
            labels=labels,
            settings={path: change for path, change in found.items() if path not in labels},
            same_contract=list(before.values()) == list(after.values()),
        )


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    paths = dict.fromkeys([*old, *new])
    return {path: (old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)}


def _without_features(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _IN_FEATURES}


def _flat(document: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        below = f"{path}.{name}" if path else name
        flat |= _flat(value, below) if isinstance(value, Mapping) else {below: value}
    return flat


def _moved(old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
    """Return what is left of the new order beside its longest part that stands in the old order."""
    place = {name: index for index, name in enumerate(old)}
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for name in new:
        at = bisect_left(tails, place[name])
        tails[at : at + 1] = [place[name]]
        ends[at : at + 1] = [name]
        before[name] = ends[at - 1] if at else None
    kept, name_or_none = set(), ends[-1] if ends else None
    while name_or_none is not None:
        kept.add(name_or_none)
        name_or_none = before[name_or_none]
    return tuple(name for name in new if name not in kept)
