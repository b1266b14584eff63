"""Every path that a command takes, where it is none: one clear line of the right family, at once, nothing written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from samples.command_line import STRATEGIES, run_here
from typer.core import TyperCommand, TyperGroup

from ktrdr.entrypoints.cli.main import app

ENDINGS = {
    "strategy": ".yaml", "old": ".yaml", "new": ".yaml", "symbol_configs": ".yaml", "report": ".html", "plot": ".html",
    "trades_out": ".csv", "equity_out": ".csv", "signals_out": ".csv", "out": ".csv", "path": ".yaml",
}  # fmt: skip
"""How the name of a file must end for more to be asked of it."""
OUTPUTS = {("strategy", "new"): ".yaml", ("fuzzy", "fit"): ".yaml", ("train",): "", ("strategy", "schema"): ".json"}
"""The same of ``--output``, or of the only path; of other commands it is a page."""
EXAMPLE = STRATEGIES / "v3_test_example.yaml"
REQUIRED = {"out": "out.csv", "name": "rsi", "indicator": "rsi", "symbol": "SIM_STOCK"}


EXTRA = {
    ("train",): ["--dry-run"], ("models", "verify"): ["--all"], ("models", "delete"): ["--yes"],
    ("data", "import"): ["--out", "bars"], ("data", "simulate"): ["--out", "bars"],
}  # fmt: skip
"""Without what a command does not even look at the path."""
Words = tuple[str, ...]


def commands(group: TyperGroup, words: Words = ()) -> Iterator[tuple[Words, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


KEYS = {("verify", "key"), ("sign", "key")}
"""Looked at only where there is a model."""
PATHS = [
    (words, parameter.name)
    for words, command in commands(typer.main.get_command(app))
    for parameter in command.params
    if "Path" in str(parameter.type_descriptor.annotation) and (words[-1], parameter.name) not in KEYS
]


def ending(words: Words, name: str) -> str:
    if name == "output" or words in {("strategy", "schema")}:
        return OUTPUTS.get(words, ".html")
    return "" if words[:1] == ("data",) and name == "out" else ENDINGS.get(name, "")


def arguments(words: Words, hostile: str, value: str) -> list[object]:
    """The command with one hostile path, and whatever else it cannot do without."""
    command = dict(commands(typer.main.get_command(app)))[words]
    found: list[object] = list(words)
    for parameter in command.params:
        chosen = value if parameter.name == hostile else REQUIRED.get(parameter.name, str(EXAMPLE))
        if parameter.param_type_name == "argument" and (parameter.required or parameter.name == hostile):
            found.append(chosen)
        elif parameter.param_type_name == "option" and (parameter.required or parameter.name == hostile):
            found += [parameter.opts[0], chosen]
    if words == ("indicators", "show") and hostile == "strategy":
        found += ["--plot", "page.html"]
    extra = EXTRA.get(words, [])
    return found if hostile in {"output", "out", "data_dir"} else [*found, *extra]


@pytest.mark.parametrize(("words", "name"), PATHS, ids=[f"{' '.join(words)} {name}" for words, name in PATHS])
def test_what_is_no_path_is_one_line(
    words: Words,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    end = ending(words, name)
    (tmp_path / f"circle{end}").symlink_to(f"circle{end}")
    for value, code, said in (
        ("x" * 5000 + end, 2, "too long for a path"),
        ("x" * 300 + end, 2, "too long for a path"),
        (f"circle{end}", None, ""),
    ):
        outcome = run_here(*arguments(words, name, value), capsys=capsys)
        lines = outcome.stderr.splitlines()
        assert outcome.code in ({2, 3, 4, 5} if code is None else {code}), (value[:20], outcome)
        assert sum(line.startswith("error: ") for line in lines) == 1, outcome.stderr
        said = "at most 100 printable" if said and words == ("strategy", "new") else said  # it is a name, too
        assert said in outcome.stderr, outcome.stderr
        assert max(map(len, lines)) < 1000
    assert [path.name for path in tmp_path.iterdir()] == [f"circle{end}"]


@pytest.mark.parametrize(("words", "name"), PATHS, ids=[f"{' '.join(words)} {name}" for words, name in PATHS])
def test_that_a_path_may_not_be_read_is_for_ktrdr_to_say(words: Words, name: str) -> None:
    """The library of the command line would call it invalid input; it is unavailable."""
    command = dict(commands(typer.main.get_command(app)))[words]
    (parameter,) = [parameter for parameter in command.params if parameter.name == name]
    assert not parameter.type_descriptor.parameter_info.readable


READ = [
    (words, name)
    for words, name in PATHS
    if name in {"strategy", "old", "new", "symbol_configs"} or words[-1] == "migrate"
]


@pytest.mark.parametrize(("words", "name"), READ, ids=[f"{' '.join(words)} {name}" for words, name in READ])
def test_a_pipe_is_not_waited_for(
    words: Words,
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.yaml")
    outcome = run_here(*arguments(words, name, "pipe.yaml"), capsys=capsys)
    assert outcome.code == 2
    assert "pipe.yaml: must be a plain file, is a pipe" in outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.yaml"]


@pytest.mark.parametrize("option", ["--log-file", "--output", "--data-dir", "--models-dir"])
def test_training_into_a_pipe(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    outcome = run_here("train", EXAMPLE, option, "pipe", capsys=capsys)
    assert outcome.code in {2, 3, 5}
    assert "pipe" in outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


def test_a_folder_of_models_that_is_none_is_not_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    for value, words in (
        ("x" * 5000, "too long for a path"),
        ("file", "Not a directory"),
        ("file/m", "Not a directory"),
    ):
        for command in (["list"], ["show", "any"], ["verify", "--all"]):
            outcome = run_here("models", *command, "--models-dir", value, capsys=capsys)
            assert outcome.code in {2, 5}
            assert words in outcome.stderr
            assert "no models" not in outcome.stderr + outcome.stdout
