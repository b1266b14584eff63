"""Publishing: counted before it can be seen, and never lost where it cannot be done."""

from __future__ import annotations

import logging

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.training.recording import RecordedRun
from ktrdr.domain.artifacts.artifact import METRICS, Artifact, StoredModel
from ktrdr.domain.errors import Unavailable

log = logging.getLogger(__name__)


def publish(storage: ModelStorage, artifact: Artifact, run: RecordedRun) -> StoredModel:
    """Publish a judged model; its fit is written down before the version can be seen.

    Raises
    ------
    Unavailable
        If it cannot be published; the message says what the model was worth, and where its files are kept.
    """
    manifest = artifact.manifest

    def announce(stored: StoredModel, manifest_sha256: str) -> None:
        run.end(
            "published",
            {
                "model": stored.reference,
                "manifest_sha256": manifest_sha256,
                "contract_hash": manifest.contract_hash,
                "judged_until": manifest.judged_until,
            },
        )

    try:
        stored = storage.publish(artifact, announce)
    except Unavailable as error:
        verdict = artifact.document(METRICS)["verdict"]["sentence"]
        run.end("unpublished", {"error": str(error)})
        raise type(error)(f"{error}; the model that was not published was judged: {verdict}") from error
    log.info("published", extra={"model": stored.reference, "location": stored.location})
    return stored
