"""Strategy files as they lie on disk: what YAML allows and we do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktrdr.adapters.strategies.yaml_file import read_document
from ktrdr.domain.errors import InvalidInput, NotFound

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


def read(folder: Path, content: bytes) -> object:
    path = folder / "s.yaml"
    path.write_bytes(content)
    return read_document(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (BOMB.encode(), "aliases expand"),
        (b"a: &a [*a]\n", "aliases expand"),
        (b"a: 1\nb: {c: 2, c: 3}\n", r"line 2.*'c' is given twice"),
        (b"a: [1, 2\n", "line"),
        (b"? [1, 2]\n: 3\n", "cannot be a key"),
        (b"\xff\xfe\x00a", "UTF-8"),
        (b"a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        (b"a: 2020-13-45\n", "not valid YAML"),
        (b"a: x\n" * 300_000, "too many"),
    ],
)
def test_what_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=words):
        read(tmp_path, content)


def test_aliases_in_moderation_are_welcome(tmp_path: Path) -> None:
    assert read(tmp_path, b"a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}
    assert read(tmp_path, b"") is None


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    read(tmp_path, b"a: 1\n")
    with pytest.raises(NotFound, match=r"did you mean 's\.yaml'"):
        read_document(tmp_path / "z.yaml")
