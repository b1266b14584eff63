"""One inference path: the bits of a row depend on the row alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from samples.fits import window_spec
from torch import Tensor, nn

from ktrdr.adapters.models.torch.inference import BLOCK, BlockForward
from ktrdr.adapters.models.torch.mlp import ACTIVATIONS
from ktrdr.adapters.models.torch.networks import build
from ktrdr.domain.catalogue.models import networks
from ktrdr.domain.training.settings import ModelSpec

LAYERS = [[], [1], [64, 32], [7, 13, 3], [129], [32, 17]]


def network(n_inputs: int, n_outputs: int, layers: list[int], activation: str, norm: bool) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        shape = {"hidden_layers": layers, "activation": activation, "dropout": 0.5, "batch_norm": norm}
        return build(ModelSpec("mlp", shape), n_inputs, n_outputs).eval().requires_grad_(False)


def check(n_inputs: int, n_outputs: int, layers: list[int], activation: str, norm: bool) -> None:
    model = network(n_inputs, n_outputs, layers, activation, norm)
    forward = BlockForward(model, n_inputs)
    row = np.random.default_rng(1).normal(size=n_inputs).astype(np.float32)
    alone = forward(row[None])[0]
    for n in (1, 2, 3, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 17):
        inputs = np.random.default_rng(n).normal(size=(n, n_inputs)).astype(np.float32)
        for position in {0, 1, n // 3, n // 2, n - 2, n - 1} & set(range(n)):
            inputs[position] = row
            assert np.array_equal(forward(inputs)[position], alone), (n, position, forward.rows)
    assert np.array_equal(forward(np.tile(row, (BLOCK, 1))), np.tile(alone, (BLOCK, 1)))
    with torch.inference_mode():
        np.testing.assert_allclose(alone, model(torch.tensor(row[None]))[0].numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layers", LAYERS, ids=str)
@pytest.mark.parametrize("n_inputs", [1, 6, 31, 75])
def test_row_gives_the_same_bits_anywhere_in_any_batch(n_inputs: int, layers: list[int]) -> None:
    for n_outputs in (1, 3):
        check(n_inputs, n_outputs, layers, "relu", False)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_and_batch_norm_keep_it(activation: str) -> None:
    check(9, 3, [33, 10], activation, True)


def test_activations_are_those_of_the_catalogue() -> None:
    assert tuple(ACTIVATIONS) == networks.ACTIVATIONS


def test_kernels_of_another_instruction_set_keep_it_with_whole_blocks() -> None:
    """AVX2 treats the last rows of a block of 256 differently; MKL can be told to use it on a newer CPU."""
    program = """
import sys; sys.path[:0] = sys.argv[1:]
from test_torch_inference import *
for n_inputs in (2, 6, 16, 31, 75):
    for layers in LAYERS:
        check(n_inputs, 3, layers, "relu", False)
        assert BlockForward(network(n_inputs, 3, layers, "relu", False), n_inputs).rows == BLOCK
"""
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", program, str(here), str(here.parents[2])],
        env={**os.environ, "MKL_ENABLE_INSTRUCTIONS": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


class Tilted(nn.Module):
    """What a machine would look like whose kernels treat the rows of a block differently."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs.sum(1, keepdim=True) * (1 + 1e-6 * torch.arange(len(inputs)))[:, None]


def test_rows_are_run_one_by_one_where_positions_matter() -> None:
    forward = BlockForward(Tilted(), 3)
    inputs = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    assert forward.rows == 1
    assert np.array_equal(forward(inputs), np.concatenate([forward(row[None]) for row in inputs]))


class Mixing(nn.Module):
    """Lets each sample's output depend a little on the one before it in the block."""

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs[:, :1] + 1e-7 * inputs[:, :1].roll(1, 0)


def test_rows_are_run_one_by_one_where_their_company_matters() -> None:
    assert BlockForward(Mixing(), 3).rows == 1


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("size", [6, 13, 22, 38])
def test_windows_keep_their_bits_in_any_company(cell: str, size: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(size)
        spec = window_spec(cell, sequence_length=3, hidden_size=size, attention=True)
        model = build(spec, 17, 3).eval().requires_grad_(False)
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    forward, rng = BlockForward(model, 17, 3), np.random.default_rng(size)
    assert forward.rows > 1
    inputs = rng.normal(size=(110, 17)).astype(np.float32)
    whole = forward(inputs)
    for _ in range(30):
        ends = rng.integers(2, 110, size=int(rng.integers(1, 6)))
        assert np.array_equal(forward(inputs, ends), whole[ends - 2])
