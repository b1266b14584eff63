"""Where settings come from, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.entrypoints.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, with no variables around it."""
    for name in ("KTRDR_DATA_DIR", "KTRDR_MODELS_DIR", "KTRDR_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_where_nothing_is_said() -> None:
    assert load_settings(data_dir=None) == Settings(None, Path("models"), "auto")


def test_arguments_before_variables_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "ktrdr.toml").write_text('data_dir = "file"\nmodels_dir = "file"\ndevice = "file"\n')
    monkeypatch.setenv("KTRDR_MODELS_DIR", "variable")
    monkeypatch.setenv("ktrdr_device", "variable")
    assert load_settings(device="argument") == Settings(Path("file"), Path("variable"), "argument")


def test_workers_get_the_same_settings() -> None:
    settings = load_settings(data_dir="bars")
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('model_dir = "x"', "model_dir.*known: data_dir, models_dir, device.*did you mean.*models_dir"),
        ("data_dir = 5", "data_dir must be a path; found 5"),
        ("device = ['cpu']", "device must be a text"),
        ("models_dir =", "not valid TOML"),
        ("device = '" + "x" * (1 << 20) + "'", "at most 64,000 are read"),
        ("a = " + "[" * 20_000, "not valid TOML"),
        ("[data_dir]", "data_dir must be a path"),
    ],
)
def test_a_wrong_file_is_refused(text: str, said: str, folder: Path) -> None:
    (folder / "ktrdr.toml").write_text(text)
    with pytest.raises(InvalidInput, match=f"(?i)^ktrdr.toml: .*{said}"):
        load_settings()


def test_a_file_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "ktrdr.toml").write_bytes(b"device = '\xff'")
    with pytest.raises(InvalidInput, match=r"ktrdr.toml: not UTF-8 text"):
        load_settings()


def test_unknown_variables_and_arguments_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match=r"model_dir.*models_dir"):
        load_settings(model_dir="x")
    with pytest.raises(InvalidInput, match="device must be a text; found 5"):
        load_settings(device=5)
    monkeypatch.setenv("KTRDR_MODEL_DIR", "x")
    with pytest.raises(InvalidInput, match=r"KTRDR_MODEL_DIR: no setting.*KTRDR_MODELS_DIR"):
        load_settings()


def test_what_is_no_plain_file_or_cannot_be_a_path_is_refused(folder: Path) -> None:
    with pytest.raises(InvalidInput, match=r"models_dir .*too long"):
        load_settings(models_dir="x" * 5000)
    (folder / "ktrdr.toml").mkdir()
    with pytest.raises((InvalidInput, Unavailable), match=r"ktrdr.toml: .*a folder"):
        load_settings()
