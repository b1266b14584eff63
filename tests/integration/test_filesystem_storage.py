"""What only a storage of files can do, and what can only be done to one."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from samples.filesystem_steps import Crash, crash_after
from samples.models import artifact, tree, visible

from ktrdr.adapters.files.replacing import replacing
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.adapters.storage.folder import artifact_files, read_artifact, require_writable, write_artifact
from ktrdr.adapters.storage.kept import discard_kept, read_kept
from ktrdr.adapters.storage.shelf import locked
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, ModelNotFound, NotPublished, Unavailable

AS_ROOT = os.geteuid() == 0
LATEST = "demo/AAPL_1d_latest"


@pytest.fixture
def root(fast_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where models are kept that have no other place
    return fast_path / "models"


@pytest.fixture
def storage(root: Path) -> FileSystemStorage:
    storage = FileSystemStorage(root)
    for payload in (b"one", b"two", b"three"):
        storage.publish(artifact(payload))
    return storage


def test_layout(storage: FileSystemStorage, root: Path) -> None:
    files = {"metadata.json", "model.safetensors", "metrics.json", "history.json"}
    versions = {f"demo/AAPL_1d_v{n}/{name}" for n in (1, 2, 3) for name in files}
    assert visible(root).keys() == versions | {LATEST}
    assert (root / LATEST).readlink() == Path("AAPL_1d_v3")
    assert [version.location for version in storage.versions()] == [str(root / f"demo/AAPL_1d_v{n}") for n in (1, 2, 3)]


def test_whole_folder_may_move(storage: FileSystemStorage, root: Path) -> None:
    moved = root.rename(root.with_name("elsewhere"))
    assert FileSystemStorage(moved).load(LATEST).blobs["model.safetensors"] == b"three"


def test_number_is_not_reused_where_the_claims_were_not_copied(storage: FileSystemStorage, root: Path) -> None:
    shutil.rmtree(root / "demo/.claims")
    storage.delete("demo/AAPL_1d_v3")
    assert storage.publish(artifact()).number == 4
    shutil.rmtree(root / "demo/.claims")
    assert storage.publish(artifact()).number == 5


def test_pointer_file_and_link_replace_each_other(
    storage: FileSystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", refuse)
        storage.publish(artifact(b"four"))
    assert (root / LATEST).read_text() == "AAPL_1d_v4"
    assert not (root / LATEST).is_symlink()
    assert storage.load(LATEST).blobs["model.safetensors"] == b"four"
    (root / LATEST).write_text("AAPL_1d_v4\r\n")
    assert storage.load(LATEST).blobs["model.safetensors"] == b"four"
    storage.publish(artifact(b"five"))
    assert (root / LATEST).is_symlink()
    assert storage.load(LATEST).blobs["model.safetensors"] == b"five"


def test_path_of_a_version_or_of_any_artifact_folder_is_a_reference(
    storage: FileSystemStorage, root: Path, fast_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fast_path)
    relative = FileSystemStorage(Path("models"))
    shutil.copytree(root / "demo/AAPL_1d_v2", fast_path / "copy")
    (fast_path / "link").symlink_to("copy")
    assert relative.versions()[0].location == "models/demo/AAPL_1d_v1"
    for used in (storage, relative):
        for reference in (
            "demo/AAPL_1d_v2",
            "models/demo/AAPL_1d_v2",
            str(root / "demo/AAPL_1d_v2"),
            "copy",
            "./link/",
        ):
            assert used.load(reference).blobs["model.safetensors"] == b"two"
        for reference in (LATEST, f"models/{LATEST}", str(root / LATEST)):
            assert used.load(reference).blobs["model.safetensors"] == b"three"
    with pytest.raises(ModelNotFound):
        storage.delete("copy")
    assert relative.delete("models/demo/AAPL_1d_v2").reference == "demo/AAPL_1d_v2"
    assert (fast_path / "copy/metadata.json").exists()


def test_latest_by_path_is_found_where_it_is_a_pointer_file(storage: FileSystemStorage, root: Path) -> None:
    (root / LATEST).unlink()
    (root / LATEST).write_text("AAPL_1d_v3")
    assert storage.load(str(root / LATEST)).blobs["model.safetensors"] == b"three"


POINTERS: dict[str, Callable[[Path], object]] = {
    "outside": lambda latest: latest.symlink_to("/etc"),
    "upwards": lambda latest: latest.symlink_to("../demo/AAPL_1d_v1"),
    "another key": lambda latest: latest.symlink_to("MSFT_1d_v1"),
    "itself": lambda latest: latest.symlink_to(latest.name),
    "a folder": lambda latest: latest.mkdir(),
    "a long file": lambda latest: latest.write_bytes(b"AAPL_1d_v1" + b" " * 5000),
    "bytes": lambda latest: latest.write_bytes(b"\xff\xfe"),
    "an empty file": lambda latest: latest.write_bytes(b""),
    "a pipe": lambda latest: os.mkfifo(latest),
}


@pytest.mark.parametrize("make", POINTERS.values(), ids=POINTERS.keys())
def test_latest_that_names_no_version_beside_it(
    storage: FileSystemStorage, root: Path, make: Callable[[Path], object]
) -> None:
    (root / LATEST).unlink()
    make(root / LATEST)
    with pytest.raises(CorruptArtifact, match="AAPL_1d_latest: names no version beside it"):
        storage.load(LATEST)
    assert not any(version.is_latest for version in storage.versions())
    if (root / LATEST).is_dir() and not (root / LATEST).is_symlink():
        with pytest.raises(Unavailable, match="AAPL_1d_latest"):
            storage.publish(artifact())
        assert len(storage.versions()) == 3
    else:
        assert storage.publish(artifact()).number == 4
        assert storage.load(LATEST).manifest.version == 4


def test_latest_that_dangles_is_not_found_and_its_number_is_not_reused(storage: FileSystemStorage, root: Path) -> None:
    (root / LATEST).unlink()
    (root / LATEST).symlink_to("AAPL_1d_v9")
    with pytest.raises(ModelNotFound, match="AAPL_1d_v3"):
        storage.load(LATEST)
    assert storage.publish(artifact()).number == 10


DAMAGE: dict[str, tuple[str, Callable[[Path], object]]] = {
    "file missing": ("metrics.json is missing", lambda v: (v / "metrics.json").unlink()),
    "manifest missing": ("metadata.json is missing", lambda v: (v / "metadata.json").unlink()),
    "unknown file": ("notes.txt is not in the manifest", lambda v: (v / "notes.txt").write_text("x")),
    "empty file": ("model.safetensors does not match", lambda v: (v / "model.safetensors").write_bytes(b"")),
    "subfolder": ("must be a plain file", lambda v: (v / "sub").mkdir()),
    "link to outside": ("must be a plain file", lambda v: _relink(v / "model.safetensors", "/etc/hostname")),
    "link to its own content": (
        "must be a plain file",
        lambda v: _relink(v / "history.json", "../AAPL_1d_v1/history.json"),
    ),
    "manifest as link": ("must be a plain file", lambda v: _relink(v / "metadata.json", "../AAPL_1d_v1/metadata.json")),
    "pipe": ("must be a plain file", lambda v: (_gone(v / "metrics.json"), os.mkfifo(v / "metrics.json"))),
    "folder as file": ("must be a plain file", lambda v: (_gone(v / "metrics.json"), (v / "metrics.json").mkdir())),
    "huge sparse file": ("too many", lambda v: os.truncate(v / "model.safetensors", 2**40)),
    "huge report": ("history.json: 67,108,864 bytes are too many", lambda v: os.truncate(v / "history.json", 2**26)),
    "huge manifest": ("too many", lambda v: os.truncate(v / "metadata.json", 2**30)),
    "another version": ("holds demo/AAPL_1d_v1; the folder was", lambda v: _swapped(v, v.with_name("AAPL_1d_v1"))),
    "a link to a folder": ("must be a folder", lambda v: (shutil.rmtree(v), v.symlink_to("AAPL_1d_v1"))),
    "a file": ("must be a folder", lambda v: (shutil.rmtree(v), v.write_text("x"))),
}


def _gone(path: Path) -> None:
    path.unlink()


def _relink(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def _swapped(folder: Path, other: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(other, folder)


@pytest.mark.parametrize(("words", "damage"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_version_is_corrupt_and_does_not_disturb_the_others(
    storage: FileSystemStorage, root: Path, words: str, damage: Callable[[Path], object]
) -> None:
    damage(root / "demo/AAPL_1d_v3")
    with pytest.raises(CorruptArtifact, match=words):
        storage.load(LATEST)
    assert storage.load("demo/AAPL_1d_v2").blobs["model.safetensors"] == b"two"
    assert storage.publish(artifact(b"four")).number == 4
    assert storage.load(LATEST).blobs["model.safetensors"] == b"four"


def test_damaged_version_can_be_deleted(storage: FileSystemStorage, root: Path) -> None:
    (root / "demo/AAPL_1d_v3/metadata.json").write_text("{")
    assert storage.delete(LATEST).number == 3
    assert not (root / "demo/AAPL_1d_v3").exists()


def test_hidden_files_are_ignored_and_never_opened(storage: FileSystemStorage, root: Path) -> None:
    (root / "demo/AAPL_1d_v3/.DS_Store").write_bytes(b"x")
    os.mkfifo(root / "demo/AAPL_1d_v3/.pipe")
    (root / ".git").mkdir()
    assert storage.load(LATEST).blobs["model.safetensors"] == b"three"
    assert len(storage.versions()) == 3


def test_foreign_names_are_no_versions(storage: FileSystemStorage, root: Path) -> None:
    for name in ("AAPL_1d_v03", "AAP%4C_1d_v7", "notes", "AAPL_1d_vx", ".staging-AAPL_1d_v8", ".deleted-AAPL_1d_v9"):
        (root / "demo" / name).mkdir()
    (root / "trials.jsonl").write_text("{}\n")
    (root / "de%6Do").mkdir()
    (root / "de%6Do/AAPL_1d_v1").mkdir()
    assert [version.reference for version in storage.versions()] == [f"demo/AAPL_1d_v{n}" for n in (1, 2, 3)]
    assert storage.publish(artifact()).number == 10
    assert not (root / "demo/.staging-AAPL_1d_v8").exists()


def test_root_that_is_a_file_is_unavailable(root: Path, fast_path: Path) -> None:
    root.write_text("x")
    storage = FileSystemStorage(root)
    for act in (lambda: storage.publish(artifact()), storage.versions, lambda: storage.load("demo/X_1d_v1")):
        with pytest.raises(Unavailable, match=r"(?i)not a (directory|folder)|is a file"):
            act()
    assert tree(fast_path).keys() == {"models"}


@pytest.mark.skipif(AS_ROOT, reason="the superuser may write everywhere")
def test_folder_without_permission_is_unavailable(root: Path, fast_path: Path) -> None:
    fast_path.chmod(0o500)
    with pytest.raises(Unavailable, match="Permission denied"):
        FileSystemStorage(root).publish(artifact())
    assert tree(fast_path) == {}


class TestNotPublished:
    """A fit is not lost where it cannot be published."""

    def test_lock_that_is_held_too_long(
        self, storage: FileSystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from filelock import FileLock

        monkeypatch.setattr("ktrdr.adapters.storage.shelf.LOCK_SECONDS", 0.02)
        before = visible(root)
        with FileLock(root / "demo/.lock"), pytest.raises(NotPublished, match="lock") as raised:
            storage.publish(artifact(b"four"))
        assert visible(root) == before
        kept = Path(str(raised.value.kept))
        assert (kept.parent, str(kept) in str(raised.value)) == (root / "demo", True)
        assert raised.value.details() == {"kept": str(kept)}
        assert pickle.loads(pickle.dumps(raised.value)).kept == str(kept)
        self._is_whole(kept)
        assert storage.publish(artifact()).number == 4
        assert storage.publish(read_kept(kept)).number == 5
        assert storage.load(LATEST).blobs["model.safetensors"] == b"four"

    def test_without_room_beside_it_is_kept_among_temporary_files(
        self, storage: FileSystemStorage, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _fill(root, monkeypatch)
        with pytest.raises(NotPublished, match=r"No space left.*; its files are kept in") as raised:
            storage.publish(artifact(b"four"))
        kept = Path(str(raised.value.kept))
        assert kept.parent == tmp_path
        assert not [path for path in (root / "demo").iterdir() if path.name.startswith((".staging", ".unpublished"))]
        self._is_whole(kept)
        monkeypatch.undo()
        assert storage.publish(read_kept(kept)).number == 4

    def test_without_room_anywhere_it_says_so(
        self, storage: FileSystemStorage, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _fill(root, monkeypatch)
        _fill(tmp_path, monkeypatch)
        with pytest.raises(NotPublished, match="nor could its files be kept: No space left") as raised:
            storage.publish(artifact(b"four"))
        assert raised.value.kept is None
        assert not list(tmp_path.glob(".unpublished*"))

    def test_what_cannot_be_announced_is_not_published_and_kept(self, storage: FileSystemStorage, root: Path) -> None:
        before = visible(root)

        def refuse(stored: StoredModel) -> None:
            assert (stored.reference, len(stored.manifest_sha256)) == ("demo/AAPL_1d_v4", 64)
            assert visible(root) == before
            raise Unavailable("cannot add a line")

        with pytest.raises(NotPublished, match="cannot add a line; its files are kept in") as raised:
            storage.publish(artifact(b"four"), refuse)
        assert visible(root) == before
        self._is_whole(Path(str(raised.value.kept)))
        assert storage.publish(artifact()).number == 5

    def test_kept_files_are_no_model_and_no_stray(
        self, storage: FileSystemStorage, root: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("ktrdr.adapters.storage.shelf.LOCK_SECONDS", 0.02)
        with locked(root / "demo"), pytest.raises(NotPublished) as raised:
            storage.publish(artifact(b"four"))
        kept = Path(str(raised.value.kept))
        with pytest.raises(CorruptArtifact, match="never published"):
            storage.load(str(kept))
        assert len(storage.versions()) == 3
        storage.publish(artifact())
        self._is_whole(kept)
        with pytest.raises(InvalidInput, match="was published already, as demo/AAPL_1d_v1"):
            read_kept(root / "demo/AAPL_1d_v1")
        for folder in (root / "demo/AAPL_1d_v1", kept):
            discard_kept(folder)
        assert not kept.exists()
        assert storage.load("demo/AAPL_1d_v1").blobs["model.safetensors"] == b"one"

    def _is_whole(self, kept: Path) -> None:
        found = read_kept(kept)
        assert (found.manifest.version, dict(found.blobs)) == (0, dict(artifact(b"four").blobs))


def _fill(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every write below a folder fail as on a full disk; descriptors know where they are."""
    original = os.write

    def full(descriptor: int, content: bytes) -> int:
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(root):
            raise OSError(28, "No space left on device")
        return original(descriptor, content)

    monkeypatch.setattr(os, "write", full)


