"""An LSTM fitted many to many (``loss_at: every``) as a ratio to one loss a window, on one core and in one run."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

import numpy as np
import torch

from ktrdr.adapters.models.torch.devices import one_thread, seeded
from ktrdr.adapters.models.torch.loop import Loop
from ktrdr.adapters.models.torch.networks import build
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import EarlyStopping, ModelSpec, TrainingSettings

CPU = torch.device("cpu")
N_ROWS, N_INPUTS, LENGTH, WIDTH, SEED, ROUNDS = 10_000, 75, 20, 32, 7, 5
CLASSES = ("buy", "hold", "sell")
BATCHES = {"last": (64, 2048), "every": (1024, 2048)}


def task(loss_at: str, batch_size: int, n_rows: int = N_ROWS) -> FitTask:
    rng = np.random.default_rng(SEED)
    inputs = rng.normal(size=(n_rows, N_INPUTS)).astype(np.float32)
    ends = np.arange(LENGTH - 1, n_rows)
    targets = (inputs[ends, 0] > 0).astype(np.int64) + (inputs[ends - 1, 1] > 1)
    shape = {"sequence_length": LENGTH, "hidden_size": WIDTH, "num_layers": 1, "dropout": 0.0}
    return FitTask(
        Rows(inputs, targets, ends),
        Rows(inputs, targets[:32], ends[:32]),
        tuple(f"f{i}" for i in range(N_INPUTS)),
        Target("classification", CLASSES, CLASSES),
        ModelSpec("lstm", shape | {"attention": False, "break_at_session": False}),
        TrainingSettings(
            epochs=1,
            batch_size=batch_size,
            seed=SEED,
            early_stopping=EarlyStopping(enabled=False),
            own={"loss_at": loss_at, "chunk": 60},
        ),
    )


def targets_a_second(given: FitTask) -> float:
    with seeded(SEED, CPU):
        network = build(given.model, N_INPUTS, len(CLASSES))
    loop = Loop(network, given, CPU)
    network.train()
    start = time.process_time()
    loop.train_once(given.settings.learning_rate)
    return len(given.train.targets) / (time.process_time() - start)


def test_many_to_many_against_one_loss_a_window(benchmark) -> None:
    tasks = {(loss_at, size): task(loss_at, size) for loss_at, sizes in BATCHES.items() for size in sizes}
    found: dict[tuple[str, int], list[float]] = {key: [] for key in tasks}
    with one_thread():
        for key, given in tasks.items():
            targets_a_second(replace(given, train=task(*key, n_rows=2_000).train))
        for _ in range(ROUNDS):
            for key, given in tasks.items():
                found[key].append(targets_a_second(given))
    for (loss_at, size), speeds in found.items():
        print(f"\nloss_at: {loss_at}, batch_size: {size}: {median(speeds):,.0f} targets/s of one core", end="")
    for size in BATCHES["every"]:
        for other in BATCHES["last"]:
            ratios = [a / b for a, b in zip(found["every", size], found["last", other], strict=True)]
            spread = f"{min(ratios):.1f} to {max(ratios):.1f} over {ROUNDS} rounds"
            print(f"\nevery ({size}) against last ({other}): {median(ratios):.1f}x ({spread}; 8 is asked)", end="")
    print()
    benchmark.pedantic(targets_a_second, args=(tasks["every", 1024],), rounds=1)
