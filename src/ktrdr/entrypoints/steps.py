"""Steps as structured lines: one JSON object each, for ``--verbose`` and ``--log-file``."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from ktrdr.domain.errors import Unavailable

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment, "level": record.levelname.lower(), "step": record.getMessage(), **fields}
        return json.dumps(line, default=str)


def log_steps(verbose: bool, log_file: Path | None) -> None:
    """Send the steps to stderr, to a file, to both, or nowhere.

    Raises
    ------
    Unavailable
        If the file cannot be opened.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if verbose else []
    if log_file is not None:
        try:
            handlers.append(logging.FileHandler(log_file, encoding="utf-8"))
        except OSError as error:
            raise Unavailable(f"--log-file {log_file}: cannot be written ({error.strerror})") from error
    logger = logging.getLogger("ktrdr")
    logger.setLevel(logging.INFO if handlers else logging.WARNING)
    for handler in handlers:
        handler.setFormatter(_JsonLines())
        logger.addHandler(handler)
