"""Where the machine has run out of something, a command says so in one line."""

from __future__ import annotations

import errno
import json
import subprocess
import sys

import pytest

from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES

SHORTAGES = {
    "memory": MemoryError(),
    "open files": OSError(errno.EMFILE, "Too many open files"),
    "threads or processes": RuntimeError("can't start new thread"),
}


@pytest.mark.parametrize("lacking", SHORTAGES)
def test_a_shortage_is_one_line_and_its_own_exit_code(lacking: str, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise SHORTAGES[lacking]

    assert run_guarded(fail, []) == EXIT_CODES["unavailable"]
    assert capsys.readouterr().err == f"error: the machine has run out of {lacking}; free some, and try again\n"
    assert run_guarded(fail, ["--json"]) == EXIT_CODES["unavailable"]
    assert json.loads(capsys.readouterr().out)["error"]["family"] == "unavailable"


def test_a_bug_keeps_its_traceback() -> None:
    def fail() -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run_guarded(fail, [])


def test_warnings_of_libraries_do_not_reach_the_user() -> None:
    program = """
import sys
sys.argv = ["ktrdr", "--version"]
from ktrdr.entrypoints.cli import console, errors
errors.run_guarded = lambda *_: 0 if __import__("numpy").log(-1.0) else 1
console.run()
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
