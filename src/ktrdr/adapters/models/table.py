"""The trainer of every model type: it asks the one that the table names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from ktrdr.adapters.models import MODELS
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.errors import InvalidInput, Unavailable, to_install
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch


class TableTrainer(ModelTrainer):
    """Fits and restores each model type by its own trainer, which is imported when it is first needed.

    Parameters
    ----------
    device : str, optional
        Where to fit, for those that can choose.
    table : mapping of model type to ``module:Class``
        Each class takes the device.
    """

    def __init__(self, device: str | None = None, table: Mapping[str, str] = MODELS) -> None:
        self._device = device
        self._table = table
        self._trainers: dict[str, ModelTrainer] = {}

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        """Return a model fitted to the task.

        Raises
        ------
        InvalidInput
            If the task asks for what the model type cannot do.
        Unavailable
            If a package that the type needs is not installed; the message names the extra.
        """
        model = task.model.kind
        _require_able(model, task)
        trainer = self._trainer_of(model)
        try:
            return trainer.fit(task, watch)
        except ModuleNotFoundError as error:
            raise _lacking(model, error) from error

    def restore(self, artifact: Artifact) -> FittedModel:
        """Return the stored model.

        Raises
        ------
        Unavailable
            See `fit`.
        """
        return self._trainer_of(read_model_facts(artifact).spec.kind).restore(artifact)

    def _trainer_of(self, model: ModelType) -> ModelTrainer:
        target = self._table[model.name]
        if target not in self._trainers:
            module, _, name = target.partition(":")
            try:
                found = getattr(import_module(module), name)
            except ModuleNotFoundError as error:
                raise _lacking(model, error) from error
            self._trainers[target] = found(self._device)
        return self._trainers[target]


def _lacking(model: ModelType, error: ModuleNotFoundError) -> Exception:
    """Return what to say where a package is missing; a missing module of our own is a fault, and stays one."""
    if error.name is None or error.name.partition(".")[0] == "ktrdr":
        return error
    return Unavailable(f"model type {model.name} needs {error.name}, which is not installed; {to_install(model.extra)}")


def _require_able(model: ModelType, task: FitTask) -> None:
    kind = task.target.kind
    asked: list[tuple[str, bool, Callable[[ModelType], bool]]] = [
        (f"be fitted to a {kind}", True, lambda item: kind in item.losses),
        ("tune fuzzy sets", bool(task.fuzzify), lambda item: item.learns_sets),
        ("forecast several steps", bool(task.steps), lambda item: item.forecasts_steps),
        ("begin with given weights", task.initial is not None, lambda item: item.can_begin),
    ]
    for said, is_asked, is_able in asked:
        if is_asked and not is_able(model):
            able = ", ".join(item.name for item in MODEL_TYPES.values() if is_able(item))
            raise InvalidInput(f"fit: {model.name} can not {said}; types that can: {able or 'none'}")
