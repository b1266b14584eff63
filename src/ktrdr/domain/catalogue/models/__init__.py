"""Model types that a strategy may name, as pure data: one file a family, one row a type."""

from __future__ import annotations

from ktrdr.domain.catalogue.models.ensembles import ENSEMBLE
from ktrdr.domain.catalogue.models.forests import EXTRA_TREES, RANDOM_FOREST
from ktrdr.domain.catalogue.models.linear import LOGISTIC, RIDGE
from ktrdr.domain.catalogue.models.networks import GRU, LSTM, MLP, TRANSFORMER
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.models.trees import LIGHTGBM, XGBOOST
from ktrdr.domain.catalogue.models.volatility import EWMA, GARCH, HAR, HYBRID
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import InvalidInput, did_you_mean

_NETWORKS = (MLP, LSTM, GRU, TRANSFORMER)
_TREES = (LIGHTGBM, XGBOOST, RANDOM_FOREST, EXTRA_TREES)
_OF_RETURNS = (GARCH, EWMA, HAR, HYBRID)
MODEL_TYPES: dict[str, ModelType] = {
    model.name: model for model in (*_NETWORKS, LOGISTIC, RIDGE, *_TREES, *_OF_RETURNS, ENSEMBLE)
}
"""Every model type by name."""


def find_model_type(name: str) -> ModelType | None:
    """Return the model type of that name or alias, or None; case does not count."""
    wanted = name.casefold()
    return next((model for model in MODEL_TYPES.values() if wanted in (model.name, *model.aliases)), None)


def model_type(name: str) -> ModelType:
    """Return the model type of just that name.

    Raises
    ------
    InvalidInput
        If there is none; the message lists those that there are.
    """
    if name not in MODEL_TYPES:
        raise InvalidInput(f"model type {name!r} is not known; {allowed_types(name)}")
    return MODEL_TYPES[name]


def allowed_types(name: str) -> str:
    """Return in words which types there are, and the nearest, to end a message with."""
    return f"allowed: {', '.join(MODEL_TYPES)}{did_you_mean(name, MODEL_TYPES)}"


def owners_of(key: str, keys: str) -> tuple[str, ...]:
    """Return the types that have a key of that spelling among their `keys`; see `spellings`."""
    return tuple(model.name for model in MODEL_TYPES.values() if key in spellings(model, keys))


def section_of(key: str, model: ModelType, keys: str) -> str:
    """Return where else a type has a key of that spelling than among its `keys`; empty: nowhere."""
    places = {"architecture": "model.architecture", "training": "training"}
    return next((place for name, place in places.items() if name != keys and key in spellings(model, name)), "")


def spellings(model: ModelType, keys: str) -> tuple[str, ...]:
    """Return every spelling of a type's keys in ``architecture``, in ``training``, or in a section of the latter."""
    parameters = _parameters(model, keys)
    others = {model.section: model.ignored, "training": model.sections}.get(keys, ())
    return (*(name for item in parameters for name in (item.name, *item.aliases)), *others)


def nearest_key(name: str, model: ModelType, keys: str) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest of a type's own keys, or an empty string."""
    return did_you_mean(name, [item.name for item in _parameters(model, keys)])


def _parameters(model: ModelType, keys: str) -> tuple[Parameter, ...]:
    known = {model.section: model.parameters, "training": model.all_settings}
    return known.get(keys, model.sections.get(keys, ()))
