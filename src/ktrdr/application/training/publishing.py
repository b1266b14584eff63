"""Publishing: counted before it can be seen, and never lost where it cannot be done."""

from __future__ import annotations

import logging

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.training.recording import RecordedRun
from ktrdr.domain.artifacts.artifact import METRICS, Artifact, StoredModel
from ktrdr.domain.errors import NotPublished, Unavailable

log = logging.getLogger(__name__)


def publish(storage: ModelStorage, artifact: Artifact, run: RecordedRun) -> StoredModel:
    """Publish a judged model; its fit is written down before the version can be seen.

    Raises
    ------
    NotPublished
        If it cannot be published; the message says what the model was worth, and where its files are kept.
    """
    manifest, announced = artifact.manifest, []

    def announce(stored: StoredModel) -> None:
        run.end(
            "published",
            {
                "model": stored.reference,
                "manifest_sha256": stored.manifest_sha256,
                "contract_hash": manifest.contract_hash,
                "judged_until": manifest.judged_until,
            },
        )
        announced.append(stored.reference)

    try:
        stored = storage.publish(artifact, announce)
    except Unavailable as error:
        raise _not_published(artifact, run, error) from error
    except KeyboardInterrupt:
        if announced:
            log.warning("%s was published before the stop", announced[0])
        raise
    log.info("published", extra={"model": stored.reference, "location": stored.location})
    return stored


def _not_published(artifact: Artifact, run: RecordedRun, error: Unavailable) -> NotPublished:
    """Write down that a model is not published, and say what it was worth."""
    kept, seal = (error.kept, error.seal) if isinstance(error, NotPublished) else (None, "")
    said = f"{error}; it was judged: {artifact.document(METRICS)['verdict']['sentence']}"
    try:
        run.end("unpublished", {"error": str(error), "kept": kept, "kept_sha256": seal})
    except Unavailable as unwritten:
        why = "" if str(unwritten) in str(error) else f": {unwritten}"
        said = f"{said}; its trial is not recorded{why}{'; it will be when it is published' if kept else ''}"
    return NotPublished(said, kept, seal)
