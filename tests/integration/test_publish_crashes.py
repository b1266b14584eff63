"""Publishing and deleting, stopped after every single step, killed at random moments, and by several at once."""

from __future__ import annotations

import errno
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest
from samples.filesystem_steps import fail_at, interrupt_after
from samples.models import artifact, visible
from samples.storage_nursery import Nursery, nursery

from ktrdr.adapters.journal.trials import TrialLog
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.adapters.storage.kept import read_kept
from ktrdr.domain.errors import NotPublished

LATEST = "demo/AAPL_1d_latest"
ROUNDS = 200
FOR_EVER = 10**9


@pytest.fixture(scope="module")
def children() -> Iterator[Nursery]:
    with nursery() as started:
        yield started


def _stock(root: Path) -> FileSystemStorage:
    """Three versions, the middle one deleted, and what a dead writer left."""
    storage = FileSystemStorage(root)
    for payload in (b"one", b"two", b"three"):
        storage.publish(artifact(payload))
    storage.delete("demo/AAPL_1d_v2")
    (root / "demo/.staging-AAPL_1d_v9").mkdir()
    (root / "demo/.staging-AAPL_1d_v9/model.safetensors").write_bytes(b"half")
    (root / "demo/.AAPL_1d_latest").symlink_to("AAPL_1d_v9")
    return storage


def _copies(template: Path, fast_path: Path) -> Iterator[tuple[int, Path]]:
    for step in range(1, 200):
        root = fast_path / f"{step}"
        if template.exists():
            shutil.copytree(template, root, symlinks=True)
        yield step, root
    raise AssertionError("it never ran to its end")


def _kept(root: Path, old: dict[str, str]) -> dict[str, str]:
    return {name: content for name, content in visible(root).items() if name in old and name != LATEST}


def _all_load(storage: FileSystemStorage) -> dict[str, str]:
    return {v.reference: storage.load(v.reference).manifest.manifest_sha256 for v in storage.versions()}


def _assert_publishes_again(storage: FileSystemStorage, root: Path, above: int) -> None:
    stored = storage.publish(artifact(b"again"))
    assert stored.number > above
    assert storage.load(LATEST).blobs["model.safetensors"] == b"again"
    assert not [path for hidden in (".staging*", ".deleted*", ".AAPL*") for path in (root / "demo").glob(hidden)]


@pytest.mark.parametrize("stocked", [False, True], ids=["first publish", "later publish"])
def test_publish_stopped_after_every_step(children: Nursery, fast_path: Path, stocked: bool) -> None:
    template = fast_path / "template"
    before = _all_load(_stock(template)) if stocked else {}
    old = visible(template)
    for step, root in _copies(template, fast_path):
        children.start(do="publish", root=str(root), step=step)
        finished = children.wait() == [0]
        storage = FileSystemStorage(root)
        after = _all_load(storage)
        new = after.keys() - before.keys()
        assert before.items() <= after.items()
        assert len(new) <= 1
        assert _kept(root, old) == _kept(template, old)
        latest = [v.reference for v in storage.versions() if v.is_latest]
        assert os.path.lexists(root / LATEST) == bool(latest)
        assert set(latest) <= new | {"demo/AAPL_1d_v3"}
        assert set(latest) == new or not new
        assert not stocked or latest
        _assert_publishes_again(storage, root, above=max([v.number for v in storage.versions()], default=0))
        if finished:
            assert step > 30
            assert set(latest) == new != set()
            return


@pytest.mark.parametrize("reference", ["demo/AAPL_1d_v1", LATEST])
def test_delete_stopped_after_every_step(children: Nursery, fast_path: Path, reference: str) -> None:
    template = fast_path / "template"
    before = _all_load(_stock(template))
    kept = "demo/AAPL_1d_v3" if reference != LATEST else "demo/AAPL_1d_v1"
    for step, root in _copies(template, fast_path):
        children.start(do="delete", root=str(root), reference=reference, step=step)
        finished = children.wait() == [0]
        storage = FileSystemStorage(root)
        after = _all_load(storage)
        assert after.items() <= before.items()
        assert kept in after
        latest = [v.reference for v in storage.versions() if v.is_latest]
        assert os.path.lexists(root / LATEST) == bool(latest)
        assert reference == LATEST or latest == ["demo/AAPL_1d_v3"]
        _assert_publishes_again(storage, root, above=3)
        if finished:
            assert set(after) == {kept}
            return


