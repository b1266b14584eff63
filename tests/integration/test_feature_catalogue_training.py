"""A strategy that feeds a feature catalogue alone is trained, stored, loaded and predicts by the real pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from dependency_injector import providers
from samples.documents import changed
from samples.features import random_bars

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import make_container

TECHNICAL = CATALOGUES["technical_75@1"]


def test_a_catalogue_alone_is_trained_and_predicts(tmp_path: Path) -> None:
    document = changed("nn_inputs", [{"catalogue": TECHNICAL.name, "timeframes": "all", "normalization": "zscore"}])
    document = changed("training_data.symbols", "TEST", document)
    del document["indicators"], document["fuzzy_sets"]
    strategy = parse(document)
    ids = [f"5m_{column.name}_raw" for column in TECHNICAL.columns]

    container = make_container(models_dir=tmp_path / "models")
    container.data_repository.override(providers.Object(MemoryRepository([random_bars(1500, 3)])))
    (preview,) = container.dry_run().execute(TrainingRequest(strategy))
    assert preview.features == tuple(ids)
    (model,) = container.training_orchestrator().execute(TrainingRequest(strategy)).models
    manifest = container.model_storage().load(model.stored.reference).manifest
    assert manifest.resolved_features == ids
    assert manifest.nn_inputs == [{"catalogue": TECHNICAL.name, "timeframes": ["5m"], "normalization": "zscore"}]
    assert (manifest.indicators, manifest.fuzzy_sets) == ({}, {})
    forecast = container.predict().execute(PredictRequest(model.stored.reference, last=50))
    assert forecast.matrix.ids == tuple(ids)
    np.testing.assert_allclose(forecast.outputs.sum(axis=1), 1.0)
