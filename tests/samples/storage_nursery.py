"""A small program, free of torch, that forks children which use a storage; the crash tests stop or kill them.

It reads one JSON command a line and writes one event a line, in the order in which they happen: ``pid N``,
``published REFERENCE SHA256`` and ``ended STATUS ...``.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock  # noqa: F401 - before any step is counted

from ktrdr.adapters.journal.trials import TrialJournal, TrialLog
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.application.ports.journal import Journal
from ktrdr.application.training.publishing import publish
from ktrdr.application.training.recording import RecordedRun
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.training.work import Work
from samples.filesystem_steps import exit_after
from samples.models import artifact
from samples.universals import universal


class Nursery:
    """The other end: starts the program, sends commands, reads events."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program
        self.published: list[tuple[str, str]] = []

    def start(self, **command: Any) -> int:
        """Fork a child and return its process id."""
        return int(self._send(command, "pid")[1])

    def wait(self) -> list[int]:
        """Wait until all children have ended, and return their exit statuses; killed ones have a negative one."""
        return [int(status) for status in self._send({"do": "wait"}, "ended")[1:]]

    def wait_for_one(self) -> None:
        """Wait until a child has published once more."""
        self._event("published")

    def _send(self, command: dict[str, Any], answer: str) -> list[str]:
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps(command) + "\n")
        self._program.stdin.flush()
        return self._event(answer)

    def _event(self, awaited: str) -> list[str]:
        assert self._program.stdout is not None
        for line in self._program.stdout:
            event, *words = line.split()
            if event == "published":
                self.published.append((words[0], words[1]))
            if event == awaited:
                return [event, *words]
        raise AssertionError("the nursery ended")


@contextmanager
def nursery() -> Iterator[Nursery]:
    command = [sys.executable, __file__]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as program:
        yield Nursery(program)
        assert program.stdin is not None
        program.stdin.close()


def _say(*words: object) -> None:
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode())


def _publish(
    storage: FileSystemStorage, journal: Journal, times: int, seed: int, make: Callable[[bytes], Artifact]
) -> None:
    rng = random.Random(seed)
    for _ in range(times):
        payload = rng.randbytes(rng.choice([10, 1000, 300_000]))
        work = Work("demo", seed=seed)
        stored = publish(storage, make(payload), RecordedRun(journal.begin(work), work))
        _say("published", stored.reference, hashlib.sha256(payload).hexdigest())


def _stopped(storage: FileSystemStorage, command: dict[str, Any]) -> None:
    with exit_after(command["step"]):
        if command["do"] == "delete":
            storage.delete(command["reference"])
        else:
            storage.publish(artifact(b"new" * 1000))


def _child(command: dict[str, Any]) -> None:
    storage = FileSystemStorage(Path(command["root"]))
    if command["do"] == "loop":
        make = universal if command.get("universal") else artifact
        _publish(storage, TrialJournal(TrialLog(Path(command["root"]))), command["times"], command["seed"], make)
    else:
        _stopped(storage, command)


def _fork(command: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _child(command)
    except BaseException as error:
        sys.stderr.write(f"child: {error!r}\n")
        os._exit(2)
    os._exit(0)


def main() -> None:
    assert "torch" not in sys.modules
    alive = 0
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "wait":
            _say("ended", *(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(alive)))
            alive = 0
        else:
            _say("pid", _fork(command))
            alive += 1


if __name__ == "__main__":
    main()
