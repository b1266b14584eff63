"""What became of files that were kept, as the record of all trials has it."""

from __future__ import annotations

from pathlib import Path

from ktrdr.adapters.journal.trials import TrialLog


class PublishedFrom:
    """Finds what was published from a folder of kept files.

    Parameters
    ----------
    log : TrialLog
    """

    def __init__(self, log: TrialLog) -> None:
        self._log = log

    def __call__(self, folder: Path) -> str | None:
        """Return the reference of the version, of the newest if there are several; None if there is none.

        Raises
        ------
        InvalidInput, Unavailable
            If the record cannot be read.
        """
        found = None
        for line in self._log.read():
            kept, reference = line.get("kept"), line.get("model")
            if isinstance(kept, str) and Path(kept).absolute() == folder.absolute():
                found = reference if line.get("outcome") == "published" and isinstance(reference, str) else None
        return found
