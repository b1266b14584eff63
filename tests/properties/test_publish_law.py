"""Law 5: after any sequence of publish, crash, load and delete, latest is complete and old versions are unchanged."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from effort import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from samples.filesystem_steps import Crash, crash_after
from samples.models import artifact

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.errors import ModelNotFound

KEYS = [
    ModelKey("demo", "AAPL", "1d"),
    ModelKey("demo", "^GSPC", "1d"),
    ModelKey("demo"),
    ModelKey("other", "A_B", "1h"),
]
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
STEPS = st.integers(0, 65)


class PublishLaw(RuleBasedStateMachine):
    """A folder whose writer may die at any step, beside a memory that is told what became visible."""

    published = Bundle("published")

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory(dir=IN_MEMORY)
        self._memory = MemoryStorage()
        self._known: dict[str, tuple[str, Artifact]] = {}
        self._latest: dict[ModelKey, int] = {}
        self._highest: dict[ModelKey, int] = {}
        self._payload = 0

    @property
    def _disk(self) -> FileSystemStorage:
        return FileSystemStorage(Path(self._folder.name) / "models")

    @rule(target=published, key=st.sampled_from(KEYS))
    def publish(self, key: ModelKey) -> str:
        made = self._new(key)
        stored = self._disk.publish(made)
        self._remember(stored, made)
        self._latest[key] = stored.number
        return stored.reference

    @rule(target=published, key=st.sampled_from(KEYS), steps=STEPS)
    def crash_while_publishing(self, key: ModelKey, steps: int) -> Any:
        made = self._new(key)
        try:
            with crash_after(steps):
                self._disk.publish(made)
        except Crash:
            pass
        new = [version for version in self._disk.versions() if version.reference not in self._known]
        for stored in new:
            self._remember(stored, made)
            assert stored.is_latest
            self._latest[key] = stored.number
        return multiple(*(stored.reference for stored in new))

    @rule(reference=consumes(published))
    def delete(self, reference: str) -> None:
        stored = self._disk.delete(reference)
        assert stored.is_latest == (self._latest.get(stored.key) == stored.number)
        self._forget(reference, stored.key, stored.number)

    @rule(target=published, reference=consumes(published), steps=STEPS)
    def crash_while_deleting(self, reference: str, steps: int) -> Any:
        (version,) = [version for version in self._disk.versions() if version.reference == reference]
        try:
            with crash_after(steps):
                self._disk.delete(reference)
        except Crash:
            pass
        after = {version.reference: version for version in self._disk.versions()}
        if reference not in after:
            self._forget(reference, version.key, version.number)
            return multiple()
        if version.is_latest and not after[reference].is_latest:
            del self._latest[version.key]
        return reference

    @invariant()
    def every_version_is_as_it_was_published(self) -> None:
        assert {version.reference for version in self._disk.versions()} == self._known.keys()
        for reference, (_, as_published) in self._known.items():
            assert self._disk.load(reference) == as_published

    @invariant()
    def latest_is_complete_or_absent(self) -> None:
        for key in KEYS:
            if key in self._latest:
                assert self._disk.load(key.reference(None)).manifest.version == self._latest[key]
            else:
                with pytest.raises(ModelNotFound):
                    self._disk.load(key.reference(None))

    def teardown(self) -> None:
        for reference, (twin, _) in self._known.items():
            assert self._disk.load(reference).blobs == self._memory.load(twin).blobs
        assert len(self._memory.versions()) == len(self._known)
        self._folder.cleanup()

    def _new(self, key: ModelKey) -> Artifact:
        self._payload += 1
        content = b"%d" % self._payload
        return artifact(content, strategy_name=key.strategy, symbol=key.symbol, timeframe=key.timeframe)

    def _remember(self, stored: StoredModel, made: Artifact) -> None:
        assert stored.number > self._highest.get(stored.key, 0)
        self._highest[stored.key] = stored.number
        twin = self._memory.publish(made).reference
        self._known[stored.reference] = (twin, self._disk.load(stored.reference))

    def _forget(self, reference: str, key: ModelKey, number: int) -> None:
        self._memory.delete(self._known.pop(reference)[0])
        if self._latest.get(key) == number:
            del self._latest[key]


TestPublishLaw = PublishLaw.TestCase
TestPublishLaw.settings = settings(max_examples=examples(25), stateful_step_count=15)
