"""Every training keeps what its model saw and promises, and verify reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.reference import REFERENCE
from ktrdr.domain.artifacts.reference_reading import read_reference
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK", "THREE_CRYPTO"]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path)
    built.data_repository.override(providers.Object(repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=900)))
    built.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    built.model_storage.override(providers.Singleton(MemoryStorage))
    return built


def document(*symbols: str, **training: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": list(symbols), "timeframes": "5m", "history_required": 50})
    written["indicators"]["roc_a"] = {"type": "roc"}
    written["nn_inputs"].append({"raw_indicator": "roc_a", "normalization": "zscore"})
    written["training"] |= training
    return written


def train(container: Container, written: dict[str, Any], **options: Any) -> Artifact:
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(written), **options)).models
    return container.model_storage().load(model.stored.reference)


def test_inputs_are_sketched_before_they_are_scaled(container: Container) -> None:
    written = document("ONE_STOCK")
    artifact = train(container, written)
    found = read_reference(artifact)
    frame = container.export_features().execute(TrainingRequest(parse(written))).frame
    for part in ("train", "validation"):
        rows = frame[frame["part"] == part]
        assert found.rows[part] == len(rows) == artifact.manifest.split["parts"][part]["rows"]
        for name, sketch in found.inputs.items():
            column = rows[name].to_numpy(np.float64)
            assert (sketch.parts[part].mean, sketch.parts[part].std) == pytest.approx((column.mean(), column.std()))
            assert sketch.parts[part] == sketch.counted(column)
    assert list(found.inputs) == artifact.manifest.resolved_features


@pytest.mark.parametrize("pooled", [False, True])
def test_the_promise_on_test_is_the_loss_of_the_verdict(container: Container, pooled: bool) -> None:
    options = {"mode": Mode.UNIVERSAL, "hold_out": ("THREE_CRYPTO",)} if pooled else {}
    artifact = train(container, document(*SYMBOLS[: 1 + pooled]), **options)
    found, report = read_reference(artifact), json.loads(artifact.blobs["metrics.json"])
    assert found.loss == report["verdict"]["metric"]
    assert found.promise["test"].loss == pytest.approx(report["verdict"]["loss"], rel=1e-12)
    assert found.promise["test"].rows == report["rows"]
    assert found.promise["test"].blocks == report["verdict"]["blocks"]
    history = json.loads(artifact.blobs["history.json"])
    kept = history["epochs"][history["best_epoch"] - 1]["val_loss"]
    assert found.promise["validation"].loss == pytest.approx(kept, rel=1e-4)
    assert found.losses.parts["validation"].mean == pytest.approx(kept, rel=1e-4)
    assert list(found.outputs) == artifact.manifest.target["classes"]
    total = sum(sketch.parts["validation"].mean for sketch in found.outputs.values())
    assert total == pytest.approx(1.0)


def test_a_regression_predicts_one_number(container: Container) -> None:
    written = document("ONE_STOCK", labels={"source": "forward_return", "horizon": 6})
    written["decisions"] = {"output_format": "regression"}
    found = read_reference(train(container, written))
    assert list(found.outputs) == ["prediction"]
    assert found.loss == "mse"


def test_verify_reads_it(container: Container) -> None:
    artifact = train(container, document("ONE_STOCK"))
    verify = container.verify_models()
    (check,) = verify.execute()
    assert check.problems == ()
    spoiled = json.loads(artifact.blobs[REFERENCE])
    spoiled["rows"]["train"] += 1
    blobs = {name: blob for name, blob in artifact.blobs.items() if name != REFERENCE}
    stored = container.model_storage().publish(
        Artifact(artifact.manifest, blobs | {REFERENCE: json.dumps(spoiled).encode()})
    )
    (check,) = verify.execute([stored.reference])
    assert len(check.problems) == 1
    assert check.problems[0].startswith(REFERENCE)
    stored = container.model_storage().publish(Artifact(artifact.manifest, blobs))
    assert verify.execute([stored.reference])[0].problems == ()
