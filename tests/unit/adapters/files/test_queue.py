"""The lock that is had in the order of arrival."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ktrdr.adapters.files import queue
from ktrdr.adapters.files.queue import queued

WAITER = """
import os, sys
from pathlib import Path
from ktrdr.adapters.files.queue import queued
lock, name = Path(sys.argv[1]), sys.argv[2]
with queued(lock, 60):
    with lock.with_name("order").open("a") as order:
        order.write(name + "\\n")
"""
PATIENCE = 120


@contextmanager
def waiting(lock: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has taken its place in the queue."""
    before = len(tickets(lock))
    with subprocess.Popen([sys.executable, "-c", WAITER, str(lock), name]) as process:
        while len(tickets(lock)) == before:
            assert process.poll() is None
            threading.Event().wait(0.01)
        yield process


def tickets(lock: Path) -> list[str]:
    folder = lock.with_name(f"{lock.name}.queue")
    return [path.name for path in folder.iterdir() if path.name.isdecimal()] if folder.exists() else []


def order(lock: Path) -> list[str]:
    return lock.with_name("order").read_text().split()


def test_sixteen_processes_have_it_in_the_order_of_arrival(fast_path: Path) -> None:
    lock = fast_path / ".lock"
    with ExitStack() as started:
        with queued(lock, 60):
            crowd = [started.enter_context(waiting(lock, str(number))) for number in range(16)]
        assert [process.wait(PATIENCE) for process in crowd] == [0] * 16
    assert order(lock) == [str(number) for number in range(16)]
    assert tickets(lock) == []


def test_nobody_waits_for_the_dead(fast_path: Path) -> None:
    lock = fast_path / ".lock"
    with ExitStack() as started:
        with queued(lock, 60):
            crowd = [started.enter_context(waiting(lock, name)) for name in "abcd"]
            for doomed in (crowd[0], crowd[2]):
                os.kill(doomed.pid, signal.SIGKILL)
                doomed.wait()
        assert [process.wait(PATIENCE) for process in (crowd[1], crowd[3])] == [0, 0]
    assert order(lock) == ["b", "d"]
    with queued(lock, 60):
        assert tickets(lock) == ["1"]


def test_a_holder_that_dies_lets_go(fast_path: Path) -> None:
    lock = fast_path / ".lock"
    hold = WAITER.replace("    with lock.with", "    os.kill(os.getpid(), 9)\n    with lock.with")
    assert subprocess.run([sys.executable, "-c", hold, str(lock), "x"], check=False).returncode == -signal.SIGKILL
    with queued(lock, 0.1):
        assert tickets(lock) == ["1"]


def test_a_holder_that_keeps_it_too_long_is_named(fast_path: Path) -> None:
    lock = fast_path / ".lock"
    said = pytest.raises(TimeoutError, match=r"held the lock for 0\.02 seconds")
    with queued(lock, 60), said as raised, queued(lock, 0.02):
        pass
    assert raised.value.filename == str(lock)
    assert tickets(lock) == []


@pytest.mark.parametrize(("silent", "said"), [(0.0, 1), (60.0, 0)])
def test_a_long_wait_is_said_once(
    fast_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, silent: float, said: int
) -> None:
    monkeypatch.setattr(queue, "_SILENT_SECONDS", silent)
    lock = fast_path / ".lock"
    with queued(lock, 60):
        assert caplog.messages == []
        with waiting(lock, "in between") as other:
            with pytest.raises(TimeoutError), queued(lock, 0.02):
                pass
            other.kill()
    assert caplog.messages == [f"{lock}: another process holds this lock; waiting until it is free"] * said


def test_threads_of_one_process_queue_too(fast_path: Path) -> None:
    lock, done = fast_path / ".lock", list[int]()

    def wait(number: int) -> None:
        with queued(lock, PATIENCE):
            done.append(number)

    with queued(lock, PATIENCE):
        crowd = [threading.Thread(target=wait, args=(number,)) for number in range(4)]
        for place, thread in enumerate(crowd, 2):
            thread.start()
            while len(tickets(lock)) < place:
                threading.Event().wait(0.005)
    for thread in crowd:
        thread.join()
    assert done == [0, 1, 2, 3]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(fast_path: Path) -> None:
    fast_path.chmod(0o500)
    with pytest.raises(PermissionError), queued(fast_path / ".lock", 1):
        pass


def test_without_room_for_a_ticket_it_is_had_out_of_turn(fast_path: Path) -> None:
    (fast_path / ".lock.queue").write_text("no folder")
    with queued(fast_path / ".lock", 1), pytest.raises(TimeoutError), queued(fast_path / ".lock", 0.02):
        pass
