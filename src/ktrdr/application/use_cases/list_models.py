"""List: what is published, and what each model was found to be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import METRICS, Artifact, StoredModel
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


class ListModels:
    """Reads every published version; one that is damaged is listed with its problem."""

    def __init__(self, storage: ModelStorage) -> None:
        self._storage = storage

    def execute(self) -> tuple[ListedModel, ...]:
        """Return all versions, in the order of the storage.

        Raises
        ------
        Unavailable
            If the storage cannot be listed.
        """
        return tuple(self._listed(stored) for stored in self._storage.versions())

    def _listed(self, stored: StoredModel) -> ListedModel:
        try:
            artifact = self._storage.load(stored.reference)
            verdict = _verdict(artifact)
        except KtrdrError as error:
            return ListedModel(stored, "", {}, {}, str(error), stored.key.timeframe)
        manifest = artifact.manifest
        return ListedModel(
            stored,
            manifest.created_at,
            manifest.training_metrics,
            verdict,
            timeframe=manifest.base_timeframe,
            trained_on=tuple(manifest.training_symbols),
        )


def _verdict(artifact: Artifact) -> dict[str, Any]:
    verdict = artifact.document(METRICS).get("verdict")
    return verdict if isinstance(verdict, dict) else {}
