"""Small learnable tasks, and the artifact that a fitted model would be stored as; nothing here imports torch."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import numpy as np

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.catalogue.labels import VOLATILITY
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.settings import EarlyStopping, Member, ModelSpec, TrainingSettings
from samples.models import manifest

CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
VALUE = Target("regression", unit="fraction")
VOLATILITIES = Target.of(VOLATILITY)
ARCHITECTURE: dict[str, Any] = {"hidden_layers": [8], "activation": "relu", "dropout": 0.0, "batch_norm": False}
NO_STOPPING = EarlyStopping(enabled=False)


def mlp(**changes: Any) -> ModelSpec:
    return ModelSpec("mlp", ARCHITECTURE | changes)


WINDOWED: dict[str, dict[str, Any]] = {
    "lstm": {"attention": False},
    "gru": {"attention": False},
    "transformer": {"num_heads": 2, "feedforward_size": 9},
}


def window_spec(kind: str, **changes: Any) -> ModelSpec:
    shared = {"sequence_length": 5, "hidden_size": 6, "num_layers": 1, "dropout": 0.0, "break_at_session": False}
    return ModelSpec(kind, shared | WINDOWED[kind] | changes)


BOOSTED: dict[str, dict[str, Any]] = {
    "lightgbm": {"leaves": 7, "min_rows_in_leaf": 5, "bins": 31},
    "xgboost": {"max_depth": 3, "min_child_weight": 1.0, "bins": 31},
    "random_forest": {"max_depth": 0, "min_rows_in_leaf": 5, "bins": 31},
    "extra_trees": {"max_depth": 6, "min_rows_in_leaf": 3, "bins": 31},
}


SPECS: dict[str, ModelSpec] = {
    "mlp, steps": mlp(hidden_layers=[6]),
    "mlp": mlp(),
    "lstm": window_spec("lstm"),
    "lstm, attention": window_spec("lstm", attention=True, num_layers=2),
    "lstm, every": window_spec("lstm", num_layers=2),
    "gru, steps": window_spec("gru"),
    "gru": window_spec("gru", num_layers=2),
    "gru, attention": window_spec("gru", attention=True),
    "transformer": window_spec("transformer", num_layers=2),
    "transformer, every": window_spec("transformer", num_layers=2, causal=True),
}
SPECS |= {name: ModelSpec(name, shape) for name, shape in BOOSTED.items()}
OF_RETURNS: dict[str, dict[str, Any]] = {
    "garch": {"memory": 20},
    "ewma": {"memory": 12},
    "har": {"spans": [1, 5]},
    "hybrid": {
        "base": {"type": "ewma", "decay": 0.9, "memory": 12, "rescale": "none"},
        "residual": {"type": "gru", "sequence_length": 5, "hidden_size": 6, "num_layers": 1, "dropout": 0.0}
        | {"attention": False, "break_at_session": False},
    },
}
SPECS |= {name: ModelSpec(name, {**MODEL_TYPES[name].example, **small}) for name, small in OF_RETURNS.items()}


def ensemble(*members: Member, **combine: Any) -> ModelSpec:
    """A network of all inputs and one of two of them, combined as `combine` says."""
    default = (
        Member("wide", mlp(), TrainingSettings(epochs=3)),
        Member("narrow", mlp(hidden_layers=[4]), TrainingSettings(epochs=2, seed=1), ("f0", "f2")),
    )
    return ModelSpec("ensemble", MODEL_TYPES["ensemble"].example | combine, members or default)


SPECS |= {
    "ensemble": ensemble(method="voting"),
    "ensemble, hard": ensemble(method="voting", vote="hard"),
    "ensemble, blending": ensemble(
        Member("window", window_spec("gru"), TrainingSettings(epochs=2)),
        Member("row", mlp(), TrainingSettings(epochs=2, class_weights="balanced")),
        method="blending",
    ),
    "ensemble, stacking": ensemble(method="stacking", folds=2),
}
SPECS |= {
    name: ModelSpec(name, kind.example)
    for name, kind in MODEL_TYPES.items()
    if name not in {spec.type for spec in SPECS.values()}
}
"""Every model type, small; one without an entry of its own as a first strategy has it."""
EVERY: dict[str, Any] = {"batch_size": 64, "learning_rate": 0.01, "own": {"loss_at": "every", "chunk": 9}}
SETTINGS: dict[str, dict[str, Any]] = {
    "lstm, every": EVERY,
    "transformer, every": EVERY,
    "mlp, steps": {"steps": (1, 3)},
    "gru, steps": {"steps": (1, 3), **EVERY},
}
"""How a specification is fitted if not by the defaults of its type."""
TYPES: dict[str, ModelSpec] = {spec.type: spec for spec in SPECS.values()}
"""One of each type."""


def target_for(spec: ModelSpec, kind: str) -> Target:
    """What a type can be fitted to, of a kind of target."""
    return VOLATILITIES if spec.kind.labels else {target.kind: target for target in (CLASSES, VALUE)}[kind]


def rows(n: int, n_inputs: int = 4, seed: int = 0, target: Target = CLASSES) -> Rows:
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, n_inputs)).astype(np.float32)
    score = inputs[:, 0] + 0.5 * rng.normal(size=n)
    if target.is_volatility:  # f2 are returns, whose size follows f0, and f3 the symbol's code
        size = (0.01 * np.exp(0.3 * inputs[:, 0])).astype(np.float32)
        inputs[:, 2], inputs[:, 3] = inputs[:, 2] * size, 7.0
        return Rows(inputs, size * rng.uniform(0.5, 1.5, n).astype(np.float32))
    if not target.is_classification:
        return Rows(inputs, score.astype(np.float32), **moments(n))
    return Rows(inputs, np.digitize(score, [-0.5, 0.5]).astype(np.int64), **moments(n))


def moments(n: int) -> dict[str, Any]:
    """A row a second, with labels that look three seconds ahead."""
    known_at = np.arange(n, dtype=np.int64) * 10**9
    return {"known_at": known_at, "label_end": known_at + 3 * 10**9}


def task(
    n: int = 200,
    *,
    target: Target = CLASSES,
    model: ModelSpec | None = None,
    n_inputs: int = 4,
    steps: tuple[int, ...] = (),
    **settings: Any,
) -> FitTask:
    model = with_losses(model or mlp(), target)
    kind = model.kind
    shared = {item.name for item in fields(TrainingSettings)}
    own = {item.name: item.default for item in kind.settings if item.name not in shared}
    own |= {name: min(own[name], 12) for name in ("rounds", "trees") if name in own}
    chosen = {"epochs": 3, "loss": kind.losses[target.kind][0], "own": own} | settings
    n = max(n, 600) if target.is_volatility else n
    window = model.window if model.reads_windows else None
    train, validation = (windowed(rows(*given, target), window) for given in ((n, n_inputs, 1), (60, n_inputs, 2)))
    return FitTask(
        stepped(train, steps) if steps else train,
        stepped(validation, steps) if steps else validation,
        tuple(f"f{i}" for i in range(n_inputs)),
        target,
        model,
        TrainingSettings(**chosen),
        horizon=3,
        steps=steps,
        step=steps[-1] if steps else 0,
    )


def stepped(given: Rows, steps: tuple[int, ...]) -> Rows:
    """The same rows for several steps: the target of each so many rows later, and none for the last rows."""
    count = len(given.targets)
    later = np.arange(count)[:, None] + np.array(steps)
    return replace(
        given, targets=given.targets[np.minimum(later, count - 1)], weights=(later < count).astype(np.float32)
    )


def with_losses(model: ModelSpec, target: Target) -> ModelSpec:
    """The same with members that are fitted by the first loss of such a target."""
    members = [
        replace(item, settings=replace(item.settings, loss=item.model.kind.losses[target.kind][0]))
        for item in model.members
    ]
    return replace(model, members=tuple(members))


def windowed(given: Rows, window: int | None) -> Rows:
    """The same rows as windows of that length; the first rows have none."""
    if window is None:
        return given
    ends = np.arange(window - 1, len(given.inputs), dtype=np.int64)
    return Rows(given.inputs, given.targets[ends], ends, **moments(len(ends)))


def with_train(given: FitTask, train: Rows) -> FitTask:
    return replace(given, train=train)


def member_of(member: Member) -> dict[str, Any]:
    model = {"name": member.name, "type": member.model.type, "architecture": dict(member.model.architecture)}
    return model | ({"input_features": list(member.inputs)} if member.inputs else {})


def artifact_of(model: FittedModel, given: FitTask, **changes: Any) -> Artifact:
    target = given.target
    values: dict[str, Any] = {
        "model": {
            "type": given.model.type,
            "architecture": dict(given.model.architecture),
            "input_features": list(model.feature_ids),
            **({"members": [member_of(item) for item in given.model.members]} if given.model.members else {}),
            **({"forecast_steps": list(given.steps), "forecast_step": given.step} if given.steps else {}),
        },
        "target": {
            "kind": target.kind,
            "classes": list(target.classes),
            "actions": list(target.actions),
            "unit": target.unit,
        },
    }
    history = json.dumps(model.history.as_dict()).encode()
    return Artifact(manifest(**values | changes), {**model.state(), "history.json": history})
