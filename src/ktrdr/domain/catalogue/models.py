"""Model types that a strategy may name, as pure data; the networks stand in the adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter

SEQUENCE_LENGTH = Parameter(
    "sequence_length",
    "int",
    None,
    low=1,
    high=5000,
    aliases=("seq_length", "seq_len", "window_size"),
    description="rows read per sample: the row itself and those before it",
    required=True,
)
BREAK_AT_SESSION = Parameter(
    "break_at_session", "bool", False, description="no window reaches from one trading session into the next"
)
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
    check : callable or None
        Architecture to the name of a parameter and what is wrong with it where parameters contradict each other,
        else None.
    """

    name: str
    description: str
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()
    ignored: Mapping[str, str] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], tuple[str, str] | None] = lambda _: None

    @property
    def reads_windows(self) -> bool:
        """Whether a sample is a window of rows, not one row."""
        return any(parameter.name == SEQUENCE_LENGTH.name for parameter in self.parameters)


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

_HIDDEN_SIZE = Parameter(
    "hidden_size",
    "int",
    64,
    low=1,
    high=4096,
    aliases=("hidden_dim", "hidden_units", "d_model"),
    description="width of the hidden state",
)
_NUM_LAYERS = Parameter(
    "num_layers", "int", 2, low=1, high=16, aliases=("n_layers", "layers"), description="layers on top of each other"
)
_DROPOUT = Parameter(
    "dropout", "float", 0.2, low=0, high=0.99, description="share of the values between layers dropped in training"
)
_RECURRENT = (
    SEQUENCE_LENGTH,
    _HIDDEN_SIZE,
    _NUM_LAYERS,
    _DROPOUT,
    Parameter(
        "attention",
        "bool",
        False,
        aliases=("use_attention",),
        description="weigh the hidden states of all rows instead of taking the last one",
    ),
    BREAK_AT_SESSION,
)

LSTM = ModelType(
    name="lstm",
    description="Long short-term memory (Hochreiter and Schmidhuber 1997) over a window of rows: the last hidden "
    "state, or additive attention over all of them (Bahdanau, Cho and Bengio 2015).",
    parameters=_RECURRENT,
    aliases=("long_short_term_memory",),
    ignored=_OUTPUT_ACTIVATION,
)
GRU = ModelType(
    name="gru",
    description="Gated recurrent unit (Cho et al. 2014) over a window of rows: the last hidden state, or additive "
    "attention over all of them.",
    parameters=_RECURRENT,
    aliases=("gated_recurrent_unit",),
    ignored=_OUTPUT_ACTIVATION,
)


def _heads_divide_the_width(architecture: Mapping[str, Any]) -> tuple[str, str] | None:
    width, heads = architecture["hidden_size"], architecture["num_heads"]
    if width % heads == 0:
        return None
    allowed = ", ".join(str(count) for count in range(1, min(width, 64) + 1) if width % count == 0)
    return "num_heads", f"{heads} does not divide hidden_size {width}; allowed: {allowed}"


TRANSFORMER = ModelType(
    name="transformer",
    description="Transformer encoder (Vaswani et al. 2017; norm before each block) over a window of rows with "
    "sinusoidal positions; the last position gives the outputs. Widths in multiples of 4 predict fastest: others are "
    "run window by window where the CPU would round them by their place in a batch.",
    parameters=(
        SEQUENCE_LENGTH,
        _HIDDEN_SIZE,
        Parameter(
            "num_heads",
            "int",
            4,
            low=1,
            high=64,
            aliases=("n_heads", "heads", "nhead"),
            description="attention heads; must divide hidden_size",
        ),
        _NUM_LAYERS,
        Parameter(
            "feedforward_size",
            "int",
            128,
            low=1,
            high=16_384,
            aliases=("dim_feedforward", "feedforward_dim", "d_ff"),
            description="width of the feed-forward block",
        ),
        _DROPOUT,
        BREAK_AT_SESSION,
    ),
    aliases=("transformer_encoder",),
    ignored=_OUTPUT_ACTIVATION,
    check=_heads_divide_the_width,
)

MODEL_TYPES: Mapping[str, ModelType] = {model.name: model for model in (MLP, LSTM, GRU, TRANSFORMER)}
"""Every model type by name."""

_BY_SPELLING = {spelling: model for model in MODEL_TYPES.values() for spelling in (model.name, *model.aliases)}


def find_model_type(name: str) -> ModelType | None:
    """Return the model type of that name or alias, or None; case does not count."""
    return _BY_SPELLING.get(name.casefold())
