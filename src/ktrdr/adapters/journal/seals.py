"""The seals of models, published and kept, and what became of the kept ones, as the record of all trials has it."""

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


def kept_seals(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the manifest of each model that could not be published, by where its files were kept.

    Parameters and errors are those of `recorded_seals`.
    """
    lines = [line for line in TrialLog(folder).read() if line.get("outcome") == "unpublished"]
    return {str(line["kept"]): str(line.get("kept_sha256", "")) for line in lines if line.get("kept")}


def published_from(folder: Path) -> dict[str, str]:
    """Return the reference of the version that was published from each folder of kept files.

    Parameters and errors are those of `recorded_seals`.
    """
    lines = TrialLog(folder).read()
    undone = {str(line.get("fit")) for line in lines if line.get("outcome") == "unpublished"}
    done = [line for line in lines if line.get("outcome") == "published" and str(line.get("fit")) not in undone]
    return {str(Path(str(line["kept"])).absolute()): str(line.get("model")) for line in done if line.get("kept")}
