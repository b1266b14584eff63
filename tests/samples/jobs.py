"""Jobs that worker processes of the tests do; a fresh process imports this module and nothing else of the tests."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patience import CEILING, until

Job = dict[str, Any]


def open_worker() -> Callable[[Job], Any]:
    """Return what does jobs; each process opens it once."""
    count = iter(range(10**6))
    return lambda job: do(job, next(count))


def do(job: Job, earlier: int = 0) -> Any:
    """Do what the job says."""
    if "meet" in job:
        folder, count = job["meet"]
        (Path(folder) / str(os.getpid())).touch()
        until(lambda: len(list(Path(folder).iterdir())) >= count)
    if "say" in job:
        logging.getLogger("ktrdr.sample").info("said", extra={"what": job["say"]})
    if job.get("print"):
        os.write(1, b"what a library prints\n")
    if job.get("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if "touch" in job:
        Path(job["touch"]).write_text(str(os.getpid()))
        time.sleep(CEILING)
    if job.get("odd"):
        return lambda: None
    return {"name": job["name"], "pid": os.getpid(), "earlier": earlier, "threads": os.environ.get("OMP_NUM_THREADS")}
