"""Load: a strategy's model for a symbol; the universal one, the symbol's own, or a similar symbol's."""

from __future__ import annotations

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.serving.choosing import find_among
from ktrdr.application.serving.wanted import LoadedModel, LoadRequest

__all__ = ["LoadModel", "LoadRequest", "LoadedModel"]


class LoadModel:
    """Finds the model that serves a symbol, and says why it is this one."""

    def __init__(self, data: DataRepository, storage: ModelStorage) -> None:
        self._data = data
        self._storage = storage

    def execute(self, request: LoadRequest) -> LoadedModel:
        """Return the model with its reference and reason.

        Raises
        ------
        DataNotFound, ModelNotFound, InvalidInput, Unavailable
            See `find_among`.
        """
        return find_among(self._data, self._storage, request)
