"""Model types that a strategy may name, as pure data; the networks stand in the adapters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ktrdr.domain.catalogue.parameters import Parameter

ACTIVATIONS = ("relu", "tanh", "sigmoid", "leaky_relu", "gelu", "silu")


@dataclass(frozen=True, slots=True)
class ModelType:
    """One kind of model.

    Attributes
    ----------
    name : str
        What ``model.type`` says.
    description : str
        One line for the reference pages.
    parameters : tuple of Parameter
        All that ``model.architecture`` decides.
    aliases : tuple of str
        Other spellings of the name.
    ignored : mapping of str to str
        Keys of ``model.architecture`` that older files carry and that have no effect, each with the reason to warn
        with.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)


_OUTPUT_ACTIVATION = {
    "output_activation": "has no effect: the network gives logits, and probabilities come from softmax "
    "(a regression gives its value as it is)"
}

MLP = ModelType(
    name="mlp",
    description="Feed-forward network: per hidden layer linear, batch norm where asked for, activation, dropout.",
    parameters=(
        Parameter(
            "hidden_layers", "ints", [64, 32], low=1, high=8192, description="width of each; empty: a linear model"
        ),
        Parameter("activation", "str", "relu", choices=ACTIVATIONS, description="between the layers"),
        Parameter("dropout", "float", 0.2, low=0, high=0.99, description="share of hidden values dropped in training"),
        Parameter("batch_norm", "bool", False, description="normalise hidden values over the batch"),
    ),
    aliases=("multilayer_perceptron", "feedforward", "neural_network"),
    ignored=_OUTPUT_ACTIVATION,
)

MODEL_TYPES: Mapping[str, ModelType] = {model.name: model for model in (MLP,)}
"""Every model type by name."""

_BY_SPELLING = {spelling: model for model in MODEL_TYPES.values() for spelling in (model.name, *model.aliases)}


def find_model_type(name: str) -> ModelType | None:
    """Return the model type of that name or alias, or None; case does not count."""
    return _BY_SPELLING.get(name.casefold())
