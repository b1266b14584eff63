"""The seals of published models, as the record of all trials has them."""

from __future__ import annotations

from pathlib import Path

from ktrdr.adapters.journal.trials import TrialLog


def recorded_seals(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each version's manifest by its reference; empty for a line that has none.

    A version never changes: of several lines about one, the first counts.

    Parameters
    ----------
    folder : Path
        Where models are published.

    Raises
    ------
    Unavailable
        If the record cannot be read.
    """
    seals: dict[str, str] = {}
    for line in TrialLog(folder).read():
        reference, seal = line.get("model"), line.get("manifest_sha256", "")
        if isinstance(reference, str) and line.get("outcome") == "published":
            seals.setdefault(reference, seal if isinstance(seal, str) else "")
    return seals
