"""Files that appear in one step, and what killed writers leave."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Barrier, Thread

import pytest

from ktrdr.adapters.files.replacing import replace_file, replacing, require_room

WRITER = """
import sys
from pathlib import Path
from ktrdr.adapters.files.replacing import replacing
with replacing(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def writer_of(path: Path) -> subprocess.Popen[str]:
    """Start a process that is in the midst of writing a file."""
    started = subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "writing\n"
    return started


def test_a_file_is_there_whole_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for content in (b"one", b"another"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert names(tmp_path) == {"a.bin"}
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask()


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_body_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    replace_file(path, b"kept")
    with suppress(RuntimeError), replacing(path) as file:
        file.write(b"half")
        raise RuntimeError
    assert (names(tmp_path), path.read_bytes()) == ({"a.bin"}, b"kept")


def test_a_new_file_leaves_one_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    replace_file(path, b"kept", new=True)
    with pytest.raises(FileExistsError):
        replace_file(path, b"other", new=True)
    assert (names(tmp_path), path.read_bytes()) == ({"a.bin"}, b"kept")


def test_where_there_are_no_hard_links_a_new_file_is_new_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "a.bin"
    replace_file(path, b"kept", new=True)
    with pytest.raises(FileExistsError):
        replace_file(path, b"other", new=True)
    assert (names(tmp_path), path.read_bytes()) == ({"a.bin"}, b"kept")


def test_the_longest_name_that_a_folder_takes_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    replace_file(path, b"x")
    assert names(tmp_path) == {path.name}


def test_several_files_are_written_all_or_none(tmp_path: Path) -> None:
    for fails in (True, False):
        with pytest.raises(RuntimeError) if fails else ExitStack(), ExitStack() as stack:
            for name in "ab":
                stack.enter_context(replacing(tmp_path / name)).write(name.encode())
            assert not (tmp_path / "a").exists()
            if fails:
                raise RuntimeError
        assert names(tmp_path) == (set() if fails else {"a", "b"})


def test_what_a_killed_writer_left_is_swept_by_the_next_of_any_file_and_a_living_one_is_spared(tmp_path: Path) -> None:
    killed, living = writer_of(tmp_path / "killed"), writer_of(tmp_path / "living")
    (tmp_path / ".killed.4242.part").write_bytes(b"of an older version")
    (tmp_path / ".someone.part").write_bytes(b"not ours")
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert len(names(tmp_path)) == 4
    replace_file(tmp_path / "other", b"x")
    left = {name.split(".")[1] for name in names(tmp_path) if name.startswith(".")}
    assert left == {"living", "someone"}
    living.communicate()
    assert names(tmp_path) == {"living", "other", ".someone.part"}
    assert (tmp_path / "living").read_bytes() == b"half"


def test_links_and_pipes_that_look_like_parts_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"kept")
    (tmp_path / ".link.1.part").symlink_to(tmp_path / "precious")
    os.mkfifo(tmp_path / ".pipe.1.part")
    (tmp_path / ".folder.1.part").mkdir()
    replace_file(tmp_path / "a", b"x")
    assert (tmp_path / "precious").read_bytes() == b"kept"


def test_writers_of_one_file_at_once_leave_one_of_their_contents(tmp_path: Path) -> None:
    path, together = tmp_path / "a", Barrier(4)
    contents = [bytes([number]) * 100_000 for number in range(4)]

    def write(content: bytes) -> None:
        together.wait()
        for _ in range(20):
            replace_file(path, content)

    threads = [Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == {"a"}


def test_room_can_be_asked_for_and_leaves_nothing(tmp_path: Path) -> None:
    require_room(tmp_path)
    assert names(tmp_path) == set()
    with pytest.raises(FileNotFoundError):
        require_room(tmp_path / "nowhere")
