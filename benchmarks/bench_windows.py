"""LSTM training over windows as a ratio to a plain loop over copied windows in a DataLoader, measured in one run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Sampler

from ktrdr.adapters.models.torch.devices import one_thread, seeded
from ktrdr.adapters.models.torch.inference import BlockForward
from ktrdr.adapters.models.torch.loop import Loop
from ktrdr.adapters.models.torch.networks import build
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import EarlyStopping, ModelSpec, TrainingSettings

CPU = torch.device("cpu")
N_ROWS, N_INPUTS, SEED, ROUNDS = 4_000, 16, 7, 5
CLASSES = ("buy", "hold", "sell")
SIZES = {"small": (20, 32, 1), "default": (30, 64, 2)}


def task(size: str) -> FitTask:
    length, hidden, layers = SIZES[size]
    rng = np.random.default_rng(SEED)
    inputs = rng.normal(size=(N_ROWS, N_INPUTS)).astype(np.float32)
    ends = np.arange(length - 1, N_ROWS)
    targets = (inputs[ends, 0] > 0).astype(np.int64) + (inputs[ends - 1, 1] > 1)
    shape = {"sequence_length": length, "hidden_size": hidden, "num_layers": layers, "dropout": 0.0}
    return FitTask(
        Rows(inputs, targets, ends),
        Rows(inputs, targets[:32], ends[:32]),
        tuple(f"f{i}" for i in range(N_INPUTS)),
        Target("classification", CLASSES, CLASSES),
        ModelSpec("lstm", shape | {"attention": False, "break_at_session": False}),
        TrainingSettings(epochs=1, batch_size=64, seed=SEED, early_stopping=EarlyStopping(enabled=False)),
    )


def network(given: FitTask) -> nn.Module:
    with seeded(SEED, CPU):
        return build(given.model, N_INPUTS, len(CLASSES))


class Windows(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """What the tutorials write: each item cuts its window out and makes a tensor of it."""

    def __init__(self, given: FitTask) -> None:
        self.rows, self.length = given.train, given.model.window

    def __len__(self) -> int:
        return len(self.rows.targets)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, torch.Tensor]:
        window = self.rows.inputs[item : item + self.length]
        return torch.tensor(window), torch.tensor(self.rows.targets[item])


class SameOrder(Sampler[int]):
    """The order in which the loop of ktrdr sees the windows in its first epoch."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(torch.randperm(self.n, generator=torch.Generator().manual_seed(SEED)).tolist())

    def __len__(self) -> int:
        return self.n


def plain_epoch(given: FitTask) -> tuple[float, nn.Module]:
    model, data = network(given), Windows(given)
    loader = DataLoader(data, batch_size=given.settings.batch_size, sampler=SameOrder(len(data)))
    optimizer = torch.optim.Adam(model.parameters(), lr=given.settings.learning_rate)
    criterion, total = nn.CrossEntropyLoss(), 0.0
    start = time.perf_counter()
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), given.settings.gradient_clip)
        optimizer.step()
        total += loss.item()
    return time.perf_counter() - start, model


def our_epoch(given: FitTask) -> tuple[float, nn.Module]:
    model = network(given)
    loop = Loop(model, given, CPU)
    model.train()
    start = time.perf_counter()
    loop.train_once(given.settings.learning_rate)
    return time.perf_counter() - start, model


def handling(given: FitTask) -> float:
    """Seconds that an epoch spends on shuffling and gathering its batches."""
    loop = Loop(network(given), given, CPU)
    start = time.perf_counter()
    for _ in loop.batches():
        pass
    return time.perf_counter() - start


@pytest.mark.parametrize("size", SIZES)
def test_epoch_of_an_lstm_against_the_plain_loop(benchmark, size: str) -> None:
    given = task(size)
    ratios, ours, plains = [], [], []
    with one_thread():
        our_epoch(given), plain_epoch(given)
        for _ in range(ROUNDS):
            plain, expected = plain_epoch(given)
            our, model = our_epoch(given)
            ratios.append(plain / our)
            plains.append(plain)
            ours.append(our)
        share = median(handling(given) for _ in range(ROUNDS)) / median(ours)
    for (name, value), other in zip(model.named_parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(value, other, atol=1e-5, rtol=1e-4, msg=name)
    n_windows = len(given.train.targets)
    print(
        f"\nepoch of an LSTM (length, width, layers {SIZES[size]}), {n_windows} windows of {N_INPUTS} features, batch "
        f"64: plain loop {n_windows / median(plains):,.0f} windows/s, ktrdr {n_windows / median(ours):,.0f}: "
        f"{median(ratios):.2f}x its speed ({min(ratios):.2f} to {max(ratios):.2f} over {ROUNDS} rounds; 1.1 is "
        f"asked); data handling {share:.2%} of the epoch (at most 10 % is asked)"
    )
    benchmark.pedantic(our_epoch, args=(given,), rounds=1)


def test_prediction_of_windows(benchmark) -> None:
    given = task("default")
    model = network(given).eval().requires_grad_(False)
    forward = BlockForward(model, N_INPUTS, given.model.window)
    inputs, copied = given.train.inputs, np.stack([Windows(given)[i][0].numpy() for i in range(1000)])
    with torch.inference_mode(), one_thread():
        start = time.perf_counter()
        forward(inputs)
        whole = (len(inputs) - given.model.window + 1) / (time.perf_counter() - start)
        tensor = torch.tensor(copied)
        start = time.perf_counter()
        model(tensor)
        plain = len(copied) / (time.perf_counter() - start)
        start = time.perf_counter()
        for _ in range(20):
            forward(inputs[-given.model.window :])
        one = (time.perf_counter() - start) / 20
    print(f"\nLSTM {SIZES['default']}: {whole:,.0f} windows/s in blocks of {forward.rows} (one plain forward of 1,000: "
          f"{plain:,.0f}); one window in {one * 1e3:.1f} ms")  # fmt: skip
    benchmark.pedantic(lambda: forward(inputs), rounds=1)
