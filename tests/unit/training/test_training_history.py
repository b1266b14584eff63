"""Histories come back as they were, and nothing else passes for one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.history import Epoch, TrainingHistory

HISTORY = TrainingHistory(
    (Epoch(1, 1.1, 1.2, 0.3, 0.01, 2.5), Epoch(2, 1.0, 1.3, None, 0.005, 0.1)), best_epoch=1, ended_by="early_stopping"
)


def test_history_comes_back_from_json() -> None:
    assert TrainingHistory.from_dict(json.loads(json.dumps(HISTORY.as_dict()))) == HISTORY


def test_figures_that_a_model_type_has_not_are_absent() -> None:
    history = TrainingHistory((Epoch(1, 1.1, 1.2, None), Epoch(2, 1.0, 1.3, 0.4, 0.05)), 1, "all_epochs")
    first, second = history.as_dict()["epochs"]
    assert first == {"number": 1, "train_loss": 1.1, "val_loss": 1.2, "val_accuracy": None}
    assert second.keys() == {"number", "train_loss", "val_loss", "val_accuracy", "learning_rate"}
    assert TrainingHistory.from_dict(json.loads(json.dumps(history.as_dict()))) == history


@pytest.mark.parametrize("name", ["number", "train_loss", "val_loss", "val_accuracy"])
def test_figures_that_every_model_type_has_are_required(name: str) -> None:
    values = HISTORY.as_dict()
    del values["epochs"][0][name]
    with pytest.raises(InvalidInput, match="epoch 1"):
        TrainingHistory.from_dict(values)


@pytest.mark.parametrize(
    "changes",
    [
        {"best_epoch": 3},
        {"best_epoch": -1},
        {"best_epoch": True},
        {"ended_by": "boredom"},
        {"ended_by": None},
        {"ended_by": ["all_epochs"]},
        {"epochs": {}},
        {"epochs": [1, 2]},
        {"surprise": 1},
    ],
    ids=str,
)
def test_odd_history_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="history"):
        TrainingHistory.from_dict(HISTORY.as_dict() | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 2},
        {"number": True},
        {"val_loss": "1"},
        {"val_loss": None},
        {"train_loss": float("nan")},
        {"odd": 1},
        {"gradient_norm": None},
        {"learning_rate": "1"},
    ],
    ids=str,
)
def test_odd_epoch_is_refused(changes: dict[str, Any]) -> None:
    values = HISTORY.as_dict()
    values["epochs"][0] |= changes
    with pytest.raises(InvalidInput, match="epoch 1"):
        TrainingHistory.from_dict(values)


@pytest.mark.parametrize("values", [None, [], {}, "x", 3], ids=str)
def test_what_is_no_object_is_refused(values: object) -> None:
    with pytest.raises(InvalidInput):
        TrainingHistory.from_dict(values)
