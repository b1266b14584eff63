"""What every journal promises: each fit is told once, with who it was and how it ended, and never changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from samples.watches import Onlooker

from ktrdr.adapters.journal.several import Journals
from ktrdr.adapters.journal.trials import TrialJournal, TrialLog
from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.application.ports.journal import Journal
from ktrdr.domain.training.work import Work

Told = Callable[[], list[tuple[str, int, str, bool]]]
"""Returns of each end that was told: strategy, seed, outcome, and whether test rows were looked at."""


def memory(_: Path) -> tuple[Journal, Told]:
    journal = MemoryJournal()
    return journal, lambda: [
        (run.work.strategy, run.work.seed, outcome, run.figures is not None)
        for run in journal.runs
        for outcome, _ in run.ends
    ]


def trials(folder: Path) -> tuple[Journal, Told]:
    log = TrialLog(folder)

    def told() -> list[tuple[str, int, str, bool]]:
        return [(line["strategy"], line["seed"], line["outcome"], line["looked_at_test"]) for line in log.read()]

    return TrialJournal(log), told


def several(folder: Path) -> tuple[Journal, Told]:
    (one, told), (other, _) = trials(folder), memory(folder)
    return Journals([other, one]), told


JOURNALS: dict[str, Any] = {"memory": memory, "trials": trials, "several": several}


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Journal, Told]:
    return JOURNALS[request.param](tmp_path)  # type: ignore[no-any-return]


def test_every_fit_is_told_with_its_end(journal: tuple[Journal, Told]) -> None:
    opened, told = journal
    for seed, outcome in enumerate(("fitted", "published", "unpublished", "failed", "interrupted")):
        opened.begin(Work("demo", seed=seed)).end(outcome)  # type: ignore[arg-type]
    assert told() == [
        ("demo", seed, outcome, False)
        for seed, outcome in enumerate(("fitted", "published", "unpublished", "failed", "interrupted"))
    ]


def test_a_look_at_test_rows_is_told(journal: tuple[Journal, Told]) -> None:
    opened, told = journal
    run = opened.begin(Work("demo"))
    run.judged({"log_loss": 0.5})
    run.end("judged")
    assert told() == [("demo", 0, "judged", True)]


def test_two_fits_at_once_are_told_apart(journal: tuple[Journal, Told]) -> None:
    opened, told = journal
    one, two = opened.begin(Work("one")), opened.begin(Work("two"))
    two.end("fitted")
    one.judged({})
    one.end("judged")
    assert sorted(told()) == [("one", 0, "judged", True), ("two", 0, "fitted", False)]


def test_someone_looks_on_at_every_fit(journal: tuple[Journal, Told]) -> None:
    opened, _ = journal
    assert opened.begin(Work()).watch().kept() is None


def test_all_who_look_on_are_asked() -> None:
    first, second = Onlooker(), Onlooker()
    watch = Journals([MemoryJournal(first), MemoryJournal(), MemoryJournal(second)]).begin(Work()).watch()
    watch.epoch(None, 3)  # type: ignore[arg-type]
    assert (first.seen, second.seen) == ([(None, 3)], [(None, 3)])
    assert Journals([MemoryJournal()]).begin(Work()).watch().keeps is False
