"""The file of trials: one line a fit, whatever happens."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ktrdr.adapters.journal.trials import TrialJournal, TrialLog
from ktrdr.domain.errors import Unavailable
from ktrdr.domain.training.work import Work


@pytest.fixture
def log(tmp_path: Path) -> TrialLog:
    return TrialLog(tmp_path / "models")


def test_no_file_is_no_trials(log: TrialLog) -> None:
    assert log.read() == ()


def test_lines_are_kept_in_order(log: TrialLog, tmp_path: Path) -> None:
    for number in range(3):
        log.append({"number": number, "text": "a\nb ü"})
    assert [trial["number"] for trial in log.read()] == [0, 1, 2]
    lines = (tmp_path / "models/trials.jsonl").read_bytes().splitlines()
    assert [json.loads(line) for line in lines] == list(log.read())


@pytest.mark.parametrize("torn", [b'{"numb', b"{", b'{"number": 9}', b'"text"', b"\xff\x00", b"[" * 5000])
def test_torn_last_line_is_left_out_and_closed_by_the_next_append(log: TrialLog, torn: bytes) -> None:
    log.append({"number": 1})
    with log.path.open("ab") as file:
        file.write(torn)
    whole = [{"number": 9}] if torn == b'{"number": 9}' else []
    assert list(log.read()) == [{"number": 1}, *whole]
    log.append({"number": 2})
    assert list(log.read()) == [{"number": 1}, *whole, {"number": 2}]


def test_nothing_is_ever_changed_but_the_end(log: TrialLog) -> None:
    log.append({"number": 1})
    before = log.path.read_bytes()
    log.append({"number": 2})
    assert log.path.read_bytes().startswith(before)


def test_lines_of_several_writers_do_not_mix(log: TrialLog) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: TrialLog(log.path.parent).append({"n": n, "text": "x" * 20_000}), range(40)))
    assert sorted(trial["n"] for trial in log.read()) == list(range(40))


def test_full_disk_is_unavailable_and_leaves_no_torn_line(log: TrialLog, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    log.append({"number": 1})
    before = log.path.read_bytes()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal = pytest.importorskip("signal")
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 5, old[1]))
        with pytest.raises(Unavailable, match=r"cannot add a line to .*trials\.jsonl"):
            log.append({"number": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
        signal.signal(signal.SIGXFSZ, handler)
    assert log.path.read_bytes() == before


def test_folder_that_is_a_file_is_unavailable(log: TrialLog) -> None:
    log.path.parent.write_text("x")
    with pytest.raises(Unavailable, match="cannot add a line"):
        log.append({})
    with pytest.raises(Unavailable, match="cannot read"):
        log.read()


def test_error_that_is_not_about_room_is_reported_as_such(log: TrialLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Unavailable, match="Input/output error"):
        log.append({"number": 1})


def test_a_fit_is_one_line_when_it_ends(log: TrialLog) -> None:
    work = Work("demo", ("AAPL",), "multi", 7, facts={"data": [{"rows": 3}], "hold_out": []})
    before = datetime.now(UTC).replace(microsecond=0)
    run = TrialJournal(log).begin(work)
    assert log.read() == ()
    run.judged({"log_loss": 0.5, "per_class": {"up": 1}})
    run.end("published", {"model": "demo/AAPL_1d_v1", "manifest_sha256": "ab"})
    (trial,) = log.read()
    assert before <= datetime.fromisoformat(trial.pop("began")) <= datetime.fromisoformat(trial.pop("time"))
    assert len(trial.pop("fit")) == 16
    assert trial == {
        "outcome": "published",
        "strategy": "demo",
        "symbols": ["AAPL"],
        "mode": "multi",
        "role": "model",
        "seed": 7,
        "fold": None,
        "trial": None,
        "data": [{"rows": 3}],
        "hold_out": [],
        "looked_at_test": True,
        "metrics": {"log_loss": 0.5},
        "model": "demo/AAPL_1d_v1",
        "manifest_sha256": "ab",
    }


def test_a_published_fit_that_could_not_be_is_told_again_under_its_name(log: TrialLog) -> None:
    run = TrialJournal(log).begin(Work())
    run.end("published", {"model": "demo/AAPL_1d_v1"})
    run.end("unpublished", {"error": "no room"})
    first, second = log.read()
    assert first["fit"] == second["fit"]
    assert (second["outcome"], second["error"]) == ("unpublished", "no room")


def test_a_link_is_not_followed(log: TrialLog, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("kept")
    log.path.parent.mkdir()
    log.path.symlink_to(elsewhere)
    with pytest.raises(Unavailable, match="cannot add a line"):
        log.append({"number": 1})
    assert elsewhere.read_text() == "kept"
