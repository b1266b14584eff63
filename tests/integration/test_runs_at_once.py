"""Two runs that resume the same jobs at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.documents import changed

from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.adapters.storage.job_claims import JobClaims
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import TrainingJob, plan_training
from ktrdr.domain.training.request import Execution, Mode, TrainingRequest

PROGRAM = "from ktrdr.entrypoints.cli.console import run; run()"
PATIENCE = 300
HOLDER = """
import sys, time
from pathlib import Path
from filelock import FileLock
Path(sys.argv[1]).parent.mkdir(parents=True, exist_ok=True)
with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def jobs(resume: bool, *symbols: str) -> list[TrainingJob]:
    strategy = parse(changed("training_data.symbols", list(symbols)))
    return list(plan_training(TrainingRequest(strategy, mode=Mode.MULTI, execution=Execution(1, resume))))


def hold(root: Path, stem: str) -> subprocess.Popen[str]:
    """Start a process that is training a job."""
    command = [sys.executable, "-c", HOLDER, str(root / f"small/.jobs/{stem}.lock")]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "held\n"
    return started


def test_a_job_that_resumes_waits_for_another_process_until_that_is_dead(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    claims = JobClaims(tmp_path)
    waiting, other = jobs(True, "AAA", "BBB")
    done: list[str] = []
    with hold(tmp_path, "AAA_5m") as holder:
        alone = threading.Thread(target=lambda: claims(lambda job: done.append(job.symbol))(waiting))
        alone.start()
        claims(lambda job: done.append(job.symbol))(other)
        (anew, _) = jobs(False, "AAA", "BBB")
        claims(lambda job: done.append(f"{job.symbol} anew"))(anew)
        while "small/AAA_5m_latest: another run is training it" not in caplog.text:
            threading.Event().wait(0.01)
        assert done == ["BBB", "AAA anew"]
        os.kill(holder.pid, signal.SIGKILL)
        alone.join(PATIENCE)
    assert done == ["BBB", "AAA anew", "AAA"]


def test_a_claim_ends_with_an_error_too(tmp_path: Path) -> None:
    (job, _) = jobs(True, "AAA", "BBB")

    def fail(_: Any) -> None:
        raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            JobClaims(tmp_path)(fail)(job)


def test_where_no_claim_can_be_written_the_job_is_done(tmp_path: Path) -> None:
    (tmp_path / "small").write_text("no folder")
    (job, _) = jobs(True, "AAA", "BBB")
    assert JobClaims(tmp_path)(lambda job: job.symbol)(job) == "AAA"


def test_a_run_that_is_resumed_twice_at_once_trains_each_symbol_once(tmp_path: Path) -> None:
    written = changed("training_data.symbols", ["SIM_STOCK", "SIM_CRYPTO"])
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(written | {"training": written["training"] | {"epochs": 1}}))
    words = [
        "train",
        "small.yaml",
        "--mode",
        "multi",
        "--resume",
        "--workers",
        "1",
        "--no-importance",
        "--json",
        "--models-dir",
        "models",
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM, *words]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    outcomes = [run.communicate(timeout=PATIENCE) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outcomes
    versions = FileSystemStorage(tmp_path / "models").versions()
    assert [version.reference for version in versions] == ["small/SIM_CRYPTO_5m_v1", "small/SIM_STOCK_5m_v1"]
    kept = [model["kept"] for out, _ in outcomes for model in json.loads(out)["models"]]
    assert sorted(kept) == [False, False, True, True]
