"""``ktrdr strategy``: what the tools for authors print, write, and refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.command_line import Command
from samples.documents import changed, small

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.training.pool.scales import unscaled_inputs


def write(folder: Path, name: str, document: Any) -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False))
    return path


def line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_validate_says_all_at_once_with_the_lines(ktrdr: Command, tmp_path: Path) -> None:
    document = changed("training.epochs", 0, changed("indicators.rsi_14.type", "rsii"))
    path = write(tmp_path, "s.yaml", changed("training.epoch", 3, document))
    outcome = ktrdr("strategy", "validate", path)
    assert outcome.code == 2
    known, bounds, unknown, verdict = outcome.stdout.splitlines()
    assert known.startswith(f"error: {path}:{line_of(path, 'rsii')}: indicators.rsi_14.type: ")
    assert known.endswith("did you mean 'rsi'?")
    assert bounds.startswith(f"error: {path}:{line_of(path, 'epochs: 0')}: training.epochs: 0 is out of bounds")
    assert unknown.startswith(f"warning: {path}:{line_of(path, 'epoch: 3')}: training.epoch: is not a known key")
    assert verdict == f"{path}: not valid"
    found = ktrdr("strategy", "validate", path, "--json").json
    assert (found["valid"], len(found["errors"]), len(found["warnings"])) == (False, 2, 1)
    assert found["errors"][0]["line"] == line_of(path, "rsii")


def test_a_warning_refuses_a_file_only_when_strict(ktrdr: Command, tmp_path: Path) -> None:
    path = write(tmp_path, "s.yaml", changed("note", "x"))
    assert ktrdr("strategy", "validate", path).code == 0
    strict = ktrdr("strategy", "validate", path, "--strict")
    assert strict.code == 2
    assert strict.stdout.endswith("not valid: --strict refuses warnings\n")


def test_validate_checks_a_whole_folder(ktrdr: Command, tmp_path: Path) -> None:
    write(tmp_path, "b.yml", changed("training.epochs", 0))
    write(tmp_path, "a.yaml", small())
    write(tmp_path, "c.yaml", "name: [1\n")
    write(tmp_path, "notes.txt", "not a strategy")
    outcome = ktrdr("strategy", "validate", tmp_path, "--json")
    assert outcome.code == 2
    assert [(Path(item["path"]).name, item["valid"]) for item in outcome.json["files"]] == [
        ("a.yaml", True),
        ("b.yml", False),
        ("c.yaml", False),
    ]
    assert "line 2, column 1" in outcome.json["files"][2]["errors"][0]["message"]
    assert ktrdr("strategy", "validate", tmp_path).stdout.endswith("3 files: 1 valid, 2 not valid\n")


def test_an_empty_folder_and_a_missing_file_are_not_found(ktrdr: Command, tmp_path: Path) -> None:
    assert ktrdr("strategy", "validate", tmp_path).code == 3
    assert ktrdr("strategy", "validate", tmp_path / "x.yaml").code == 3


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_training_names_file_and_line(option: list[str], ktrdr: Command, tmp_path: Path) -> None:
    path = write(tmp_path, "s.yaml", changed("training.optimizer", "adm", changed("training.seed", -1)))
    outcome = ktrdr("train", path, *option)
    assert outcome.code == 2
    assert outcome.stdout == ""
    assert outcome.stderr.splitlines()[0].startswith(f"error: {path}:{line_of(path, 'adm')}: training.optimizer")
    assert len(outcome.stderr.splitlines()) == 2
    assert "Traceback" not in outcome.stderr


def test_diff_of_equal_meaning_is_empty(ktrdr: Command, tmp_path: Path) -> None:
    old = write(tmp_path, "a.yaml", small())
    new = write(tmp_path, "b.yaml", changed("indicators.rsi_14.type", "RSI"))
    found = ktrdr("strategy", "diff", old, new, "--json").json
    assert found["same_contract"] is True
    assert found["features"] == {"added": [], "removed": [], "moved": [], "redefined": {}}
    assert (found["labels"], found["settings"]) == ({}, {})
    assert ktrdr("strategy", "diff", old, new).stdout == "feature contract: the same\n"


def test_diff_names_features_labels_and_settings(ktrdr: Command, tmp_path: Path) -> None:
    document = changed("training.epochs", 9, changed("training.labels.label_lookahead", 12))
    document = changed("indicators.rsi_14.period", 21, document)
    document["fuzzy_sets"]["macd"] = {"indicator": "macd_a.histogram", "up": [0, 0.5, 1], "flat": [-1, 0, 1]}
    document["nn_inputs"].reverse()
    old, new = write(tmp_path, "a.yaml", small()), write(tmp_path, "b.yaml", document)
    found = ktrdr("strategy", "diff", old, new, "--json").json
    assert found["features"]["added"] == ["5m_macd_flat"]
    assert found["features"]["removed"] == ["5m_macd_down"]
    assert found["features"]["moved"] == ["5m_macd_up"]
    assert set(found["features"]["redefined"]) == {"5m_rsi_oversold", "5m_rsi_neutral", "5m_rsi_overbought"}
    assert found["features"]["redefined"]["5m_rsi_neutral"]["parameters"]["new"]["period"] == 21
    assert found["labels"] == {"training.labels.label_lookahead": {"old": 10, "new": 12}}
    assert found["settings"] == {"training.epochs": {"old": 2, "new": 9}}
    assert found["same_contract"] is False
    assert "training.epochs  2  ->  9" in ktrdr("strategy", "diff", old, new).stdout


@pytest.mark.parametrize("model", sorted(MODEL_TYPES))
@pytest.mark.parametrize("labels", sorted(LABELS))
def test_a_new_strategy_is_valid_without_a_warning(model: str, labels: str, ktrdr: Command, tmp_path: Path) -> None:
    outcome = ktrdr("strategy", "new", "--model", model, "--labels", labels, "--timeframe", "5m,1h", "--json")
    kind = MODEL_TYPES[model]
    if not any(spec.kind in kind.losses for spec in LABELS[labels]) or labels not in (kind.labels or LABELS):
        assert outcome.code == 2
        assert f"model.type: {model} " in outcome.json["error"]["message"]
        return
    assert outcome.code == 0, outcome.stderr
    assert problems(yaml.safe_load(outcome.json["document"])) == ()


def test_a_new_strategy_may_name_any_indicator(ktrdr: Command) -> None:
    outcome = ktrdr("strategy", "new", "--indicators", ",".join(INDICATORS))
    assert outcome.code == 0, outcome.stderr
    document = yaml.safe_load(outcome.stdout)
    assert list(document["indicators"]) == list(INDICATORS)
    assert problems(document) == ()
    assert unscaled_inputs(resolve(parse(document))) == ()


def test_a_new_strategy_is_written_once_and_trains(ktrdr: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    wishes = ["--symbol", "MSFT", "--indicators", "rsi:period=21,rsi,macd", "--output", path]
    assert ktrdr("strategy", "new", *wishes).stdout == f"written: {path}\n"
    document = yaml.safe_load(path.read_text())
    assert document["name"] == "mine"
    assert document["indicators"]["macd"] == {"type": "macd", "scale": "atr"}
    assert document["indicators"]["rsi"] == {"type": "rsi", "period": 21}
    assert document["indicators"]["rsi_2"] == {"type": "rsi"}
    again = ktrdr("strategy", "new", *wishes)
    assert (again.code, "already" in again.stderr) == (4, True)
    trained = ktrdr("train", path, "--epochs", 1, "--strict", "--json")
    assert trained.code == 0, trained.stderr


def test_somebody_at_a_terminal_is_asked_for_each_wish(ktrdr: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"name": "mine", "symbol": "MSFT", "timeframe": "1h,1d", "model": "gru", "labels": "direction"}
    answers |= {"indicators": "rsi:period=21,obv"}
    asked = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", lambda key, **_: asked.append(key) or answers[key])
    given = [word for key, value in answers.items() for word in (f"--{key}", value)]
    assert ktrdr("strategy", "new").stdout == ktrdr("strategy", "new", *given).stdout
    assert asked == list(answers)
    assert ktrdr("strategy", "new", "--json").code == 0
    assert asked == list(answers), "nobody is asked for a wish that a script did not give"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (["--indicators", "rsii"], ("indicators.rsii.type", "did you mean 'rsi'")),
        (["--indicators", "rsi:21"], ("rsi:period=21", "'21'")),
        (["--model", "lstn"], ("model.type", "did you mean 'lstm'")),
        (["--labels", "zigzg"], ("training.labels.source", "did you mean 'zigzag'")),
        (["--timeframe", "1x"], ("training_data.timeframes", "'1x'")),
    ],
)
def test_a_wish_that_there_is_not_is_refused_and_nothing_written(
    wish: list[str], words: tuple[str, ...], ktrdr: Command, tmp_path: Path
) -> None:
    outcome = ktrdr("strategy", "new", *wish, "--output", tmp_path / "x.yaml")
    assert outcome.code == 2
    assert all(word in outcome.stderr for word in words), outcome.stderr
    assert list(tmp_path.iterdir()) == []


def test_migrate_says_what_is_still_wrong(ktrdr: Command, tmp_path: Path) -> None:
    document = small() | {"version": "2.0", "indicators": [{"name": "rsii", "feature_id": "rsi_14"}]}
    document["fuzzy_sets"] = {"rsi_14": {"low": [0, 20, 40]}}
    del document["nn_inputs"]
    path = write(tmp_path, "old.yaml", document)
    outcome = ktrdr("strategy", "migrate", path)
    assert outcome.code == 0
    assert "did you mean 'rsi'" in outcome.stderr
    assert yaml.safe_load(outcome.stdout)["version"] == "3.0"
