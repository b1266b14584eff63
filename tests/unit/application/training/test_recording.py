"""Every fit that begins ends with one line, however it ends."""

from __future__ import annotations

from typing import Any

import pytest

from ktrdr.adapters.journal.trials import TrialJournal
from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.application.training.recording import Runs
from ktrdr.domain.errors import InvalidInput, TrainingFailed, TrainingInterrupted, Unavailable
from ktrdr.domain.training.work import Work


def ended(journal: MemoryJournal) -> list[tuple[int, str, str]]:
    return [(run.work.seed, outcome, facts.get("error", "")) for run in journal.runs for outcome, facts in run.ends]


def test_what_nobody_ends_is_written_as_far_as_it_came() -> None:
    journal = MemoryJournal()
    with Runs(journal, Work("demo")) as runs:
        runs.begin(seed=1).fitted()
        second = runs.begin(seed=2)
        second.fitted()
        second.judged({})
        runs.begin(seed=3).end("published")
    assert ended(journal) == [(1, "fitted", ""), (2, "judged", ""), (3, "published", "")]


@pytest.mark.parametrize(
    ("error", "outcome", "said"),
    [
        (TrainingFailed("nan"), "failed", "nan"),
        (TrainingInterrupted("stopped"), "interrupted", "stopped"),
        (KeyboardInterrupt(), "interrupted", "stopped by the user"),
        (KeyboardInterrupt(15), "interrupted", "stopped by the user"),
        (SystemExit(3), "interrupted", "the program was ended"),
        (RuntimeError("bug"), "failed", "bug"),
        (RuntimeError(), "failed", "RuntimeError"),
    ],
)
def test_an_error_ends_the_fit_it_came_from_and_the_one_that_was_to_be_published(
    error: BaseException, outcome: str, said: str
) -> None:
    journal = MemoryJournal()
    with pytest.raises(type(error)), Runs(journal, Work("demo")) as runs:  # noqa: PT012
        runs.begin(seed=1).fitted()
        runs.begin(seed=2, role="seed").fitted()
        runs.begin(seed=3, role="seed")
        raise error
    assert ended(journal) == [(1, outcome, said), (2, "fitted", ""), (3, outcome, said)]


def test_a_block_of_its_own_ends_before_the_job_does() -> None:
    journal = MemoryJournal()
    with Runs(journal, Work()) as runs:
        with pytest.raises(TrainingFailed), runs.begin(role="rival"):
            raise TrainingFailed("nan")
        assert ended(journal) == [(0, "failed", "nan")]
        with runs.begin(role="fold", fold=1) as run:
            run.fitted()
            run.judged({"log_loss": 1.0})
    assert [outcome for _, outcome, _ in ended(journal)] == ["failed", "judged"]


def test_a_fit_that_is_refused_has_not_begun() -> None:
    journal = MemoryJournal()
    with pytest.raises(InvalidInput), Runs(journal, Work()) as runs:  # noqa: PT012
        runs.begin()
        raise InvalidInput("no such device")
    assert ended(journal) == []


@pytest.mark.parametrize(("error", "outcomes"), [(KeyboardInterrupt(), ["interrupted"]), (InvalidInput("no rows"), [])])
def test_a_job_that_is_stopped_before_its_first_fit_is_counted(error: BaseException, outcomes: list[str]) -> None:
    journal = MemoryJournal()
    with pytest.raises(type(error)), Runs(journal, Work("demo")):
        raise error
    assert [outcome for _, outcome, _ in ended(journal)] == outcomes


def test_later_fits_know_more_of_what_they_are_fitted_to() -> None:
    journal = MemoryJournal()
    with Runs(journal, Work("demo")) as runs:
        runs.about(("A", "B"), {"rows": 3, "data": "all"})
        runs.begin(seed=1)
        runs.begin({"data": "of A"}, symbols=("A",))
    assert [(run.work.strategy, run.work.seed, run.work.symbols, run.work.facts) for run in journal.runs] == [
        ("demo", 1, ("A", "B"), {"rows": 3, "data": "all"}),
        ("demo", 0, ("A",), {"rows": 3, "data": "of A"}),
    ]


def test_a_look_by_what_is_not_published_is_written_down_at_once() -> None:
    journal = MemoryJournal()
    with Runs(journal, Work("demo")) as runs:
        runs.begin(role="seed").judged({"log_loss": 1.0})
        assert [outcome for _, outcome, _ in ended(journal)] == ["judged"]
        runs.begin(role="model").judged({})
        assert len(ended(journal)) == 1
    assert [outcome for _, outcome, _ in ended(journal)] == ["judged", "judged"]


class _Full:
    def append(self, line: Any) -> None:
        raise Unavailable("no room")


def test_an_error_of_the_fit_stays_where_it_cannot_be_written_down() -> None:
    with (  # noqa: PT012
        pytest.raises(TrainingInterrupted, match=r"stopped \(its trial was not recorded: no room\)"),
        Runs(TrialJournal(_Full()), Work()) as runs,  # type: ignore[arg-type]
    ):
        runs.begin()
        raise TrainingInterrupted("stopped")


def test_what_cannot_be_written_down_must_not_be_used() -> None:
    with pytest.raises(Unavailable, match="no room"), Runs(TrialJournal(_Full()), Work()) as runs:  # type: ignore[arg-type]
        runs.begin().fitted()
