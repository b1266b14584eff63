"""Files as vendors and programs write them, whole and broken: each is read as it must be, or refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from doors import by_import, straight
from expectations import FILES, Case, cases, problems
from samples.command_line import Command

CASES = cases()
PLAIN = {case.path for case in CASES if not case.stated}
NAMED = [case for case in CASES if case.named and (not case.stated or case.path not in PLAIN)]
"""What can be read straight from its folder, where nothing can be said of it: each file once."""


def test_every_file_has_its_right_reading() -> None:
    there = {path for path in FILES.glob("*/*") if path.name != "symbols.yaml"}
    assert {case.path for case in CASES} == there
    assert len(there) >= 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_by_import(case: Case, tmp_path: Path, ktrdr: Command) -> None:
    assert problems(case, by_import(case, tmp_path, ktrdr)) == []


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_straight_from_the_folder(case: Case, tmp_path: Path, ktrdr: Command) -> None:
    assert problems(case, straight(case, tmp_path, ktrdr), refusal_will_do=True) == []
