"""Documents that an attacker wrote: refused in one line, at once, without memory; each reader has the same guards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.models import manifest

from ktrdr.adapters.data.catalogue import read_catalogue
from ktrdr.adapters.documents.limits import SETTINGS, SYMBOL_CATALOGUE, SYMBOL_LIST, TRIAL, Limits
from ktrdr.adapters.documents.plain_file import read_text, require_possible
from ktrdr.adapters.documents.toml_text import read_toml
from ktrdr.adapters.documents.yaml_text import find_yaml_lines, read_yaml
from ktrdr.adapters.journal.trials import TrialLog
from ktrdr.adapters.storage.signatures import sign
from ktrdr.adapters.strategies.yaml_file import find_lines, read_document
from ktrdr.domain.artifacts.plain_json import MAX_BYTES, MAX_VALUES, read_json
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, KtrdrError, NotFound, Unavailable
from ktrdr.entrypoints.cli.symbols import named_symbols

MEMORY = 200_000
"""Kilobytes that the process may grow by."""
READERS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "strategy": ("s.yaml", read_document),
    "lines of a strategy": ("s.yaml", find_lines),
    "symbols": ("symbols.yaml", lambda path: read_catalogue(path.parent)),
    "settings": ("ktrdr.toml", lambda path: read_toml(path, SETTINGS)),
    "list of symbols": ("list.txt", lambda path: named_symbols("--symbols", f"@{path}")),
    "trials": ("trials.jsonl", lambda path: TrialLog(path.parent).read()),
}
YAML = ("strategy", "symbols")
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
HOSTILE: dict[str, tuple[str, str]] = {
    "lists of aliases": (BOMB, "aliases expand"),
    "mappings of aliases": (BOMB.replace("[", "{k: [").replace("]", "]}"), "aliases expand"),
    "merged aliases": (
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}\n" for n in range(1, 9)),
        "aliases expand",
    ),
    "a long text, aliased": (f"a: &a {'x' * 900_000}\nb: [{'*a, ' * 9_000}]\n", "aliases expand"),
    "itself": ("a: &a [*a]\n", "aliases expand"),
    "many levels": ("a: " + "[" * 900_000, "more than 40 levels"),
    "many blocks": ("\n".join(" " * n + "a:" for n in range(1000)), "more than 40 levels"),
    "decimal digits": (f"a: {'9' * 5000}\n", "a number of 5,000 characters"),
    "hexadecimal digits": (f"a: 0x{'F' * 4000}\n", "a number of 4,002 characters"),
    "binary digits": (f"a: 0b{'1' * 4000}\n", "a number of 4,002 characters"),
    "sexagesimal digits": (f"a: 1{':1' * 100_000}\n", "a number of 200,001 characters"),
    "digits of a float": (f"a: {'1' * 5000}.5\n", "a number of 5,002 characters"),
    "digits said to be a number": (f"a: !!int '{'1:' * 4000}1'\n", "a number of 8,001 characters"),
    "a key twice": ("a: {b: 1, b: 2}\n", "key 'b' is given twice"),
    "a key twice, spelt otherwise": ("a: {1: 1, '1': 2}\n", "key '1' is given twice"),
    "a key twice in what is merged": ("a: {<<: {b: 1, b: 2}}\n", "key 'b' is given twice"),
    "merged twice": ("a: &a {b: 1}\nc: {<<: *a, <<: *a}\n", "key '<<' is given twice"),
    "a list as key": ("? [1, 2]\n: 3\n", "a list cannot be a key"),
    "an endless key": (f"? {'k' * 2000}\n: 1\n", "a key of 2,000 characters"),
    "half a character": ('a: "\\ud800"\n', "half a character"),
    "a code past all": ('a: "\\UFFFFFFFF"\n', "not valid YAML"),
    "an empty integer": ("a: !!int ''\n", "'' is not int"),
    "an empty float": ("a: !!float ''\n", "'' is not float"),
    "a set": ("a: !!set {b, c}\n", "not valid YAML"),
    "bytes": ("a: !!binary eA==\n", "not valid YAML"),
    "pairs": ("a: !!pairs [b: 1]\n", "not valid YAML"),
    "a program": ("a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
    "a version past all": (f"%YAML {'9' * 5000}.1\n---\na: 1\n", "not valid YAML"),
    "two documents": ("a: 1\n---\nb: 2\n", "not valid YAML"),
}


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    before = getrusage(RUSAGE_SELF).ru_maxrss
    yield
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < MEMORY


def refused(reader: str, folder: Path, words: str) -> None:
    name, read = READERS[reader]
    with pytest.raises(InvalidInput) as caught:
        read(folder / name)
    said = str(caught.value)
    assert words in said
    assert name in said
    assert "\n" not in said
    assert len(said) < 400 + len(str(folder))


@pytest.mark.parametrize("reader", YAML)
@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_yaml(reader: str, text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / READERS[reader][0]).write_text(text)
    refused(reader, tmp_path, words)


@pytest.mark.parametrize("kind", ["lists of aliases", "itself", "many levels", "sexagesimal digits", "a key twice"])
def test_hostile_yaml_has_no_lines_either(kind: str, tmp_path: Path) -> None:
    text, words = HOSTILE[kind]
    (tmp_path / "s.yaml").write_text(text)
    refused("lines of a strategy", tmp_path, words)


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_plain_file(reader: str, tmp_path: Path) -> None:
    name, _ = READERS[reader]
    makers: dict[str, Callable[[Path], object]] = {
        "a pipe": os.mkfifo,
        "a folder": os.mkdir,
        "a device": lambda path: path.symlink_to("/dev/zero"),
    }
    for number, (kind, make) in enumerate(makers.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / name)
        kind = "a link" if reader == "trials" and kind == "a device" else kind
        if (reader, kind) != ("trials", "a link"):
            refused(reader, folder, f"must be a plain file, is {kind}")


@pytest.mark.parametrize("reader", [name for name in READERS if name != "trials"])
def test_a_file_of_ten_gigabytes_is_not_read(reader: str, tmp_path: Path) -> None:
    path = tmp_path / READERS[reader][0]
    path.touch()
    os.truncate(path, 10 * 2**30)
    refused(reader, tmp_path, "10,737,418,240 bytes are too many")


@pytest.mark.parametrize("reader", [name for name in READERS if name != "trials"])
def test_what_is_not_utf_8(reader: str, tmp_path: Path) -> None:
    (tmp_path / READERS[reader][0]).write_bytes(b"a\xff\xfe")
    refused(reader, tmp_path, "not UTF-8 text (byte 1)")


def test_a_file_that_says_it_is_empty_is_read_to_the_limit_and_no_further() -> None:
    with pytest.raises(InvalidInput, match="too many for a note; at most 5"):
        read_text(Path("/proc/self/status"), Limits("a note", 5))


def test_only_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    for name in ("none", "none/below", "file/below"):
        with pytest.raises(NotFound, match="no such file"):
            read_text(tmp_path / name, SYMBOL_LIST)
    for name, words in {"circle": "in a circle", "x" * 300: "too long", "a\0b": "no path can have"}.items():
        with pytest.raises(InvalidInput, match=words):
            read_text(tmp_path / name, SYMBOL_LIST)
        with pytest.raises(InvalidInput, match=words):
            require_possible(tmp_path / name)
    for name in ("none", "file/below"):
        require_possible(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "mine").touch(mode=0)
    with pytest.raises(Unavailable, match="cannot be read"):
        read_text(tmp_path / "mine", SYMBOL_LIST)


def test_a_key_that_is_none_is_refused_before_anything_is_signed(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "huge").touch()
    os.truncate(tmp_path / "huge", 10 * 2**30)
    for name, words in {
        "pipe": "is a pipe",
        "circle": "in a circle",
        "huge": "too many",
        "x" * 300: "too long",
    }.items():
        with pytest.raises(InvalidInput, match=words):
            sign(tmp_path / "model", manifest(), tmp_path / name)
    with pytest.raises(NotFound, match="none: no such file"):
        sign(tmp_path / "model", manifest(), tmp_path / "none")


def test_keys_of_the_catalogue_are_symbols_as_they_are_written(tmp_path: Path) -> None:
    facts = "{asset_class: stock, exchange: XNYS, calendar: XNYS, time_zone: America/New_York}"
    (tmp_path / "symbols.yaml").write_text(f"ON: {facts}\n'5': {facts}\nNO: {facts}\n")
    assert list(read_catalogue(tmp_path)) == ["ON", "5", "NO"]


@pytest.mark.parametrize("written", ["2024-02-30", "2024-01-01", "1e999", ".nan", "[1]", "{a: 1}", "0x10", "~", "''"])
@pytest.mark.parametrize("key", ["asset_class", "exchange", "calendar", "time_zone", "tick_size", "simulated"])
def test_no_value_of_the_catalogue_is_a_crash(key: str, written: str, tmp_path: Path) -> None:
    facts = {"asset_class": "stock", "exchange": "XNYS", "calendar": "XNYS", "time_zone": "America/New_York"}
    text = ", ".join(f"{name}: {value}" for name, value in (facts | {key: written}).items())
    (tmp_path / "symbols.yaml").write_text(f"A: {{{text}}}\n")
    texts = {("exchange", "2024-02-30"), ("exchange", "''"), ("calendar", "2024-02-30"), ("calendar", "''")}
    if (key, written) in texts | {("tick_size", "0x10"), ("tick_size", "~")}:
        assert list(read_catalogue(tmp_path)) == ["A"]
        return
    with pytest.raises(InvalidInput) as caught:
        read_catalogue(tmp_path)
    assert f"symbols.yaml: A.{key}" in str(caught.value)


def test_a_key_that_is_an_alias_takes_nothing_from_the_value(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text("x: &a 5\n*a : 3\n")
    assert read_document(tmp_path / "s.yaml") == {"x": 5, "5": 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 5000, "not valid TOML"),
        ("a = " + "9" * 5000, "not valid TOML"),
        ("a = 1\na = 2\n", "not valid TOML"),
        ("a = 2024-02-30\n", "not valid TOML"),
        ("a" * 64_001, "64,001 bytes are too many for settings"),
    ],
)
def test_hostile_toml(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "ktrdr.toml").write_text(text)
    refused("settings", tmp_path, words)


def test_hostile_lines_among_trials_are_left_out(tmp_path: Path) -> None:
    hostile = [b"[" * 90_000, b'{"a":' * 9000, b'{"a": 1, "a": 2}', b'{"a": NaN}', b"9" * 5000, b"\xff", b"null"]
    hostile += [b'{"a": "%s"}' % (b"x" * TRIAL.size), b"x" * (3 * TRIAL.size)]
    (tmp_path / "trials.jsonl").write_bytes(b"\n".join([b'{"n": 1}', *hostile, b'{"n": 2}', *hostile, b'{"n": 3}']))
    assert TrialLog(tmp_path).read() == ({"n": 1}, {"n": 2}, {"n": 3})


def test_trials_behind_a_link_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "others").write_text('{"n": 1}\n')
    (tmp_path / "trials.jsonl").symlink_to("others")
    with pytest.raises(InvalidInput, match="must be a plain file, is a link"):
        TrialLog(tmp_path).read()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b" " * (MAX_BYTES + 1), "bytes are too many"),
        (b"[" + b"{}," * MAX_VALUES + b"{}]", "more than 1,000,000 values"),
        (b"[" * 900_000, "not valid JSON"),
        (b'{"a":' * 300_000, "not valid JSON"),
        (b"[" * 65 + b"]" * 65, "nested deeper"),
        (b"9" * 5000, "not valid JSON"),
        (b"9" * 4000, "64 bits"),
        (b"1e999", "not a finite number"),
        (b"NaN", "not valid JSON"),
        (b'{"a": 1, "a": 2}', "repeated"),
        (b'"\\ud800"', "surrogate"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b"{} {}", "not valid JSON"),
    ],
)
def test_hostile_json(text: bytes, words: str) -> None:
    with pytest.raises(CorruptArtifact, match=words):
        read_json(text, "history.json")


PIECES = st.sampled_from(
    [*'ab:,-?[]{}&*#=~|>"', "'", "\n", " ", ": ", "- ", "\n  ", "&a ", "*a", "<<: ", "!!int ", "!!set ", "!!str ",
     "%YAML 1.", "---\n", "0x", "1:", "9" * 90, "1e9", ".inf", "2024-02-30", "\\ud800", "\t"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=40))
def test_any_text_is_yaml_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    for read in (read_yaml, find_yaml_lines):
        with suppress(KtrdrError):
            read(path, SYMBOL_CATALOGUE)


@given(st.binary(max_size=60) | st.lists(st.sampled_from(list('[]{}":,0-.eEtrfn\\u ')), max_size=40).map("".join))
def test_any_bytes_are_json_or_refused(content: bytes | str) -> None:
    with suppress(CorruptArtifact):
        read_json(content if isinstance(content, bytes) else content.encode(), "metrics.json")