HEALED: dict[str, Callable[[Path], object]] = {
    "absent": lambda latest: latest.unlink(),
    "one back": lambda latest: (latest.unlink(), latest.symlink_to("AAPL_1d_v2")),
    "a file, two back": lambda latest: (latest.unlink(), latest.write_text("AAPL_1d_v1")),
}


@pytest.mark.parametrize("leave", HEALED.values(), ids=HEALED.keys())
class TestLatestLeftBehind:
    """A writer was killed after the rename of a version and before that of ``latest``."""

    def test_the_next_read_heals_it(
        self, storage: FileSystemStorage, root: Path, leave: Callable[[Path], object]
    ) -> None:
        leave(root / LATEST)
        assert [version.is_latest for version in storage.versions()] == [False, False, True]
        assert (root / LATEST).readlink() == Path("AAPL_1d_v3")
        leave(root / LATEST)
        assert storage.load(LATEST).manifest.version == 3
        assert (root / LATEST).readlink() == Path("AAPL_1d_v3")

    def test_the_next_writer_heals_it(
        self, storage: FileSystemStorage, root: Path, leave: Callable[[Path], object]
    ) -> None:
        leave(root / LATEST)
        with fail_once_after_claiming(), pytest.raises(NotPublished):
            storage.publish(artifact())
        assert (root / LATEST).readlink() == Path("AAPL_1d_v3")
        assert storage.publish(artifact()).number == 4

    def test_a_read_that_may_not_write_says_it_all_the_same(
        self, storage: FileSystemStorage, root: Path, leave: Callable[[Path], object]
    ) -> None:
        leave(root / LATEST)
        before = visible(root)
        with locked(root / "demo"):
            assert storage.load(LATEST).manifest.version == 3
            assert storage.versions()[-1].is_latest
        assert visible(root) == before


