"""The trainer of every model type: which one it asks, when it is imported, and what it says where it cannot be."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples.fits import CLASSES, VALUE, artifact_of, task
from samples.stump import STUMP, TARGET, StumpTrainer

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.training.settings import ModelSpec

SPEC = {"leaves": 7, "missing": "drop"}


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODEL_TYPES, "stump", STUMP)


def stump_task(**changes: Any) -> Any:
    return replace(task(model=ModelSpec("stump", SPEC)), **changes)


def test_a_trainer_is_made_once_with_the_device_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str | None] = []
    monkeypatch.setattr(StumpTrainer, "__init__", lambda _, device: made.append(device))
    trainer = TableTrainer("cuda:7", {"stump": TARGET})
    assert made == []
    model = trainer.fit(stump_task())
    assert trainer.restore(artifact_of(model, stump_task())).state() == model.state()
    assert made == ["cuda:7"]


@pytest.mark.parametrize("extra", ["trees", None])
def test_a_missing_package_is_said_with_the_extra_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: str | None
) -> None:
    (tmp_path / "needy_trainer.py").write_text("import no_such_library.parts\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(MODEL_TYPES, "stump", replace(STUMP, extra=extra))
    advice = {
        "trees": "the extra 'trees' (from a clone: pip install -e '.[trees]')",
        None: "ktrdr anew (from a clone: pip install -e .)",
    }
    said = f"model type stump needs no_such_library, which is not installed; install {advice[extra]}"
    with pytest.raises(Unavailable, match=f"^{re.escape(said)}$"):
        TableTrainer("cpu", {"stump": "needy_trainer:Trainer"}).fit(stump_task())


def test_a_missing_module_of_our_own_is_a_fault_and_stays_one() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"ktrdr\.adapters\.models\.nowhere"):
        TableTrainer("cpu", {"stump": "ktrdr.adapters.models.nowhere:Trainer"}).fit(stump_task())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": VALUE}, "stump can not be fitted to a regression; types that can: mlp, lstm, gru, transformer"),
        ({"fuzzify": (Fuzzified(0),)}, "stump can not tune fuzzy sets; types that can: mlp"),
        ({"initial": {"model.safetensors": b""}}, "stump can not begin with given weights; types that can: mlp"),
    ],
)
def test_what_a_type_can_not_do_is_refused_before_anything_is_imported(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        TableTrainer("cpu", {"stump": "nowhere:Trainer"}).fit(stump_task(**changes))


def test_what_it_can_do_is_done() -> None:
    model = TableTrainer("cpu", {"stump": TARGET}).fit(stump_task(target=CLASSES))
    assert len(model.history.epochs) == 6


def test_opening_the_trainer_of_the_container_imports_no_library_of_models() -> None:
    code = (
        "import sys; from ktrdr.entrypoints.container import make_container; "
        "make_container(device='cpu').model_trainer(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
