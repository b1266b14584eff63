"""Neural networks: of single rows, and of windows of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from ktrdr.domain.catalogue.models.spec import Advice, Architecture, ModelType, Window
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import EARLY_STOPPING, EVERY, FITTING, LOSS_AT, OF_WINDOWS, SCHEDULER

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

_network = partial(
    ModelType,
    sections={"early_stopping": EARLY_STOPPING, "lr_scheduler": SCHEDULER},
    ignored={
        "output_activation": "has no effect: the network gives logits, and probabilities come from softmax "
        "(a regression gives its value as it is)"
    },
    learns_sets=True,
    can_begin=True,
    forecasts_steps=True,
    advice=Advice(
        simpler="make the network smaller",
        restrained="raise `dropout` or `weight_decay`",
        larger="a larger network or learning rate",
    ),
)
_network_of_windows = partial(
    _network,
    settings=(
        *(replace(item, default=64) if item.name == "batch_size" else item for item in FITTING),
        *OF_WINDOWS,
    ),
    window=lambda architecture: Window(
        architecture[SEQUENCE_LENGTH.name], SEQUENCE_LENGTH.name, architecture[BREAK_AT_SESSION.name]
    ),
    starter={"sequence_length": 32, "hidden_size": 32, "num_layers": 1, "dropout": 0.2},
)


def _without_layers(architecture: Architecture) -> dict[str, str]:
    if architecture.get("hidden_layers", True):
        return {}
    return dict.fromkeys(("activation", "dropout", "batch_norm"), "has no effect without hidden_layers")


MLP = _network(
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
    idle=_without_layers,
    starter={"hidden_layers": [32, 16], "dropout": 0.2},
    settings=FITTING,
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

LSTM = _network_of_windows(
    name="lstm",
    description="Long short-term memory (Hochreiter and Schmidhuber 1997) over a window of rows: the last hidden "
    "state, or additive attention over all of them (Bahdanau, Cho and Bengio 2015).",
    parameters=_RECURRENT,
    aliases=("long_short_term_memory",),
)
GRU = _network_of_windows(
    name="gru",
    description="Gated recurrent unit (Cho et al. 2014) over a window of rows: the last hidden state, or additive "
    "attention over all of them.",
    parameters=_RECURRENT,
    aliases=("gated_recurrent_unit",),
)


def _heads_divide_the_width(architecture: Architecture) -> tuple[str, str] | None:
    width, heads = architecture["hidden_size"], architecture["num_heads"]
    if width % heads == 0:
        return None
    allowed = ", ".join(str(count) for count in range(1, min(width, 64) + 1) if width % count == 0)
    return "num_heads", f"{heads} does not divide hidden_size {width}; allowed: {allowed}"


def _every_row_looks_back(architecture: Architecture, settings: Mapping[str, Any]) -> tuple[str, str] | None:
    if settings.get(LOSS_AT.name) != EVERY or architecture["causal"]:
        return None
    return LOSS_AT.name, f"{EVERY} needs rows that look back only; write model.architecture.causal: true"


TRANSFORMER = _network_of_windows(
    name="transformer",
    description="Transformer encoder (Vaswani et al. 2017; norm before each block) over a window of rows with "
    "sinusoidal "
    "positions, or by distance where it is causal; the last position gives the outputs. Widths in multiples "
    "of 4 predict fastest: others are run window by window where the CPU would round them by their place in a batch.",
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
        Parameter(
            "causal",
            "bool",
            False,
            description="each row of a window attends to itself and those before it, less to those further back "
            "(Press, Smith and Lewis 2022), in place of positions",
            silent=True,
        ),
        BREAK_AT_SESSION,
    ),
    aliases=("transformer_encoder",),
    check=_heads_divide_the_width,
    unfit=_every_row_looks_back,
)
