"""What must be said of a stored model whose verdict is to look for a leak."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.artifacts.artifact import METRICS, Artifact


def leak_note(artifact: Artifact) -> str | None:
    """Return one sentence; None for a model with another verdict, or without one.

    Raises
    ------
    CorruptArtifact
        If its metrics are no JSON object.
    """
    verdict = artifact.document(METRICS).get("verdict")
    if not isinstance(verdict, Mapping) or verdict.get("outcome") != "look_for_a_leak":
        return None
    found = verdict.get("suspicion")
    carrier = found.get("carrier") if isinstance(found, Mapping) else None
    feature = carrier.get("feature") if isinstance(carrier, Mapping) else None
    by = "" if feature is None else f" (`{feature}` carries the most of its skill)"
    return f"{artifact.manifest.key.reference(artifact.manifest.version)}: its verdict is: look for a leak{by}"
