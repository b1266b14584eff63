"""Three hundred mutants of the blobs of each model type: refused as corrupt, or a model that predicts numbers."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load, save
from samples.fits import SPECS, TYPES, artifact_of, rows
from samples.fitted import fitted, task_of, trainer_of

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact, InvalidInput

MUTANTS = 300
NAMES = {kind: next(name for name, spec in SPECS.items() if spec == chosen) for kind, chosen in TYPES.items()}
ODD_NUMBERS = (np.nan, np.inf, -np.inf, 1e308, -1.0, 2.0**31, 0.0)


def mutant(blob: bytes, rng: random.Random) -> bytes:
    """One damaged file, in one of six ways."""
    if not blob:
        return b"\x00"
    way = rng.randrange(6)
    if way == 0:
        return blob[: rng.randrange(len(blob))]
    if way == 1:
        return blob + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
    if way == 2:
        return flipped(blob, rng, len(blob))
    if way == 3:
        return flipped(blob, rng, min(len(blob), 600))
    return forged(blob, rng) if way == 4 else promising(blob, rng)


def flipped(blob: bytes, rng: random.Random, within: int) -> bytes:
    made = bytearray(blob)
    for _ in range(rng.choice((1, 1, 2, 8))):
        made[rng.randrange(within)] ^= 1 << rng.randrange(8)
    return bytes(made)


def forged(blob: bytes, rng: random.Random) -> bytes:
    """A whole file of other arrays: swapped, cast, cut, reshaped, dropped, or with odd numbers in them."""
    try:
        arrays = load(blob)
    except Exception:  # noqa: BLE001 - not every blob holds arrays
        return flipped(blob, rng, len(blob))
    first, second = rng.choice(sorted(arrays)), rng.choice(sorted(arrays))
    array, way = arrays[first], rng.randrange(6)
    if way == 0:
        arrays[first], arrays[second] = arrays[second], arrays[first]
    elif way == 1:
        arrays[first] = array.astype(rng.choice(("float32", "float64", "int64", "uint8")))
    elif way == 2:
        arrays[first] = array[: rng.randrange(len(array) or 1)] if array.ndim else array
    elif way == 3:
        arrays[first] = array.reshape(-1)[None]
    elif way == 4:
        del arrays[first]
    elif array.size:
        made = array.copy()
        with np.errstate(all="ignore"):
            made.reshape(-1)[rng.randrange(made.size)] = np.array(rng.choice(ODD_NUMBERS)).astype(made.dtype)
        arrays[first] = made
    return save({name: np.ascontiguousarray(item) for name, item in arrays.items()})


def promising(blob: bytes, rng: random.Random) -> bytes:
    """A header that promises more than there is."""
    size = int.from_bytes(blob[:8], "little")
    if not 2 <= size <= len(blob) - 8:
        return flipped(blob, rng, len(blob))
    try:
        header = json.loads(blob[8 : 8 + size])
    except ValueError:
        return flipped(blob, rng, len(blob))
    entry = header[rng.choice([name for name in header if name != "__metadata__"])]
    huge = rng.choice((2**31, 2**40, 2**62, 10**30, -1))
    entry["shape"] = rng.choice(([huge], [0, huge], [huge, huge], entry["shape"] + [huge]))
    if rng.random() < 0.3:
        entry["data_offsets"] = [0, huge]
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + blob[8 + size :]


def blobs_of(stored: Artifact) -> list[str]:
    return sorted(name for name in stored.blobs if name != "history.json")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("target", ["classification", "regression"])
def test_mutants_are_refused_or_predict_numbers(kind: str, target: str) -> None:
    name = NAMES[kind]
    if target not in SPECS[name].kind.losses:
        pytest.skip("not a target of this type")
    trainer = trainer_of("table")
    stored = artifact_of(fitted("table", name, target), task_of(name, target))
    inputs = rows(40 + SPECS[name].window).inputs
    shape = trainer.restore(stored).predict(inputs).shape
    rng, refused = random.Random(f"{kind} {target}"), 0
    for _ in range(MUTANTS // 2):
        chosen = rng.choice(blobs_of(stored))
        spoiled = replace(stored, blobs={**stored.blobs, chosen: mutant(stored.blobs[chosen], rng)})
        try:
            with np.errstate(all="ignore"):
                outputs = trainer.restore(spoiled).predict(inputs)
        except (CorruptArtifact, InvalidInput):
            refused += 1
            continue
        assert outputs.shape == shape
        assert outputs.dtype == np.float64
    assert refused > MUTANTS // 8