@contextmanager
def fail_once_after_claiming() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ktrdr.adapters.storage.filesystem.sweep", _refuse)
        yield


def _refuse(_: Path) -> None:
    raise OSError(5, "Input/output error")


def test_latest_of_a_deleted_version_is_not_taken_for_one_left_behind(storage: FileSystemStorage, root: Path) -> None:
    storage.delete("demo/AAPL_1d_v3")
    with fail_once_after_claiming(), pytest.raises(NotPublished):
        storage.publish(artifact())
    assert not any(version.is_latest for version in storage.versions())
    assert not os.path.lexists(root / LATEST)


def test_what_killed_writers_left_is_swept_by_the_next_and_what_lives_is_spared(
    storage: FileSystemStorage, root: Path
) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = int(gone.stdout)
    for folder in (root, root / "demo"):
        (folder / f".report.html.{dead}").write_text("half")
        (folder / f".table.csv.{dead}.part").write_text("half")
        (folder / ".metrics.json.123456789012.part").write_text("half")
        (folder / ".writing-abcd_123").mkdir()
        (folder / ".writing-abcd_123/metrics.json").write_text("half")
        (folder / f".report.html.{os.getpid()}").write_text("mine")
        (folder / ".hidden").write_text("mine")
    with replacing(root / "demo/notes.txt") as writing:
        writing.write(b"being written")
        storage.publish(artifact())
    assert (root / "demo/notes.txt").read_bytes() == b"being written"
    for folder in (root, root / "demo"):
        strays = {path.name for path in folder.iterdir() if path.name.startswith((".report", ".table", ".metrics"))}
        assert strays == {f".report.html.{os.getpid()}"}
        assert not list(folder.glob(".writing*"))
        assert (folder / ".hidden").read_text() == "mine"


