"""A model that was kept is published once, as it was kept, and its look at test rows is counted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from samples.documents import changed

from ktrdr.adapters.journal.trials import TrialLog
from ktrdr.adapters.storage.folder import artifact_files, read_artifact
from ktrdr.adapters.storage.kept import not_published
from ktrdr.domain.artifacts.artifact import METRICS, Artifact
from ktrdr.domain.errors import CorruptArtifact
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import TrainingRequest
from ktrdr.entrypoints.container import Container, make_container


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    written = changed("training_data.symbols", "SIM_CRYPTO")
    written["training"] |= {"epochs": 1}
    container = make_container(models_dir=tmp_path_factory.mktemp("models"))
    request = TrainingRequest(parse(written), importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    return container.model_storage().load(model.stored.reference)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return make_container(models_dir=tmp_path / "models")


def kept(container: Container, artifact: Artifact, *, recorded: bool) -> Path:
    shelf = container.settings().models_dir / artifact.manifest.key.folder
    shelf.mkdir(parents=True, exist_ok=True)
    error = not_published(artifact, shelf, OSError(28, "No space left on device"))
    assert error.kept is not None
    if recorded:
        line = {"outcome": "unpublished", "looked_at_test": True, "kept": error.kept, "kept_sha256": error.seal}
        TrialLog(container.settings().models_dir).append(line)
    return Path(error.kept)


def looks(container: Container) -> list[tuple[str, bool]]:
    lines = TrialLog(container.settings().models_dir).read()
    return [(line["outcome"], line["looked_at_test"]) for line in lines]


def forged(folder: Path) -> None:
    """Better the verdict of a kept model, and seal it anew."""
    artifact = read_artifact(folder, published=False)
    metrics = json.loads(artifact.blobs[METRICS])
    metrics["verdict"] |= {"outcome": "better", "sentence": "Better than everything."}
    blobs: Mapping[str, bytes] = {**artifact.blobs, METRICS: json.dumps(metrics).encode()}
    sealed = artifact.manifest.sealed(0, artifact.manifest.created_at, blobs)
    for name, content in artifact_files(Artifact(sealed, blobs)).items():
        (folder / name).write_bytes(content)


def test_it_is_counted_once_where_it_was_recorded(container: Container, trained: Artifact) -> None:
    folder = kept(container, trained, recorded=True)
    stored = container.publish_kept().execute(folder)
    assert looks(container) == [("unpublished", True), ("published", False)]
    assert container.model_storage().load(stored.reference).blobs[METRICS] == trained.blobs[METRICS]
    assert not folder.exists()


def test_its_look_is_counted_now_where_there_was_no_room_for_that_line(container: Container, trained: Artifact) -> None:
    container.publish_kept().execute(kept(container, trained, recorded=False))
    assert looks(container) == [("published", True)]


@pytest.mark.parametrize(
    ("recorded", "reason"), [(True, "was changed after it was kept"), (False, "contradicts itself")]
)
def test_a_forgery_is_not_published(container: Container, trained: Artifact, recorded: bool, reason: str) -> None:
    folder = kept(container, trained, recorded=recorded)
    forged(folder)
    with pytest.raises(CorruptArtifact, match=reason):
        container.publish_kept().execute(folder)
    assert container.model_storage().versions() == ()
    assert ("published", True) not in looks(container)
