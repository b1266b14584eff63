"""A calendar is built once, and a cache in any state gives the same sessions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ktrdr.adapters.data import calendar_cache
from ktrdr.domain.market.sessions import Sessions

DAYS = np.arange(5, dtype=np.int64)
SESSIONS = Sessions(DAYS, DAYS + 1, DAYS + 2, "America/New_York")


class Builder:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Sessions:
        self.calls += 1
        return SESSIONS


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Any) -> Path:
    monkeypatch.setattr(calendar_cache, "user_cache_path", lambda name: tmp_path / name)
    return tmp_path / "ktrdr" / "calendars"


def remembered(build: Builder, calendar: str = "XNYS") -> Sessions:
    return calendar_cache.remembered(calendar, 1990, 2030, build)


def same(one: Sessions, other: Sessions) -> bool:
    pairs = zip((one.dates, one.opens, one.closes), (other.dates, other.opens, other.closes), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs) and one.time_zone == other.time_zone


def test_breaks_are_kept() -> None:
    breaks = np.stack((SESSIONS.opens, SESSIONS.closes), axis=1)
    paused = replace(SESSIONS, breaks=breaks)
    for _ in range(2):
        found = calendar_cache.remembered("XHKG", 1990, 2030, lambda: paused)
        assert np.array_equal(np.asarray(found.breaks), breaks)
    assert calendar_cache.remembered("XNYS", 1990, 2030, lambda: SESSIONS).breaks is None
    assert remembered(Builder()).breaks is None


def test_it_is_built_once() -> None:
    build = Builder()
    assert same(remembered(build), SESSIONS)
    assert same(remembered(build), SESSIONS)
    assert build.calls == 1
    remembered(build, "XLON")
    assert build.calls == 2


@pytest.mark.parametrize("spoil", [b"", b"PK\x03\x04 torn", b"not a zip at all"])
def test_what_cannot_be_read_is_built_again(spoil: bytes, folder: Path) -> None:
    build = Builder()
    remembered(build)
    (entry,) = folder.iterdir()
    entry.write_bytes(spoil)
    assert same(remembered(build), SESSIONS)
    assert build.calls == 2
    assert same(remembered(build), SESSIONS)
    assert build.calls == 2


def test_an_entry_out_of_order_is_built_again(folder: Path) -> None:
    build = Builder()
    remembered(build)
    (entry,) = folder.iterdir()
    np.savez(entry, dates=DAYS[::-1], opens=DAYS, closes=DAYS, time_zone=np.array("UTC"))
    assert same(remembered(build), SESSIONS)


def test_another_version_of_the_library_has_its_own_entry(monkeypatch: Any) -> None:
    build = Builder()
    remembered(build)
    monkeypatch.setattr(calendar_cache, "version", lambda _: "99.0")
    remembered(build)
    assert build.calls == 2


def test_a_cache_that_cannot_be_written_is_done_without(folder: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file where the folder should be")
    build = Builder()
    assert same(remembered(build), SESSIONS)
    assert same(remembered(build), SESSIONS)
    assert build.calls == 2
