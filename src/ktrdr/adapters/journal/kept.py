"""What the record of all trials says of models that were kept."""

from __future__ import annotations

from pathlib import Path

from ktrdr.adapters.journal.trials import TrialLog


class KeptModels:
    """The models that could not be published, by the record of all trials.

    Every method raises Unavailable or InvalidInput if the record cannot be read.

    Parameters
    ----------
    log : TrialLog
    """

    def __init__(self, log: TrialLog) -> None:
        self._log = log

    def seals(self) -> dict[str, str]:
        """Return the SHA-256 of the manifest of each model, by the folder in which its files were kept."""
        lines = [line for line in self._log.read() if line.get("outcome") == "unpublished"]
        return {str(line["kept"]): str(line.get("kept_sha256", "")) for line in lines if line.get("kept")}

    def published_from(self, folder: Path) -> str | None:
        """Return the reference of the version published from a folder, the newest of several; None if there is none."""
        lines = self._log.read()
        undone = {str(line.get("fit")) for line in lines if line.get("outcome") == "unpublished"}
        done = [line for line in lines if line.get("outcome") == "published" and str(line.get("fit")) not in undone]
        found = [
            str(line.get("model")) for line in done if line.get("kept") and _absolute(line["kept"]) == _absolute(folder)
        ]
        return found[-1] if found else None


def _absolute(path: object) -> Path:
    return Path(str(path)).absolute()
