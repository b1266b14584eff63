"""List: the features of a strategy, in the order that is the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import Strategy


@dataclass(frozen=True, slots=True)
class FeatureListing:
    """The name of a strategy, and the ids of its features."""

    name: str
    features: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"name": self.name, "features": list(self.features)}


class ListFeatures:
    """Resolves a strategy; no bars are read."""

    def execute(self, strategy: Strategy) -> FeatureListing:
        """Return every feature id."""
        return FeatureListing(strategy.name, tuple(feature.id for feature in resolve(strategy)))
