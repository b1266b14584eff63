"""Counts the steps that the file system is asked for, and stops or fails at one of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

STEPS = ("open", "write", "fsync", "ftruncate", "mkdir", "rename", "replace", "symlink", "unlink", "rmdir", "utime")


class Crash(BaseException):
    """The process is gone: nothing that it would still do reaches the disk."""


@contextmanager
def counted(act: Callable[[int, str, Callable[[], Any], tuple[Any, ...]], Any]) -> Iterator[None]:
    """Send every step through ``act(number, name, perform, arguments)``, counting from 1."""
    number = 0

    def routed(name: str) -> Callable[..., Any]:
        original = getattr(os, name)

        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal number
            number += 1
            return act(number, name, lambda: original(*arguments, **options), arguments)

        return step

    patches = [patch.object(os, name, routed(name)) for name in STEPS]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def crash_after(last: int) -> Any:
    """Perform `last` steps, and let nothing after them reach the disk.

    The lock is spared: a process that dies lets go of it, this one would keep it.
    """

    def act(number: int, name: str, perform: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        if number > last and name != "ftruncate":
            raise Crash
        return perform()

    return counted(act)


def fail_at(failing: int, error_number: int) -> Any:
    """Let one step fail as the system would, the others succeed."""

    def act(number: int, name: str, perform: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        if number == failing:
            raise OSError(error_number, os.strerror(error_number), str(arguments[0]))
        return perform()

    return counted(act)


def interrupt_after(last: int) -> Any:
    """Let the user press Ctrl-C during step `last`; not while the lock is taken, which only an exit would free."""

    def act(number: int, name: str, perform: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        try:
            return perform()
        finally:
            if number == last and name != "ftruncate":
                raise KeyboardInterrupt

    return counted(act)


def exit_after(last: int) -> Any:
    """End the process right after step `last`; of a write half reaches the disk, and all of it one step later."""

    def act(number: int, name: str, perform: Callable[[], Any], arguments: tuple[Any, ...]) -> Any:
        if number == last and name == "write":
            descriptor, content = arguments
            with open(descriptor, "wb", buffering=0, closefd=False) as file:
                file.write(bytes(content)[: len(content) // 2])
            os._exit(1)
        try:
            return perform()
        finally:
            if number == last:
                os._exit(1)

    return counted(act)
