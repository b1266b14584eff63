"""Weights that do not fit the manifest are refused before anything large is made of them."""

from __future__ import annotations

import hashlib
import os
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save
from samples.fits import artifact_of, mlp, task

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact

GIVEN = task(epochs=1, model=mlp(batch_norm=True))


@pytest.fixture(scope="module")
def stored() -> Artifact:
    return artifact_of(TorchTrainer("cpu").fit(GIVEN), GIVEN)


def with_architecture(stored: Artifact, **changes: Any) -> Artifact:
    model = stored.manifest.model
    architecture = {name: value for name, value in (model["architecture"] | changes).items() if value is not ...}
    return replace(stored, manifest=replace(stored.manifest, model=model | {"architecture": architecture}))


def with_tensors(stored: Artifact, **changes: Any) -> Artifact:
    tensors = load(stored.blobs["model.safetensors"]) | {
        name.replace("__", "."): value for name, value in changes.items()
    }
    kept = {name: value for name, value in tensors.items() if value is not ...}
    return replace(stored, blobs={**stored.blobs, "model.safetensors": save(kept)})


def test_names_of_the_tensors_and_metadata_are_fixed(stored: Artifact) -> None:
    tensors = load(stored.blobs["model.safetensors"])
    assert {name: value.shape for name, value in tensors.items()} == {
        "layers.0.weight": (8, 4),
        "norms.0.weight": (8,),
        "norms.0.bias": (8,),
        "norms.0.running_mean": (8,),
        "norms.0.running_var": (8,),
        "layers.1.weight": (3, 8),
        "layers.1.bias": (3,),
    }
    assert b'{"__metadata__":{"format":"pt"}' in stored.blobs["model.safetensors"][:64]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers__1__bias": ...}, r"missing tensors \['layers.1.bias'\]"),
        ({"layers__9__bias": np.zeros(3, np.float32)}, r"that the model has not \['layers.9.bias'\]"),
        ({"layers__1__bias": np.zeros(4, np.float32)}, r"must be F32 of shape \(3,\), found F32 of shape \(4,\)"),
        ({"layers__1__bias": np.zeros(3)}, "found F64"),
        ({"layers__1__bias": np.zeros(3, np.int32)}, "found I32"),
        ({"layers__0__weight": np.zeros((4, 8), np.float32)}, r"shape \(8, 4\), found F32 of shape \(4, 8\)"),
        ({"layers__1__bias": np.array([0, np.nan, 0], np.float32)}, "not finite"),
        ({"norms__0__running_var": np.full(8, np.inf, np.float32)}, "not finite"),
    ],
)
def test_other_tensors_are_refused_by_name(stored: Artifact, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CorruptArtifact, match=message):
        TorchTrainer("cpu").restore(with_tensors(stored, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_layers": [9]},
        {"hidden_layers": []},
        {"hidden_layers": [8192] * 64},
        {"hidden_layers": [8] * 100_000},
        {"hidden_layers": [10**12]},
        {"hidden_layers": [True]},
        {"hidden_layers": "8"},
        {"hidden_layers": None},
        {"hidden_layers": [8.5]},
        {"hidden_layers": {"0": 8}},
        {"activation": "__import__"},
        {"activation": 3},
        {"dropout": -1},
        {"dropout": "0"},
        {"batch_norm": "yes"},
        {"batch_norm": False},
        {"batch_norm": ...},
        {"surprise": 1},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_architecture_that_the_weights_do_not_fit_is_refused_before_memory_is_taken(
    stored: Artifact, changes: dict[str, Any]
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CorruptArtifact):
        TorchTrainer("cpu").restore(with_architecture(stored, **changes))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB; the widest asks for 17 GB


def test_swapped_weights_of_another_model_are_refused(stored: Artifact) -> None:
    other = TorchTrainer("cpu").fit(task(epochs=0, model=mlp(hidden_layers=[5])))
    with pytest.raises(CorruptArtifact):
        TorchTrainer("cpu").restore(replace(stored, blobs={**stored.blobs, **other.state()}))


def test_every_truncation_is_refused(stored: Artifact) -> None:
    blob = stored.blobs["model.safetensors"]
    for end in range(0, len(blob), 11):
        with pytest.raises(CorruptArtifact):
            TorchTrainer("cpu").restore(replace(stored, blobs={**stored.blobs, "model.safetensors": blob[:end]}))


def test_another_process_fits_the_same_bytes(stored: Artifact) -> None:
    program = """
import sys; sys.path[:0] = sys.argv[1:]
import hashlib
from test_torch_restore import GIVEN, TorchTrainer
print(hashlib.sha256(TorchTrainer("cpu").fit(GIVEN).state()["model.safetensors"]).hexdigest())
"""
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", program, str(here), str(here.parents[2])],
        env={**os.environ, "PYTHONHASHSEED": "123", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == hashlib.sha256(stored.blobs["model.safetensors"]).hexdigest()
