"""The record of trainings: one line each, whatever happens."""

from __future__ import annotations

import errno
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from samples.fits import task
from samples.models import artifact
from samples.universals import universal

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.tracking.trials import TrialLog, TrialRecordingStorage, TrialRecordingTrainer
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.errors import InvalidInput, ModelNotFound, TrainingFailed, TrainingInterrupted, Unavailable
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch


class EndsWith(ModelTrainer):
    def __init__(self, end: Exception | object) -> None:
        self.end = end

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        if isinstance(self.end, Exception):
            raise self.end
        return self.end  # type: ignore[return-value]

    def restore(self, artifact: Artifact) -> FittedModel:
        return self.end  # type: ignore[return-value]


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


def test_publish_leaves_a_line_that_delete_does_not_touch(log: TrialLog) -> None:
    storage = TrialRecordingStorage(MemoryStorage(), log)
    given = artifact()
    given.blobs["metrics.json"] = b'{"seeds": [{"seed": 7}, {"seed": 8}]}'  # type: ignore[index]
    before = datetime.now(UTC).replace(microsecond=0)
    stored = storage.publish(given)
    (trial,) = log.read()
    assert before <= datetime.fromisoformat(trial.pop("time")) <= datetime.now(UTC)
    assert trial == {
        "outcome": "published",
        "strategy": "demo",
        "model": "demo/AAPL_1d_v1",
        "mode": "single",
        "combination": None,
        "hold_out": [],
        "data": given.manifest.data,
        "settings": given.manifest.settings,
        "seed": 7,
        "seeds": [{"seed": 7}, {"seed": 8}],
        "metrics": given.manifest.training_metrics,
        "contract_hash": given.manifest.contract_hash,
        "judged_until": given.manifest.judged_until,
    }
    assert storage.versions() == (stored,)
    assert storage.load("demo/AAPL_1d_latest").manifest.version == 1
    line = log.path.read_bytes()
    storage.delete(stored.reference)
    with pytest.raises(ModelNotFound):
        storage.load(stored.reference)
    assert log.path.read_bytes() == line


def test_the_line_of_a_pooled_model_says_how_it_was_pooled_and_who_was_held_out(log: TrialLog) -> None:
    given = universal()
    given.manifest.split.update({"combination": "interleaved", "held_out": ["KO", "TSLA"]})
    TrialRecordingStorage(MemoryStorage(), log).publish(given)
    (trial,) = log.read()
    assert (trial["mode"], trial["combination"], trial["hold_out"]) == ("universal", "interleaved", ["KO", "TSLA"])
    log.append_interrupted("demo", {"mode": "multi"})
    assert (log.read()[1]["outcome"], log.read()[1]["mode"]) == ("interrupted", "multi")


class StoppedBehindTheRename(MemoryStorage):
    """Gets Ctrl-C when the version stands and nothing else is done yet."""

    def publish(self, artifact: Artifact) -> StoredModel:
        stored = super().publish(artifact)
        signal.raise_signal(signal.SIGINT)
        return stored


def test_no_publish_is_without_its_line_when_it_is_stopped(log: TrialLog) -> None:
    storage = TrialRecordingStorage(StoppedBehindTheRename(), log)
    with pytest.raises(KeyboardInterrupt):
        storage.publish(artifact())
    assert [trial["outcome"] for trial in log.read()] == ["published"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_publish_that_fails_leaves_no_line(log: TrialLog) -> None:
    bad = artifact()
    bad.blobs["../x"] = b""  # type: ignore[index]
    with pytest.raises(InvalidInput):
        TrialRecordingStorage(MemoryStorage(), log).publish(bad)
    assert log.read() == ()


def test_line_that_cannot_be_written_is_said_with_what_was_published(log: TrialLog) -> None:
    log.path.parent.write_text("x")
    storage = TrialRecordingStorage(MemoryStorage(), log)
    with pytest.raises(Unavailable, match=r"memory:demo/AAPL_1d_v1 was published, but its trial was not recorded"):
        storage.publish(artifact())
    assert len(storage.versions()) == 1


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(TrainingFailed("epoch 3: loss is nan"), "failed"), (TrainingInterrupted("stopped in epoch 2"), "interrupted")],
)
def test_fit_that_fails_leaves_a_line(log: TrialLog, failure: TrainingFailed, outcome: str) -> None:
    given = task(n=50, learning_rate=0.5, seed=11)
    with pytest.raises(type(failure)) as caught:
        TrialRecordingTrainer(EndsWith(failure), log).fit(given)
    assert caught.value is failure
    (trial,) = log.read()
    assert (trial["outcome"], trial["error"], trial["seed"]) == (outcome, str(failure), 11)
    assert (trial["settings"]["learning_rate"], trial["architecture"]["hidden_layers"]) == (0.5, [8])
    assert (trial["features"], trial["rows"]) == (["f0", "f1", "f2", "f3"], {"train": 50, "validation": 60})
    assert datetime.fromisoformat(trial["time"]).utcoffset() is not None


def test_fit_that_succeeds_or_never_began_leaves_none(log: TrialLog) -> None:
    model = object()
    trainer = TrialRecordingTrainer(EndsWith(model), log)
    assert trainer.fit(task()) is model
    assert trainer.restore(artifact()) is model
    with pytest.raises(InvalidInput):
        TrialRecordingTrainer(EndsWith(InvalidInput("no such model")), log).fit(task())
    assert log.read() == ()


def test_failure_keeps_its_family_where_its_line_cannot_be_written(log: TrialLog) -> None:
    log.path.parent.write_text("x")
    with pytest.raises(TrainingInterrupted, match=r"stopped \(its trial was not recorded: .*\)"):
        TrialRecordingTrainer(EndsWith(TrainingInterrupted("stopped")), log).fit(task())


def test_error_that_is_not_about_room_is_reported_as_such(log: TrialLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(Unavailable, match="Input/output error"):
        log.append({"number": 1})
