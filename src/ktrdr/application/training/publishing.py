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
        said = f"{error}; the model that was not published was judged: {_verdict(artifact)}"
        try:
            run.end("unpublished", {"error": str(error), **error.details()})
        except Unavailable as unwritten:  # on a full disk, say; where its files are kept must not be lost for that
            said = f"{said} (its trial was not recorded: {unwritten})"
        error.args = (said,)
        raise
    log.info("published", extra={"model": stored.reference, "location": stored.location})
    return stored


def _verdict(artifact: Artifact) -> str:
    verdict: str = artifact.document(METRICS)["verdict"]["sentence"]
    return verdict