@pytest.mark.parametrize("error_number", [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO])
def test_publish_that_fails_at_any_step_leaves_nothing_but_what_it_kept(
    fast_path: Path, tmp_path: Path, error_number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    template = fast_path / "template"
    _stock(template)
    old = visible(template)
    for step, root in _copies(template, fast_path):
        storage = FileSystemStorage(root)
        refused = None
        with fail_at(step, error_number):
            try:
                storage.publish(artifact(b"new"))
            except NotPublished as error:
                refused, kept = str(error), Path(str(error.kept))
        if refused is None:
            assert storage.load(LATEST).blobs["model.safetensors"] == b"new"
            assert _kept(root, old) == _kept(template, old)
        else:
            assert refused.startswith("cannot publish a new version of demo/AAPL_1d: " + os.strerror(error_number))
            assert "\n" not in refused
            assert visible(root) == old
            assert not list((root / "demo").glob(".staging-AAPL_1d_v4*"))
            assert read_kept(kept).blobs["model.safetensors"] == b"new"
        _assert_publishes_again(storage, root, above=3)
        if step > 80:
            return


def test_publish_interrupted_at_any_step_is_done_or_undone(fast_path: Path) -> None:
    template = fast_path / "template"
    _stock(template)
    old = visible(template)
    for step, root in _copies(template, fast_path):
        storage = FileSystemStorage(root)
        with suppress(KeyboardInterrupt), interrupt_after(step):
            storage.publish(artifact(b"new"))
        if visible(root) != old:
            assert storage.load(LATEST).blobs["model.safetensors"] == b"new"
            assert _kept(root, old) == _kept(template, old)
        _assert_publishes_again(storage, root, above=3)
        if step > 80:
            return


def test_killed_two_hundred_times_nothing_is_torn_or_lost(children: Nursery, fast_path: Path) -> None:
    storage = FileSystemStorage(fast_path)
    rng = random.Random(20240131)
    children.published.clear()
    statuses, highest = [], 0
    for seed in range(ROUNDS):
        child = children.start(do="loop", root=str(fast_path), times=FOR_EVER, seed=seed)
        if seed % 4:
            children.wait_for_one()
        time.sleep(rng.uniform(0.001, 0.03))
        os.kill(child, signal.SIGKILL)
        statuses += children.wait()
        if children.published:
            latest = storage.load(LATEST).manifest.version
            assert latest >= max(highest, int(children.published[-1][0].rpartition("_v")[2]))
            highest = latest
    assert statuses == [-signal.SIGKILL] * ROUNDS
    assert len(children.published) > ROUNDS / 2
    _assert_nothing_lost(storage, children.published)
    _assert_every_version_is_counted(storage, fast_path)


@pytest.mark.parametrize(("writers", "times"), [(2, 12), (16, 3)])
def test_several_writers_at_once(children: Nursery, fast_path: Path, writers: int, times: int) -> None:
    children.published.clear()
    for seed in range(writers):
        children.start(do="loop", root=str(fast_path), times=times, seed=seed)
    assert children.wait() == [0] * writers
    storage = FileSystemStorage(fast_path)
    assert len(children.published) == times * writers
    _assert_nothing_lost(storage, children.published)
    assert [v.number for v in storage.versions()] == list(range(1, times * writers + 1))
    assert storage.load(LATEST).manifest.version == times * writers
    _assert_every_version_is_counted(storage, fast_path)


def test_processes_that_publish_universal_and_symbol_models_at_once(children: Nursery, fast_path: Path) -> None:
    children.published.clear()
    for seed in range(3):
        children.start(do="loop", root=str(fast_path), times=8, seed=seed, universal=seed < 2)
    assert children.wait() == [0] * 3
    storage = FileSystemStorage(fast_path)
    assert len(children.published) == 24
    _assert_nothing_lost(storage, children.published)
    numbers = {stem: [v.number for v in storage.versions() if v.key.stem == stem] for stem in ("universal", "AAPL_1d")}
    assert numbers == {"universal": list(range(1, 17)), "AAPL_1d": list(range(1, 9))}
    assert storage.load("demo/universal_latest").manifest.version == 16
    assert (fast_path / "demo/universal_latest").readlink() == Path("universal_v16")


def test_writers_that_are_killed_do_not_disturb_the_others(children: Nursery, fast_path: Path) -> None:
    children.published.clear()
    for seed in range(2):
        children.start(do="loop", root=str(fast_path), times=20, seed=seed)
    for seed in range(2, 8):
        doomed = children.start(do="loop", root=str(fast_path), times=FOR_EVER, seed=seed)
        time.sleep(0.03)
        os.kill(doomed, signal.SIGKILL)
    assert sorted(children.wait()) == [-signal.SIGKILL] * 6 + [0, 0]
    assert len(children.published) >= 40
    _assert_nothing_lost(FileSystemStorage(fast_path), children.published)


def _assert_every_version_is_counted(storage: FileSystemStorage, root: Path) -> None:
    """A kill may leave a line without its version, never a version without its line, and no line names two."""
    lines = [line for line in TrialLog(root).read() if line["outcome"] == "published"]
    seals = {line["model"]: line["manifest_sha256"] for line in lines}
    assert len(seals) == len(lines)
    for version in storage.versions():
        assert seals[version.reference] == storage.load(version.reference).manifest.manifest_sha256


def _assert_nothing_lost(storage: FileSystemStorage, published: list[tuple[str, str]]) -> None:
    references = [reference for reference, _ in published]
    assert len(set(references)) == len(references)
    payloads = {}
    for version in storage.versions():
        payloads[version.reference] = sha256(storage.load(version.reference).blobs["model.safetensors"]).hexdigest()
    assert dict(published).items() <= payloads.items()
    latest = storage.load(LATEST).manifest.version
    assert latest in {version.number for version in storage.versions()}
