"""Strategy files as they lie on disk: what YAML allows and we do not."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from ktrdr.adapters.strategies.yaml_file import find_lines, read_document
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
        (BOMB.encode(), "line 6, column 5.*aliases expand to more than 100,000"),
        (b"a: &a [*a]\n", "line 1, column 4.*aliases expand"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "line 1, column 43.*more than 40 levels"),
        (b"- &l0 [x]\n" + b"".join(b"- &l%d [*l%d]\n" % (n, n - 1) for n in range(1, 99)), "line 4.*40 levels"),
        (b"a: 1\nb: {c: 2, c: 3}\n", r"line 2.*'c' is given twice"),
        (b"a: [1, 2\n", "line"),
        (b"? [1, 2]\n: 3\n", "cannot be a key"),
        (b"\xff\xfe\x00a", "UTF-8"),
        (b"a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
        (b"a: x\n" * 300_000, "too many"),
        (b"a: 1\nb: !!bool abc\n", "line 2, column 4: not valid YAML .'abc' is not bool"),
        (b"a: !!timestamp abc\n", "line 1, column 4: not valid YAML"),
        (b"a: 1\nb: " + b"9" * 5000, "line 2, column 4: not valid YAML"),
    ],
)
def test_what_is_refused(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=words):
        read(tmp_path, content)


def test_aliases_in_moderation_are_welcome(tmp_path: Path) -> None:
    assert read(tmp_path, b"a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}
    assert read(tmp_path, b"") is None


def test_merge_keys_and_bare_exponents_mean_what_people_mean(tmp_path: Path) -> None:
    assert read(tmp_path, b"a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n") == {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}
    assert read(tmp_path, b"a: 1e-3\nb: 1E5\nc: -2.5e+1\nd: 5m\ne: 1e\n") == {
        "a": 0.001, "b": 1e5, "c": -25.0, "d": "5m", "e": "1e",
    }  # fmt: skip


def test_what_looks_like_a_date_and_is_none_is_left_to_its_reader(tmp_path: Path) -> None:
    found = read(tmp_path, b"a: 2010-13-45\nb: 2010-12-24\nc: 2010-02-30 09:30:00\n")
    assert found == {"a": "2010-13-45", "b": date(2010, 12, 24), "c": "2010-02-30 09:30:00"}


def test_a_null_is_no_name_unless_it_is_quoted(tmp_path: Path) -> None:
    content = b'a: {null: 1}\nb: {~: 2}\nc: {"null": 3, "~": 4}\n? \n: 5\n'
    assert read(tmp_path, content) == {"a": {"": 1}, "b": {"": 2}, "c": {"null": 3, "~": 4}, "": 5}
    lines = find_lines(tmp_path / "s.yaml")
    assert (lines['a.""'], lines['b.""'], lines["c.~"], lines['""']) == (1, 2, 3, 4)


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="must be a plain file, is a pipe"):
        read_document(tmp_path / "pipe")


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    read(tmp_path, b"a: 1\n")
    with pytest.raises(NotFound, match=r"did you mean 's\.yaml'"):
        read_document(tmp_path / "z.yaml")


def test_keys_are_texts_as_they_are_written(tmp_path: Path) -> None:
    assert read(tmp_path, b"on: 1\nno: 2\n5: 3\n1.50: 4\n") == {"on": 1, "no": 2, "5": 3, "1.50": 4}


def test_every_path_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("# note\na:\n  b.c: 1\n  d: [x,\n    y]\ne: &e {f: 1}\ng:\n  <<: *e\n  h: 2\n")
    assert find_lines(path) == {
        "": 2, "a": 2, "a.b.c": 3, "a.d": 4, "a.d[0]": 4, "a.d[1]": 5, "e": 6, "e.f": 6, "g": 7, "g.h": 9, "g.f": 6,
    }  # fmt: skip


def test_a_syntax_error_names_line_and_column(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"line 2, column 4"):
        read(tmp_path, b"a: 1\nb: @\n")
