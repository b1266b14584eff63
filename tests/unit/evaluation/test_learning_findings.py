"""Remarks on a course of learning ask only for figures that are in its history."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.evaluation.learning_findings import fit, gradients, plateau, stopping
from ktrdr.domain.training.history import Epoch, TrainingHistory

GRADIENTS = ("gradient_norm", "learning_rate")


def run(train, val=None, *, norms=None, best=None, ended_by="all_epochs", without=()):
    """A run of these losses; figures in `without` are not in its history."""
    val = train if val is None else val
    norms = norms or [1.0] * len(train)
    epochs = tuple(
        replace(Epoch(n, a, b, 0.5, 1e-3, norm), **dict.fromkeys(without))
        for n, (a, b, norm) in enumerate(zip(train, val, norms, strict=True), 1)
    )
    kept = int(np.argmin(val)) + 1 if best is None else best
    return Run(TrainingHistory(epochs, kept, ended_by), SimpleNamespace(), {})


def test_a_model_without_gradients_hears_nothing_of_them():
    """As a later model of trees has it: losses by round, neither rate nor gradients."""
    rising = run([1.0, 0.5, 0.4, 0.3], [1.0, 0.5, 0.7, 0.9], norms=[1.0, 99.0, 1.0, 1.0], without=GRADIENTS)
    assert gradients(rising) is None
    assert fit(rising).suggestion == "Make the model smaller, or regularise it more."
    assert "model smaller" in fit(run([1.0, 0.5], [1.0, 0.6], without=GRADIENTS)).suggestion
    assert "a larger model" in fit(run([1.0, 1.0], without=GRADIENTS)).suggestion
    flat = plateau(run([1.0] * 6, without=GRADIENTS))
    assert flat.suggestion == "Train for fewer `epochs`."
    early = stopping(run([1.0] * 5, best=1, ended_by="early_stopping", without=GRADIENTS))
    assert early.suggestion == "Make the model smaller: the best epoch came at once."


@pytest.mark.parametrize("absent", ["train_loss", "val_loss"])
def test_what_takes_a_loss_that_is_not_there_is_not_said(absent):
    bare = run([1.0] * 6, best=6, without=(absent, *GRADIENTS))
    assert fit(bare) is None
    assert gradients(bare) is None
    assert (plateau(bare) is None) == (absent == "val_loss")
    assert stopping(bare).topic == "stopping"
