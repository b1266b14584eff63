"""Settings of a training run that a strategy may name, with their bounds and defaults."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.catalogue.parameters import Parameter

FROM_UNIVERSAL = "from universal"
INITIALISE = Parameter(
    "initialise",
    "str",
    "at random",
    choices=("at random", FROM_UNIVERSAL),
    description="where the weights begin; a symbol's own model can begin with those of the strategy's universal one",
)
CLASS_WEIGHTS = Parameter(
    "class_weights", "str", "none", choices=("none", "balanced"), description="weight of each class in the loss"
)
FITTING = (
    Parameter("epochs", "int", 100, low=1, high=10_000, description="passes over the train rows, at most"),
    Parameter("batch_size", "int", 32, low=1, high=1_000_000, description="rows per step"),
    Parameter("learning_rate", "float", 0.001, low=0, high=10, above=True, description="step size"),
    Parameter(
        "optimizer", "str", "adam", choices=("adam", "adamw", "sgd", "rmsprop"), description="how weights are moved"
    ),
    Parameter("weight_decay", "float", 0.0, low=0, high=10, description="pull of the weights towards 0"),
    Parameter("focal_gamma", "float", 2.0, low=0, high=100, description="focal loss: how little easy rows count"),
    Parameter("huber_delta", "float", 1.0, low=0, above=True, description="where the huber loss turns linear"),
    CLASS_WEIGHTS,
    Parameter("gradient_clip", "float", 1.0, low=0, description="largest gradient norm; 0 means no limit"),
)
"""How weights are fitted step by step."""
EVERY = "every"
LOSS_AT = Parameter(
    "loss_at",
    "str",
    "last",
    choices=("last", EVERY),
    description="last: a loss at the last row of each window; every: at each row of a chunk that has a whole window "
    "before it, many times as many rows a second",
    silent=True,
)
CHUNK = Parameter(
    "chunk",
    "int",
    60,
    low=1,
    high=10_000,
    description="every: rows of a chunk; the first of them has a whole window before it",
    silent=True,
)
OF_WINDOWS = (LOSS_AT, CHUNK)
"""How a network of windows is fitted."""
MOST_STEPS = 100
"""Numbers of bars ahead that one network may forecast."""
FORECAST_STEPS = Parameter(
    "forecast_steps",
    "ints",
    [],
    low=1,
    high=10_000,
    description="bars ahead that one network forecasts at once, a head each; the labels' own number must be among them",
    silent=True,
)
SEED = Parameter("seed", "int", 0, low=0, high=10**18, description="decides every random draw")
SETTINGS = (*FITTING, FORECAST_STEPS, SEED, INITIALISE)
"""The plain settings of every model that is fitted step by step, in the order of the reference."""
REPTILE = "reptile"
COMBINATION = Parameter(
    "combination",
    "str",
    "balanced",
    choices=("balanced", "downsample", "concatenate", "interleaved", REPTILE),
    description="how a pooled model weighs the rows of its symbols; reptile learns a start for other fits",
)
LEARNING_TO_LEARN = (
    Parameter(
        "tasks",
        "str",
        "symbols",
        choices=("symbols", "regimes"),
        description="what the start is learned over; regimes: the one that it is at a row, of labels that know it",
    ),
    Parameter("inner_steps", "int", 8, low=1, high=10_000, description="steps on a task, of `batch_size` rows each"),
    Parameter(
        "outer_rate",
        "float",
        1.0,
        low=0,
        high=1,
        above=True,
        description="share of the way to a task's weights that the start is moved at first; falls to 0 in a line",
    ),
    Parameter(
        "few_rows", "int", 250, low=50, high=1_000_000, description="rows of a symbol never seen to try starts on"
    ),
)
"""What ``training.reptile`` decides."""
EARLY_STOPPING = (
    Parameter("enabled", "bool", True, description="stop when the validation part gets no better"),
    Parameter("patience", "int", 15, low=1, high=100_000, description="epochs without improvement"),
    Parameter("min_delta", "float", 0.0001, low=0, description="an epoch counts as better only by more than this"),
    Parameter("monitor", "str", "val_loss", choices=("val_loss", "val_accuracy"), description="what is watched"),
)
SCHEDULER = (
    Parameter(
        "type",
        "str",
        "constant",
        choices=("constant", "step", "exponential", "reduce_on_plateau", "cosine"),
        description="how the learning rate changes",
    ),
    Parameter("step_size", "int", 30, low=1, description="step: epochs between two steps"),
    Parameter("gamma", "float", 0.1, low=0, high=1, above=True, description="step, exponential: factor"),
    Parameter("factor", "float", 0.5, low=0, high=1, above=True, description="reduce_on_plateau: factor"),
    Parameter("patience", "int", 5, low=0, description="reduce_on_plateau: epochs without improvement"),
    Parameter("min_lr", "float", 0.0, low=0, description="all but constant: smallest learning rate"),
)
SPLIT = (
    Parameter("train", "float", 0.7, low=0, high=1, above=True, description="share of the rows, oldest first"),
    Parameter("validation", "float", 0.15, low=0, high=1, above=True, description="share that chooses the epoch"),
    Parameter("test", "float", 0.15, low=0, high=1, above=True, description="share that judges, newest"),
    Parameter("embargo_bars", "int", 0, low=0, description="further base bars left out before each border"),
)
LOSSES: Mapping[str, tuple[str, ...]] = {
    "classification": ("cross_entropy", "focal"),
    "regression": ("mse", "huber"),
}
"""Losses by kind of target, the default first."""

METRICS: Mapping[str, tuple[str, ...]] = {
    "classification": ("log_loss", "accuracy", "brier"),
    "regression": ("mse", "mae"),
}
"""Metrics that may be primary, by kind of target, the default first."""
