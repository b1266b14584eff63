"""Every released schema keeps an artifact that must still load, restore and predict."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.storage.folder import read_artifact
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.inference import Inference

GOLDEN = Path(__file__).parents[1] / "golden"
SCHEMAS = sorted(GOLDEN.glob("schema_*/"))
INPUTS = np.array([[0, 0, 0], [1, 0, 0.5], [0, 1, -0.5], [0.25, 0.75, 2]], dtype=np.float32)


def test_there_is_one() -> None:
    assert [path.name for path in SCHEMAS][:1] == ["schema_3"]


@pytest.mark.parametrize("folder", SCHEMAS, ids=lambda path: path.name)
def test_a_golden_artifact_still_loads_and_predicts(folder: Path) -> None:
    artifact = read_artifact(folder)
    manifest = artifact.manifest
    assert contract_hash(manifest.feature_contract) == manifest.contract_hash
    assert [feature.id for feature in resolve(parse(manifest.strategy))] == manifest.resolved_features
    outputs = Inference.from_dict(manifest.inference).outputs(TorchTrainer().restore(artifact), INPUTS)
    expected = json.loads(folder.with_suffix(".json").read_text())
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
