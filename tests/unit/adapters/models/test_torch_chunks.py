"""Networks fitted many to many, against loops over single rows; and what such a fit is worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from samples.fits import CLASSES, NO_STOPPING, task, window_spec
from torch import nn

from ktrdr.adapters.models.torch.chunks import Chunks
from ktrdr.adapters.models.torch.networks import build
from ktrdr.adapters.models.torch.samples import Series
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import ModelSpec

CPU = torch.device("cpu")
WINDOW, CHUNK = 5, 7
NETWORKS = {
    "lstm": window_spec("lstm", num_layers=2),
    "lstm, attention": window_spec("lstm", attention=True),
    "gru": window_spec("gru"),
    "transformer": window_spec("transformer", causal=True, num_layers=2),
}
BY_NETWORK = pytest.mark.parametrize("spec", NETWORKS.values(), ids=NETWORKS)


def every(spec: ModelSpec, n: int = 120, chunk: int = CHUNK, **settings: Any) -> FitTask:
    chosen = {"epochs": 2, "batch_size": 14, "learning_rate": 0.01, "early_stopping": NO_STOPPING, "seed": 5}
    return task(n, model=spec, own={"loss_at": "every", "chunk": chunk}, **chosen | settings)


def some_rows(n: int, ends: list[int], **columns: Any) -> Rows:
    inputs = np.arange(2 * n, dtype=np.float32).reshape(n, 2)
    return Rows(inputs, np.arange(len(ends)), np.array(ends, dtype=np.int64), **columns)


def chunks_of(rows: Rows, window: int, most: int) -> Chunks:
    return Chunks.of(rows, Series.of(rows, CPU), window, most)


def read(chunks: Chunks, sizes: list[int], order: list[int]) -> list[tuple[list[int], list[int]]]:
    """By batch the targets, and the row that each stands at, found again by its first input."""
    found = []
    for (inputs, places), targets, _ in chunks.batches(sizes, torch.tensor(order)):
        at = inputs[:, chunks.window - 1 :, 0].flatten()[places] / 2
        found.append((targets.tolist(), at.int().tolist()))
    return found


def test_each_sample_stands_in_one_chunk_behind_a_whole_window_of_its_run() -> None:
    ends = [3, 4, 5, 7, 8, 14, 15, 16, 17, 25]
    chunks = chunks_of(some_rows(26, ends), window=4, most=3)
    assert chunks.first.tolist() == [0, 3, 11, 14, 22]
    assert chunks.starts.tolist() == [0, 3, 5, 8, 9, 10]
    assert chunks.places.tolist() == [0, 1, 2, 1, 2, 0, 1, 2, 0, 0]
    assert read(chunks, [2, 2, 1], [3, 0, 4, 1, 2]) == [
        ([8, 0, 1, 2], [17, 3, 4, 5]),
        ([9, 3, 4], [25, 7, 8]),
        ([5, 6, 7], [14, 15, 16]),
    ]


def test_windows_that_only_touch_are_no_neighbours_and_nor_are_groups() -> None:
    assert len(chunks_of(some_rows(9, [3, 6]), 4, 50)) == 1
    assert len(chunks_of(some_rows(9, [3, 7]), 4, 50)) == 2
    assert len(chunks_of(some_rows(9, [3, 4], groups=np.array([0, 1], dtype=np.int32)), 4, 50)) == 2


def test_a_batch_is_the_number_of_chunks_that_holds_most_nearly_the_rows_asked_for() -> None:
    chunks = chunks_of(some_rows(40, list(range(3, 33))), 4, 10)
    assert len(chunks) == 3
    assert [chunks.per_batch(size) for size in (1, 14, 16, 30, 34)] == [1, 1, 2, 3, 3]


def test_groups_have_equal_shares_of_chunks_and_of_weight() -> None:
    groups = np.repeat(np.array([0, 4], dtype=np.int32), [12, 3])
    chunks = chunks_of(some_rows(40, [*range(3, 15), 20, 21, 22], groups=groups), 4, 6)
    assert chunks.counts == (2, 1)
    assert chunks.drawn == 2
    assert chunks.weights is not None
    of_chunks = [float(part.sum()) for part in torch.split(chunks.weights, [6, 6, 3])]
    assert of_chunks == pytest.approx([4.5] * 3)


def reached(model: nn.Module, spec: ModelSpec, inputs: torch.Tensor, row: int, first: int) -> torch.Tensor:
    """The outputs at one row, from the rows of its chunk alone, by the definition of each network."""
    if spec.type == "transformer":
        return by_band(model, inputs[first : row + 1])
    states, _ = model.recurrent(inputs[None, first : row + 1])
    last = states[:, -WINDOW:]
    summary = last[:, -1] if model.attention is None else model.attention(last)
    return model.head(summary)[0]


def by_band(model: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    values = model.embedding(inputs)
    for layer in model.layers:
        heads = layer.projection(layer.norms[0](values)).view(len(values), 3, layer.n_heads, -1)
        mixed = torch.zeros_like(values)
        for row in range(len(values)):
            seen = torch.arange(max(row - WINDOW + 1, 0), row + 1)
            parts = []
            for head in range(layer.n_heads):
                query, keys, held = heads[row, 0, head], heads[seen, 1, head], heads[seen, 2, head]
                nearness = 2.0 ** (-8 * (head + 1) / layer.n_heads) * (row - seen)
                shares = torch.softmax(keys @ query / len(query) ** 0.5 - nearness, 0)
                parts.append(shares @ held)
            mixed[row] = torch.cat(parts)
        values = values + layer.mixed(mixed)
        values = values + layer.narrow(torch.relu(layer.widen(layer.norms[1](values))))
    return model.head(model.norm(values)[-1:])[0]


@BY_NETWORK
def test_outputs_at_every_row_are_those_of_the_chunk_up_to_there(spec: ModelSpec) -> None:
    torch.manual_seed(1)
    model, inputs = build(spec, 4, 3).eval(), torch.randn(2, WINDOW - 1 + CHUNK, 4)
    with torch.no_grad():
        found = model.at_every(inputs, WINDOW).unflatten(0, (2, CHUNK))
        for chunk, outputs in zip(inputs, found, strict=True):
            for place in range(CHUNK):
                expected = reached(model, spec, chunk, WINDOW - 1 + place, 0)
                torch.testing.assert_close(outputs[place], expected, atol=1e-6, rtol=1e-5)
        if spec.architecture.get("num_layers") == 1 or spec.type != "transformer":
            torch.testing.assert_close(model(inputs[:, :WINDOW]), found[:, 0], atol=1e-6, rtol=1e-5)


@BY_NETWORK
def test_fit_is_that_of_a_plain_loop_over_rows_of_chunks(spec: ModelSpec) -> None:
    given = every(spec, 32)
    torch.manual_seed(5)
    model = build(spec, 4, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    inputs, targets = torch.tensor(given.train.inputs), torch.tensor(given.train.targets)
    n_chunks, shuffler = -(-len(targets) // CHUNK), torch.Generator().manual_seed(5)
    for _ in range(2):
        for some in torch.split(torch.randperm(n_chunks, generator=shuffler), 2):
            samples = [(c, s) for c in some.tolist() for s in range(c * CHUNK, min((c + 1) * CHUNK, len(targets)))]
            made = [reached(model, spec, inputs, s + WINDOW - 1, c * CHUNK) for c, s in samples]
            optimizer.zero_grad()
            nn.functional.cross_entropy(torch.stack(made), targets[[s for _, s in samples]]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), given.settings.gradient_clip)
            optimizer.step()
    fitted = TorchTrainer("cpu").fit(given)
    rows = given.validation.inputs
    windows = torch.tensor(np.stack([rows[end - 4 : end + 1] for end in range(4, len(rows))]))
    with torch.no_grad():
        expected = model.eval()(windows)
    np.testing.assert_allclose(fitted.predict(given.validation.inputs), expected.numpy(), atol=1e-5)
    by_windows = nn.functional.cross_entropy(expected, torch.tensor(given.validation.targets))
    assert fitted.history.epochs[-1].val_loss == pytest.approx(by_windows.item(), abs=1e-5)


def test_rows_behind_the_last_sample_and_across_a_break_change_nothing() -> None:
    given = every(window_spec("transformer", causal=True), 60, epochs=1)
    ends = np.concatenate((np.arange(4, 20), np.arange(30, 50)))
    train = replace(given.train, ends=ends, targets=given.train.targets[ends - 4])
    touched = train.inputs.copy()
    touched[20:26] = 9
    touched[50:] = -9
    fits = [
        TorchTrainer("cpu").fit(replace(given, train=replace(train, inputs=inputs))).state()
        for inputs in (train.inputs, touched)
    ]
    assert fits[0] == fits[1]


@pytest.mark.parametrize("n_rows", [WINDOW, WINDOW + 1])
def test_fewer_rows_than_a_chunk_are_one_chunk(n_rows: int) -> None:
    model = TorchTrainer("cpu").fit(every(NETWORKS["lstm"], n_rows))
    assert len(model.history.epochs) == 2


def test_transformer_that_is_not_causal_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"loss_at: every needs rows that look back only.*causal: true"):
        TorchTrainer("cpu").fit(every(window_spec("transformer")))


def planted(n: int, seed: int) -> Rows:
    """Rows whose class is the sign of what the last four inputs say together, most of the time."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(n, 4)).astype(np.float32)
    ends = np.arange(7, n)
    said = sum(inputs[ends - back, 0] for back in range(4)) + rng.normal(size=len(ends))
    return Rows(inputs, np.digitize(said, [-1, 1]).astype(np.int64), ends)


@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_every_comes_about_as_far_as_last_on_a_planted_sequence(kind: str) -> None:
    wide = {"sequence_length": 8, "hidden_size": 8}
    spec = window_spec(kind, **wide, **({"causal": True} if kind == "transformer" else {}))
    best = {}
    for loss_at in ("last", "every"):
        given = replace(
            every(spec, chunk=20, epochs=14, batch_size=64, learning_rate=0.02),
            train=planted(1200, 1),
            validation=planted(600, 2),
            target=CLASSES,
        )
        own = {"loss_at": loss_at, "chunk": 20}
        history = TorchTrainer("cpu").fit(replace(given, settings=replace(given.settings, own=own))).history
        best[loss_at] = min(epoch.val_loss for epoch in history.epochs)
    guess = nn.functional.cross_entropy(
        torch.tensor(np.log(np.bincount(planted(1200, 1).targets, minlength=3) / 1193)).expand(593, 3),
        torch.tensor(planted(600, 2).targets),
    )
    assert best["last"] < 0.85 * guess
    assert best["every"] < 1.05 * best["last"]