class TestFolder:
    """`read_artifact` and `write_artifact`."""

    @pytest.fixture
    def published(self, storage: FileSystemStorage) -> Artifact:
        return storage.load(LATEST)

    def test_round_trip(self, published: Artifact, fast_path: Path) -> None:
        write_artifact(fast_path / "a/b", published)
        assert read_artifact(fast_path / "a/b") == published
        assert not list((fast_path / "a/b").glob(".*"))

    def test_writes_over_files_and_keeps_what_it_does_not_know(
        self, storage: FileSystemStorage, published: Artifact, fast_path: Path
    ) -> None:
        folder = fast_path / "out"
        write_artifact(folder, storage.load("demo/AAPL_1d_v1"))
        (folder / "notes.txt").write_text("mine")
        write_artifact(folder, published)
        assert (folder / "notes.txt").read_text() == "mine"
        with pytest.raises(CorruptArtifact, match=r"notes\.txt is not in the manifest"):
            read_artifact(folder)
        (folder / "notes.txt").unlink()
        assert read_artifact(folder) == published

    def test_each_file_is_replaced_at_once(
        self, storage: FileSystemStorage, published: Artifact, fast_path: Path
    ) -> None:
        folder = fast_path / "out"
        old = storage.load("demo/AAPL_1d_v1")
        write_artifact(folder, old)
        with (folder / "metadata.json").open("rb") as reader:
            write_artifact(folder, published)
            assert reader.read() == old.manifest.to_json()

    @pytest.mark.parametrize("stopped", range(1, 40))
    def test_stopped_at_any_step_it_is_the_old_the_new_or_noticed(
        self, storage: FileSystemStorage, published: Artifact, fast_path: Path, stopped: int
    ) -> None:
        folder = fast_path / "out"
        old = storage.load("demo/AAPL_1d_v1")
        write_artifact(folder, old)
        with suppress(Crash), crash_after(stopped):
            write_artifact(folder, published)
        found = {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
        before, after = (artifact_files(version) for version in (old, published))
        assert all(found[name] in (before[name], after[name]) for name in before)
        if found["metadata.json"] == after["metadata.json"]:
            assert read_artifact(folder) == published
        write_artifact(folder, published)
        assert read_artifact(folder) == published

    def test_require_writable_leaves_nothing(self, fast_path: Path) -> None:
        require_writable(fast_path / "a/b/c")
        require_writable(fast_path)
        assert list(fast_path.iterdir()) == []
        (fast_path / "file").write_text("x")
        for place in ("file", "file/below"):
            with pytest.raises(Unavailable, match=r"cannot write .*: Is a file, not a folder"):
                require_writable(fast_path / place)
        with pytest.raises(Unavailable):
            require_writable(Path("/proc/ktrdr/out"))

    @pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("nowhere"), os.mkfifo])
    def test_what_is_no_file_is_not_written_over(
        self, published: Artifact, fast_path: Path, make: Callable[[Path], object]
    ) -> None:
        folder = fast_path / "out"
        folder.mkdir()
        (folder / "history.json").write_text("old")
        make(folder / "metrics.json")
        with pytest.raises(InvalidInput, match=r"metrics\.json: is no plain file"):
            write_artifact(folder, published)
        assert sorted(path.name for path in folder.iterdir()) == ["history.json", "metrics.json"]
        assert (folder / "history.json").read_text() == "old"

    def test_place_that_is_a_file_is_unavailable(self, published: Artifact, fast_path: Path) -> None:
        (fast_path / "out").write_text("x")
        for place in ("out", "out/below"):
            with pytest.raises(Unavailable, match="Is a file, not a folder"):
                write_artifact(fast_path / place, published)
        assert (fast_path / "out").read_text() == "x"

    def test_full_disk_changes_nothing(
        self, storage: FileSystemStorage, published: Artifact, fast_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = fast_path / "out"
        old = storage.load("demo/AAPL_1d_v1")
        write_artifact(folder, old)
        syncs = 0

        def full(descriptor: int) -> None:
            nonlocal syncs
            syncs += 1
            if syncs == 4:
                raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(Unavailable, match="No space left"):
                write_artifact(folder, published)
        assert syncs == 4
        assert read_artifact(folder) == old
        assert not list(folder.glob(".*"))

    def test_artifact_that_was_never_published_is_not_written(self, fast_path: Path) -> None:
        with pytest.raises(CorruptArtifact):
            write_artifact(fast_path / "out", artifact())
        assert not (fast_path / "out").exists()
