"""Where each remark on a course of learning begins and ends, and that it asks only for figures that are there."""

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


@pytest.mark.parametrize(("best", "advice"), [(1, "Lower the learning rate"), (2, "Lower"), (3, "Nothing to do")])
def test_a_best_epoch_up_to_the_second_came_at_once(best, advice):
    found = stopping(run([1.0] * 5, best=best, ended_by="early_stopping"))
    assert found.suggestion.startswith(advice)
    assert f"after epoch {best}," in found.finding


@pytest.mark.parametrize(
    ("val", "best", "said"),
    [
        ([1.0, 0.9], 2, "the last one was the best"),
        ([0.9, 1.0], 2, "although epoch 1 had the lowest"),
        ([0.9, 1.0], 1, "epoch 1 was the best and was kept"),
        ([0.9, 0.9], 2, "although epoch 1 had the lowest"),
        ([1.0, 0.9], 1, "epoch 1 was the best and was kept"),
    ],
)
def test_which_of_all_epochs_was_kept(val, best, said):
    assert said in stopping(run([1.0, 0.9], val, best=best)).finding


def test_without_epochs_nothing_is_said_of_losses():
    for ended_by in ("no_epochs", "all_epochs"):
        bare = run([], best=0, ended_by=ended_by)
        assert stopping(bare).finding == "The model was not trained in epochs."
        assert [check(bare) for check in (fit, plateau, gradients)] == [None, None, None]


@pytest.mark.parametrize(
    ("train", "val", "said"),
    [
        ([1.0, 0.5, 0.4], [1.0, 0.5, 0.5101], "Overfitting after epoch 2"),
        ([1.0, 0.5, 0.4], [1.0, 0.5, 0.51], "of a piece"),
        ([1.0, 0.5, 0.5], [1.0, 0.5, 0.6], "of a piece"),
        ([1.0, 0.5], [1.0, 0.5751], "far above the train loss"),
        ([1.0, 0.5], [1.0, 0.575], "of a piece"),
        ([1.0, 0.9901], None, "Underfitting"),
        ([1.0, 0.99], None, "of a piece"),
        ([1.0, 0.5, 0.99], None, "of a piece"),
    ],
)
def test_fit_at_its_boundaries(train, val, said):
    assert said in fit(run(train, val)).finding


def test_fit_names_the_losses_of_four_epochs():
    found = fit(run([1.0, 0.8, 0.6, 0.5], [0.9, 0.7, 0.8, 0.75], best=3))
    expected = {"first": (1.0, 0.9), "lowest": (0.8, 0.7), "kept": (0.6, 0.8), "last": (0.5, 0.75)}
    assert found.figures == {
        f"{name}_loss_{place}": pair[part]
        for place, pair in expected.items()
        for part, name in enumerate(("train", "val"))
    }
    assert "after epoch 2: the train loss fell on from 0.8 to 0.5 while the validation loss rose from 0.7 to 0.75" in (
        found.finding
    )


def test_initial_weights_count_as_the_first_epoch():
    assert fit(run([1.0, 1.2], [1.0, 1.5], best=0)).figures["val_loss_kept"] == 1.0


@pytest.mark.parametrize(
    ("val", "tail"),
    [
        ([1.0] * 5, None),
        ([1.0] * 6, 2),
        ([2.0, 2.0, 2.0, 2.0, 1.0, 1.001], 2),
        ([2.0, 2.0, 2.0, 2.0, 1.0, 1.0011], None),
        ([2.0] * 6 + [1.0, 1.0005, 1.0], 3),
        ([2.0] * 5 + [1.1, 1.0, 1.0], 2),
        ([-2.0] * 4 + [-1.0, -1.0005], 2),
        ([0.0] * 6, 2),
    ],
)
def test_plateau_at_its_boundaries(val, tail):
    found = plateau(run(val))
    assert (found and found.figures["epochs"]) == tail


@pytest.mark.parametrize(
    ("norms", "train", "said"),
    [
        ([1e-6] * 3, [1.0] * 3, None),
        ([0.99e-6] * 3, [1.0] * 3, "vanished"),
        ([0.0, 1e-7, 5.0], [1.0] * 3, "vanished"),
        ([1.0, 1.0, 10.0], [1.0] * 3, None),
        ([1.0, 1.0, 10.1], [1.0] * 3, "unstable"),
        ([1.0] * 3, [0.2, 0.3, 0.3], None),
        ([1.0] * 3, [0.2, 0.31, 0.3], "unstable"),
        ([1.0] * 3, [1.0, 0.4, 0.3], None),
    ],
)
def test_gradients_at_their_boundaries(norms, train, said):
    found = gradients(run(train, norms=norms))
    assert (found is None) == (said is None)
    if found:
        assert said in found.finding
        assert found.figures == {"median_gradient_norm": np.median(norms), "largest_gradient_norm": max(norms)}


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
