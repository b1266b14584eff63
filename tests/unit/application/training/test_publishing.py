"""A model that cannot be published is counted, its verdict is said, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from samples.models import artifact

from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.ports.model_storage import Announce, unannounced
from ktrdr.application.training.publishing import publish
from ktrdr.application.training.recording import RecordedRun, Runs
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.errors import NotPublished, Unavailable
from ktrdr.domain.training.work import Work


class FullStorage(MemoryStorage):
    """Keeps what it is given elsewhere, before or after it has announced it."""

    def __init__(self, *, announces: bool) -> None:
        super().__init__()
        self._announces = announces

    def publish(self, artifact: Artifact, announce: Announce = unannounced) -> StoredModel:
        if self._announces:
            super().publish(artifact, announce)
        raise NotPublished("no room; its files are kept in /kept", "/kept")


class DeafRun(RecordedRun):
    """Cannot be written down."""

    def end(self, outcome: Any, facts: Mapping[str, Any] | None = None) -> None:
        raise Unavailable("no room for a line")


def judged() -> Artifact:
    found = artifact()
    return Artifact(found.manifest, found.blobs | {"metrics.json": b'{"verdict": {"sentence": "Better."}}'})


@pytest.mark.parametrize("announces", [False, True])
def test_it_is_counted_and_said_with_its_verdict_and_its_place(announces: bool) -> None:
    journal = MemoryJournal()
    with Runs(journal, Work("demo")) as runs, pytest.raises(NotPublished) as raised:
        publish(FullStorage(announces=announces), judged(), runs.begin())
    assert str(raised.value) == "no room; its files are kept in /kept; it was judged: Better."
    assert raised.value.kept == "/kept"
    outcomes = [outcome for outcome, _ in journal.runs[0].ends]
    assert outcomes == ["published"] * announces + ["unpublished"]


def test_its_verdict_and_its_place_are_said_even_if_it_cannot_be_counted() -> None:
    run = DeafRun(MemoryJournal().begin(Work("demo")), Work("demo"))
    with pytest.raises(NotPublished, match=r"it was judged: Better\.; its trial is not recorded: no room") as raised:
        publish(FullStorage(announces=False), judged(), run)
    assert str(raised.value).endswith("; it will be when it is published")
    assert raised.value.kept == "/kept"
