"""Models that somebody changed and sealed anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ktrdr.domain.artifacts.artifact import Artifact


def forged(artifact: Artifact, name: str, change: Callable[[dict[str, Any]], None]) -> Artifact:
    """The artifact with one document changed, and all that is sealed sealed anew."""
    manifest, blobs = artifact.manifest.as_dict(), dict(artifact.blobs)
    found = json.loads(json.dumps(manifest)) if name == "metadata.json" else json.loads(blobs[name])
    change(found)
    if name == "metadata.json":
        manifest = found
    else:
        blobs[name] = json.dumps(found).encode()
    new = type(artifact.manifest)(**manifest)
    return Artifact(new.sealed(new.version, new.created_at, blobs), blobs)
