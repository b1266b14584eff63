"""Steps as structured lines: one JSON object each, for ``--verbose`` and ``--log-file``."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from ktrdr.adapters.documents.plain_file import open_plain
from ktrdr.domain.errors import Conflict, InvalidInput, unusable
from ktrdr.entrypoints.cli.render import say

_BEGINNING = b'{"time": "'
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = {name: value for name, value in vars(record).items() if name not in _PLAIN}
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment, "level": record.levelname.lower(), "step": record.getMessage(), **fields}
        return json.dumps(line, default=str)


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - as the library calls it
        """Go on without the log, and say so once."""
        logging.getLogger("ktrdr").removeHandler(self)
        say(f"warning: --log-file {self.baseFilename}: cannot be written ({sys.exc_info()[1]}); going on without it")


def log_steps(verbose: bool, log_file: Path | None) -> None:
    """Send the steps to stderr, to a file, to both, or nowhere.

    Raises
    ------
    Conflict
        If the file is there and is no log of steps.
    InvalidInput, Unavailable
        If the file cannot be opened, or is no plain file.
    """
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)] if verbose else []
    if log_file is not None:
        _refuse_other_files(log_file)
        try:
            handlers.append(_LogFile(log_file, encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise unusable(f"--log-file {log_file}", error, "write") from error
    logger = logging.getLogger("ktrdr")
    logger.setLevel(logging.INFO if handlers else logging.WARNING)
    for handler in handlers:
        handler.setFormatter(_JsonLines())
        logger.addHandler(handler)


def _refuse_other_files(path: Path) -> None:
    """Lines are added to a log that is there; a strategy or bars, named by mistake, would be spoiled by them."""
    try:
        with open_plain(path) as file:
            begins = file.read(len(_BEGINNING))
    except InvalidInput:
        if path.is_char_device():  # such as the terminal
            return
        raise
    except (OSError, ValueError):  # not there yet, or said by whoever opens it to write
        return
    if begins and begins != _BEGINNING:
        raise Conflict(f"--log-file {path}: is there already, and is no log of steps; nothing is added to it")
