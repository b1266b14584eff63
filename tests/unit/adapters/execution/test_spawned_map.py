"""Jobs in processes of their own: order, loss, stopping, records, and when it stays in this process."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from patience import alive, until
from samples.jobs import Job, do, open_worker

from ktrdr.adapters.execution.spawned import SpawnedMap, processors


def spawned(workers: int | None = 2, because: str = "") -> SpawnedMap[Job, Any]:
    return SpawnedMap(
        open_worker, lambda job, reason: {"name": job["name"], "lost": reason}, lambda _: workers, because
    )


def jobs(count: int, **of_first: Any) -> list[Job]:
    first, *others = ({"name": number} for number in range(count))
    return [first | of_first, *others]


def meeting(given: list[Job], count: int, folder: Path) -> list[Job]:
    """Return the jobs; the first ones wait for each other, so that as many processes take part."""
    return [job | {"meet": (str(folder), count)} for job in given[:count]] + given[count:]


def test_results_come_in_the_order_of_the_jobs_from_other_processes_of_one_thread(tmp_path: Path) -> None:
    results = list(spawned()(do, meeting(jobs(6), 2, tmp_path)))
    assert [result["name"] for result in results] == list(range(6))
    processes = {result["pid"] for result in results}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert {result["threads"] for result in results} == {"1"}
    for pid in processes:  # each process made its function once
        assert [result["earlier"] for result in results if result["pid"] == pid] == list(
            range(sum(result["pid"] == pid for result in results))
        )


def test_a_process_that_dies_takes_one_job_with_it() -> None:
    given = jobs(5)
    given[1] |= {"kill": True}
    results = list(spawned()(do, given))
    assert [result["name"] for result in results] == list(range(5))
    assert [name for name, result in enumerate(results) if "lost" in result] == [1]
    assert "killed by signal 9" in results[1]["lost"]


@pytest.mark.parametrize("fault", [{"callback": lambda: None}, {"odd": True}])
def test_what_cannot_be_sent_is_lost_with_its_reason(fault: dict[str, Any]) -> None:
    first, second = spawned()(do, jobs(2, **fault))
    assert first["lost"]
    assert second["name"] == 1


def test_what_a_job_prints_is_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    first, _ = spawned()(do, jobs(2, print=True))
    assert first["name"] == 0
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "what a library prints" in captured.err


def test_records_come_back(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "ktrdr"):
        results = list(spawned()(do, jobs(2, say="hello")))
    (record,) = [record for record in caplog.records if record.getMessage() == "said"]
    assert (record.what, record.worker) == ("hello", results[0]["pid"])  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 2])
def test_one_job_or_one_worker_needs_no_process(workers: int) -> None:
    results = list(spawned(workers)(do, jobs(1 if workers == 2 else 3)))
    assert {result["pid"] for result in results} == {os.getpid()}


def test_a_reason_keeps_jobs_in_this_process_and_is_said_where_it_matters(caplog: pytest.LogCaptureFixture) -> None:
    quiet = list(spawned(1, "a port is overridden")(do, jobs(2)))
    assert not caplog.records
    loud = list(spawned(2, "a port is overridden")(do, jobs(2)))
    assert {result["pid"] for result in (*quiet, *loud)} == {os.getpid()}
    assert "a port is overridden" in caplog.text


def test_as_many_workers_as_processors_by_default(tmp_path: Path) -> None:
    given = meeting(jobs(processors() + 2), processors(), tmp_path)
    pids = {result["pid"] for result in spawned(None)(do, given)}
    assert len(pids) == processors()


def _written(path: Path) -> int:
    return int(until(lambda: path.exists() and path.read_text()))


def test_giving_up_stops_a_process_at_work(tmp_path: Path) -> None:
    results = spawned()(do, [{"name": 0}, {"name": 1, "touch": str(tmp_path / "pid")}])
    next(results)
    pid = _written(tmp_path / "pid")
    results.close()  # type: ignore[attr-defined]
    until(lambda: not alive(pid))


def test_no_process_outlives_a_killed_starter(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path[:] = {path!r}\n"
        "from test_spawned_map import do, spawned\n"
        "list(spawned()(do, [{{'name': name, 'touch': {folder!r} + name}} for name in 'ab']))"
    ).format(path=sys.path, folder=f"{tmp_path}/")
    starter = subprocess.Popen([sys.executable, "-c", program])
    pids = [_written(tmp_path / name) for name in "ab"]
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    until(lambda: not any(map(alive, pids)))
