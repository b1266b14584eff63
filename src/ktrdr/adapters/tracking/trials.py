"""Every training leaves one line, published or not: later statistics must know how often we tried."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ktrdr.adapters.documents.limits import TRIAL
from ktrdr.adapters.documents.plain_file import open_plain
from ktrdr.adapters.tracking.undisturbed import undisturbed
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import METRICS, Artifact, StoredModel
from ktrdr.domain.artifacts.plain_json import canonical_json, read_json
from ktrdr.domain.errors import CorruptArtifact, TrainingFailed, TrainingInterrupted, Unavailable
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch

LOCK_SECONDS = 60


class TrialLog:
    """``{folder}/trials.jsonl``: one JSON object a line, only ever appended to.

    Parameters
    ----------
    folder : Path
        Where models are published; created by the first line.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "trials.jsonl"

    def append(self, trial: Mapping[str, Any]) -> None:
        """Add a line and bring it to disk; a line that a crash left torn is closed first.

        Raises
        ------
        Unavailable
            If the file cannot be written, or another process holds its lock for longer than `LOCK_SECONDS`.
        """
        from filelock import FileLock

        line = canonical_json(trial) + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(".trials.lock"), timeout=LOCK_SECONDS):
                self._write(line)
        except OSError as error:
            raise Unavailable(f"cannot add a line to {self.path}: {error.strerror or error}") from error

    def append_interrupted(self, strategy: str, how: Mapping[str, Any]) -> None:
        """Add the line of a training that the user stopped outside its fit; `how` it was asked for goes with it."""
        self.append({"time": _now(), "strategy": strategy, "outcome": "interrupted", **how})

    def read(self) -> tuple[dict[str, Any], ...]:
        """Return all trials, oldest first; lines that are torn or too long are left out, no file means no trials.

        Raises
        ------
        InvalidInput
            If it is a link, a pipe or anything else but a plain file.
        Unavailable
            If the file cannot be read.
        """
        try:
            with open_plain(self.path, links=False) as file:
                return tuple(_trials(file))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Unavailable(f"cannot read {self.path}: {error.strerror or error}") from error

    def _write(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        with open(os.open(self.path, flags, 0o666), "r+b", buffering=0) as file:  # noqa: PTH123 - from a descriptor
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            if file.read(1) not in (b"\n", b""):
                line = b"\n" + line
            if file.write(line) != len(line):
                file.truncate(end)
                raise OSError(errno.ENOSPC, "there is no room for the whole line")
            os.fsync(file.fileno())


def _trials(file: BinaryIO) -> Iterator[dict[str, Any]]:
    whole = True
    while line := file.readline(TRIAL.size):
        ends = line.endswith(b"\n")
        if whole and (ends or len(line) < TRIAL.size):
            with suppress(CorruptArtifact):
                trial = read_json(line, "trial")
                if isinstance(trial, dict):
                    yield trial
        whole = ends


class TrialRecordingTrainer(ModelTrainer):
    """Fits as `inner` does; a fit that fails or is stopped leaves a line."""

    def __init__(self, inner: ModelTrainer, log: TrialLog) -> None:
        self._inner = inner
        self._log = log

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        """Return a model fitted to the task."""
        try:
            return self._inner.fit(task, watch)
        except TrainingFailed as error:
            self._record(task, error)
            raise

    def restore(self, artifact: Artifact) -> FittedModel:
        """Return the stored model."""
        return self._inner.restore(artifact)

    def _record(self, task: FitTask, failure: TrainingFailed) -> None:
        trial = {
            "time": _now(),
            "outcome": "interrupted" if isinstance(failure, TrainingInterrupted) else "failed",
            "error": str(failure),
            "settings": asdict(task.settings),
            "seed": task.settings.seed,
            "architecture": {"type": task.model.type, **task.model.architecture},
            "features": list(task.feature_ids),
            "rows": {"train": len(task.train.targets), "validation": len(task.validation.targets)},
        }
        try:
            self._log.append(trial)
        except Unavailable as error:
            raise type(failure)(f"{failure} (its trial was not recorded: {error})") from failure


class TrialRecordingStorage(ModelStorage):
    """Stores as `inner` does; every publish leaves a line, which a delete does not touch."""

    def __init__(self, inner: ModelStorage, log: TrialLog) -> None:
        self._inner = inner
        self._log = log

    def publish(self, artifact: Artifact) -> StoredModel:
        """Store an artifact and record the training that made it; a signal to stop waits until both are done.

        Raises
        ------
        Unavailable
            If the place cannot be written; or if only the line could not be: the message says what was published.
        """
        with undisturbed():
            stored = self._inner.publish(artifact)
            try:
                self._log.append(_published(stored, artifact))
            except Unavailable as error:
                said = f"{stored.location} was published, but its trial was not recorded: {error}"
                raise Unavailable(said) from error
        return stored

    def load(self, reference: str) -> Artifact:
        """Return a stored artifact."""
        return self._inner.load(reference)

    def versions(self) -> tuple[StoredModel, ...]:
        """Return all published versions."""
        return self._inner.versions()

    def delete(self, reference: str) -> StoredModel:
        """Remove one version; its line stays."""
        return self._inner.delete(reference)


def _published(stored: StoredModel, artifact: Artifact) -> dict[str, Any]:
    manifest = artifact.manifest
    return {
        "time": _now(),
        "outcome": "published",
        "strategy": manifest.strategy_name,
        "model": stored.reference,
        "mode": "universal" if manifest.symbol is None else "single",
        "combination": manifest.split.get("combination"),
        "hold_out": manifest.split.get("held_out", []),
        "data": manifest.data,
        "settings": manifest.settings,
        "seed": manifest.seed,
        "seeds": artifact.document(METRICS).get("seeds"),
        "metrics": manifest.training_metrics,
        "contract_hash": manifest.contract_hash,
        "judged_until": manifest.judged_until,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
