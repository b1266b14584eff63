"""List: what is published, and what each model was found to be worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import METRICS, StoredModel
from ktrdr.domain.artifacts.manifest import base_timeframe
from ktrdr.domain.errors import KtrdrError


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One published version.

    Attributes
    ----------
    stored : StoredModel
    created_at : str
        Empty where the model cannot be read.
    metrics : dict
        The metrics of the test rows that are one number each.
    verdict : dict
        As ``metrics.json`` holds it; empty where there is none.
    problem : str or None
        Why the model cannot be read.
    timeframe : str or None
        Of the rows that it serves; None for a universal model that cannot be read.
    trained_on : tuple of str
        Its training symbols; empty where the model cannot be read.
    """

    stored: StoredModel
    created_at: str
    metrics: dict[str, Any]
    verdict: dict[str, Any]
    problem: str | None = None
    timeframe: str | None = None
    trained_on: tuple[str, ...] = ()


Overview = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The fields of a manifest, and the content of ``metrics.json``."""


class ListModels:
    """Reads what every published version says of itself; one that is damaged is listed with its problem.

    Parameters
    ----------
    storage : ModelStorage
    read : callable, optional
        Returns the `Overview` of a version without looking at the rest of it; by default it is loaded.
    """

    def __init__(self, storage: ModelStorage, read: Callable[[StoredModel], Overview] | None = None) -> None:
        self._storage = storage
        self._read = read or self._load

    def execute(self) -> tuple[ListedModel, ...]:
        """Return all versions, in the order of the storage.

        Raises
        ------
        Unavailable
            If the storage cannot be listed.
        """
        return tuple(self._listed(stored) for stored in self._storage.versions())

    def _load(self, stored: StoredModel) -> Overview:
        artifact = self._storage.load(stored.reference)
        return artifact.manifest.as_dict(), artifact.document(METRICS)

    def _listed(self, stored: StoredModel) -> ListedModel:
        try:
            manifest, report = self._read(stored)
        except KtrdrError as error:
            return ListedModel(stored, "", {}, {}, str(error), stored.key.timeframe)
        verdict = report.get("verdict")
        return ListedModel(
            stored,
            manifest["created_at"],
            manifest["training_metrics"],
            verdict if isinstance(verdict, dict) else {},
            timeframe=base_timeframe(manifest["timeframe"], manifest["strategy"]),
            trained_on=tuple(manifest["training_symbols"]),
        )
