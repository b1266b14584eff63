"""From error families to exit codes and one clear line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence

import typer
from typer.exceptions import TyperException

from ktrdr.domain.errors import InvalidInput, KtrdrError, RefusedFiles, Unavailable, ran_out_of, shown, unusable
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.render import say, write_out


def run_guarded(command: Callable[[], object], arguments: Sequence[str]) -> int:
    """Run a command and return its exit code; errors raised on purpose become a message, never a traceback."""
    as_json = "--json" in arguments
    try:
        result = command()
    except KtrdrError as error:
        text = str(error) if isinstance(error, InvalidStrategy | RefusedFiles) else " ".join(str(error).split())
        return _report(error.family, text, as_json, **error.details())
    except TyperException as error:
        message = error.format_message()
        if message.startswith("Usage:") and not as_json:
            say(message)
            return EXIT_CODES["invalid_input"]
        message = "no command is given" if message.startswith("Usage:") else message.rstrip(".")
        return _report("invalid_input", f"{message}; see --help", as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _report("interrupted", "stopped by the user", as_json)
    except BrokenPipeError:
        sys.stdout = None
        return 0
    except Exception as error:
        refused = _foreseen(error)
        if refused is None:
            raise
        return _report(refused.family, str(refused), as_json)
    if result == EXIT_CODES["interrupted"]:  # Typer's own answer to Ctrl-C
        _report("interrupted", "stopped by the user", as_json)
    return result if isinstance(result, int) else 0


def _foreseen(error: Exception) -> KtrdrError | None:
    """Return what to say of an error that nobody has translated; None for a fault of the program."""
    lacking = ran_out_of(error)
    if lacking is not None:
        return Unavailable(f"the machine has run out of {lacking}; free some, and try again")
    if isinstance(error, OSError):  # of a path that nobody else has refused
        return unusable(error.filename or "a file", error, "used")
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput(f"{shown(error.object)} cannot be written as {error.encoding}: {error.reason}")
    return None


def _report(family: str, message: str, as_json: bool, **details: object) -> int:
    if not (as_json and _written({"family": family, "message": message, **details})):
        for line in message.splitlines():
            say(f"error: {line}")
    return EXIT_CODES.get(family, 1)


def _written(error: Mapping[str, object]) -> bool:
    """Write an error to stdout; False if that is what cannot be written to."""
    try:
        write_out(json.dumps({"error": error}))
    except Unavailable:
        return False
    return True
