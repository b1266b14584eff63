"""Waiting for what happens, not for a time to pass: a busy machine takes longer and fails nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

CEILING = 900.0  # seconds; only what hangs takes so long

Found = TypeVar("Found")


def until(look: Callable[[], Found]) -> Found:
    """Return the first thing found that is not empty; an endless wait is an error."""
    end = time.monotonic() + CEILING
    while not (found := look()):
        assert time.monotonic() < end, f"nothing happened in {CEILING:g} seconds"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc").exists()
