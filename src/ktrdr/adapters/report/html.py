"""A storage that adds what people read, ``report.html`` and ``config.yaml``, to every model it publishes."""

from __future__ import annotations

from ktrdr.application.ports.model_storage import Announce, ModelStorage, unannounced
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.manifest import Manifest

CONFIG = "config.yaml"
REPORT = "report.html"
_CONFIG_HEAD = (
    "# The strategy as it was trained, every default filled in. The model obeys metadata.json, not this file.\n"
)


class ReportingStorage(ModelStorage):
    """Passes everything to another storage, and adds two files to what is published.

    Parameters
    ----------
    inner : ModelStorage
    """

    def __init__(self, inner: ModelStorage) -> None:
        self._inner = inner

    def publish(self, artifact: Artifact, announce: Announce = unannounced) -> StoredModel:
        """Publish the artifact together with its report; equal artifacts get equal reports, byte for byte.

        One that was kept since it could not be published has its report already.
        """
        if REPORT in artifact.blobs:
            return self._inner.publish(artifact, announce)
        from ktrdr.adapters.report.page import render_page

        extra = {CONFIG: render_config(artifact.manifest), REPORT: render_page(artifact)}
        return self._inner.publish(Artifact(artifact.manifest, {**artifact.blobs, **extra}), announce)

    def load(self, reference: str) -> Artifact:
        """Return the artifact, report included."""
        return self._inner.load(reference)

    def versions(self) -> tuple[StoredModel, ...]:
        """Return all published versions."""
        return self._inner.versions()

    def delete(self, reference: str) -> StoredModel:
        """Remove one version."""
        return self._inner.delete(reference)


def render_config(manifest: Manifest) -> bytes:
    """Return ``config.yaml``: the strategy of a model."""
    import yaml

    text: str = yaml.safe_dump(manifest.strategy, sort_keys=False, allow_unicode=True, width=120)
    return (_CONFIG_HEAD + text).encode()
