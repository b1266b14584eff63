"""What stands between raw outputs and what people read."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from samples.fits import artifact_of, task
from scipy import special

from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.inference import Inference, softmax
from ktrdr.domain.training.scaling import Scaler, TargetScaler

LARGEST = np.finfo(np.float64).max
PLAIN = Scaler(np.zeros(2), np.ones(2))
NAME = "demo/AAPL_1d_v1"


class Fixed:
    """A model that says the same whatever it is asked."""

    def __init__(self, *outputs: Any) -> None:
        self.outputs = np.array(outputs, dtype=np.float64)

    def predict(self, inputs: NDArray[np.float32], ends: object = None) -> NDArray[np.float64]:
        return self.outputs


def outputs(inference: Inference, *raw: Any, values: float = 0.0) -> NDArray[np.float64]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return inference.outputs(Fixed(*raw), np.full((len(raw), 2), values, np.float32))  # type: ignore[arg-type]


def test_softmax_is_that_of_scipy() -> None:
    logits = np.random.default_rng(0).normal(scale=30, size=(50, 4))
    assert np.allclose(softmax(logits), special.softmax(logits, axis=1), rtol=1e-12, atol=0)


def test_logits_as_large_as_can_be_are_probabilities() -> None:
    found = outputs(Inference(PLAIN), [LARGEST, -LARGEST, 0], [LARGEST, LARGEST, 0], [-LARGEST] * 3)
    assert found.tolist() == [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3]


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_outputs_that_are_not_finite_are_the_fault_of_the_model(bad: float) -> None:
    named = Inference(PLAIN, model_name=NAME)
    with pytest.raises(CorruptArtifact, match=r"model demo/AAPL_1d_v1: .* on 1 of 2 rows"):
        outputs(named, [0.0, 1.0], [bad, 0.0])
    with pytest.raises(CorruptArtifact, match="on 1 of 2 rows"):
        outputs(Inference(PLAIN, TargetScaler(0.0, 1.0), model_name=NAME), 1.0, bad)


def test_scaling_that_is_too_large_is_the_fault_of_the_model() -> None:
    with pytest.raises(CorruptArtifact, match="on 2 of 2 rows"):
        outputs(Inference(PLAIN, TargetScaler(0.0, 1e300), model_name=NAME), 1e300, -1e300)


def test_inputs_that_are_not_finite_are_not_its_fault() -> None:
    with pytest.raises(InvalidInput, match="inputs must be finite") as raised:
        outputs(Inference(PLAIN, model_name=NAME), [np.nan, 0.0], values=np.nan)
    assert not isinstance(raised.value, CorruptArtifact)


def test_a_stored_model_is_named_with_its_version() -> None:
    given = task(n=40, epochs=1)
    inference = {"scaler": {"centre": [0.0] * 4, "scale": [1.0] * 4}, "target_scaler": None, "log_class_weights": None}
    manifest = artifact_of(PriorTrainer().fit(given), given, inference=inference).manifest
    named = read_inference(manifest.sealed(3, "2024-01-01T00:00:00Z", {}), ["a", "b", "c", "d"])
    assert named.model_name == "demo/AAPL_1d_v3"
