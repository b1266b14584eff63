from dataclasses import replace

import numpy as np
import pytest
from samples.evaluations import NUMBERS, dataset

from ktrdr.domain.evaluation.diagnosis import diagnose
from ktrdr.domain.evaluation.evaluate import evaluate
from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.training.history import Epoch, TrainingHistory

EVEN = {"buy": 0.3, "hold": 0.4, "sell": 0.3}


def history(train, val, *, ended_by="all_epochs", norms=None, accuracy=0.4):
    epochs = [
        Epoch(number, a, b, accuracy, 1e-3, norm)
        for number, a, b, norm in zip(range(1, len(train) + 1), train, val, norms or [1.0] * len(train), strict=True)
    ]
    return TrainingHistory(tuple(epochs), int(np.argmin(val)) + 1 if val else 0, ended_by)


@pytest.fixture(scope="module")
def evaluation():
    """A model of 40 % accuracy on 200 rows, without a name for one class only."""
    labels = np.array([0, 1, 2, 1, 0] * 100)
    rows, test = dataset(labels, np.arange(500) + 2), np.arange(300, 500)
    outputs = 0.2 + 0.4 * np.eye(3)[np.array([0, 0, 2, 2, 1] * 40)]
    return evaluate(rows, np.arange(290), test, outputs, np.random.default_rng(0))


def findings(evaluation, past, shares=None, seeds=()):
    run = Run(past, evaluation, {"train": EVEN, "validation": EVEN, "test": EVEN} if shares is None else shares, seeds)
    return {(found.topic, found.finding.split()[0]): found for found in diagnose(run)}


def topics(*arguments, **named):
    return [topic for topic, _ in findings(*arguments, **named)]


FALLING = [1.1 - 0.01 * n for n in range(10)]


def test_a_healthy_run_says_how_it_ended_and_how_it_fits(evaluation):
    found = findings(evaluation, history(FALLING, FALLING, ended_by="early_stopping"))

    assert [topic for topic, _ in found] == ["stopping", "fit"]
    assert "early after 10 epochs" in found["stopping", "Training"].finding
    assert "neither over- nor underfitting" in found["fit", "Train"].finding


@pytest.mark.parametrize(
    ("past", "said", "advice"),
    [
        (history([1.1], [1.0]), "one epoch", "more epochs"),
        (history([], [], ended_by="no_epochs"), "not trained in epochs", "Nothing"),
        (history(FALLING, FALLING), "last one was the best", "Raise `epochs`"),
        (history(FALLING, [1.0, 0.9, *[1.0] * 8]), "epoch 2 was the best", "Nothing"),
        (history(FALLING, [0.9, *[1.0] * 9], ended_by="early_stopping"), "after epoch 1", "learning rate"),
        (replace(history([1.0, 0.9, 0.8], [1.0, 0.9, 1.0]), best_epoch=3), "although epoch 2", "early_stopping"),
    ],
)
def test_stopping(evaluation, past, said, advice):
    found = next(found for (topic, _), found in findings(evaluation, past).items() if topic == "stopping")

    assert said in found.finding
    assert advice in found.suggestion
    assert found.figures.items() >= {"epochs": len(past.epochs), "best_epoch": past.best_epoch}.items()


def test_one_epoch_claims_nothing_about_fit(evaluation):
    assert topics(evaluation, history([1.1], [1.0])) == ["stopping"]


@pytest.mark.parametrize(
    ("train", "val", "said"),
    [
        ([1.0, 0.9, 0.7, 0.5], [1.0, 0.95, 1.0, 1.1], "Overfitting after epoch 2"),
        ([1.0, 0.5], [1.2, 0.9], "far above the train loss"),
        ([1.0, 0.999, 0.998], [1.0, 0.999, 0.998], "Underfitting"),
    ],
)
def test_fit(evaluation, train, val, said):
    found = next(f for f in findings(evaluation, history(train, val)).values() if f.topic == "fit")

    assert said in found.finding
    assert found.figures["val_loss_kept"] == min(val)


def test_plateau(evaluation):
    flat = [1.0, 0.9, 0.8, 0.7, *[0.6] * 5]

    advice = {
        ended: findings(evaluation, history(flat, flat, ended_by=ended))["plateau", "Over"].suggestion
        for ended in ("all_epochs", "early_stopping")
    }
    assert ["patience" in said for said in advice.values()] == [False, True]
    assert "plateau" not in topics(evaluation, history(FALLING, FALLING))


@pytest.mark.parametrize(
    ("train", "norms", "said"),
    [
        (FALLING, [1.0] * 9 + [11.0], "unstable"),
        (FALLING, [1e-8] * 10, "vanished"),
        ([1.0, 0.5, 0.9, 0.5, *[0.5] * 6], [1.0] * 10, "unstable"),
    ],
)
def test_gradients(evaluation, train, norms, said):
    found = next(
        f for f in findings(evaluation, history(train, FALLING, norms=norms)).values() if f.topic == "gradients"
    )

    assert said in found.finding


def test_rare_and_dominant_classes(evaluation):
    shares = {"buy": 0.01, "hold": 0.9, "sell": 0.09}

    found = findings(evaluation, history(FALLING, FALLING), {"train": shares})["classes", "Classes"]

    assert "hold makes up 90.0%" in found.finding
    assert "buy 1.0%" in found.finding
    assert "classes" not in topics(evaluation, history(FALLING, FALLING))


def test_shares_that_moved(evaluation):
    shares = {"train": EVEN, "test": {"buy": 0.55, "hold": 0.2, "sell": 0.25}}

    assert (
        "buy went from 30.0% to 55.0%"
        in findings(evaluation, history(FALLING, FALLING), shares)["classes", "The"].finding
    )


def test_one_forecast_for_every_row(evaluation):
    metrics = evaluation.metrics | {"confusion_matrix": [[0, 5, 0], [0, 5, 0], [0, 3, 0]]}

    found = findings(replace(evaluation, metrics=metrics), history(FALLING, FALLING))

    assert "names hold for every test row" in found["forecasts", "The"].finding


def test_validation_and_test_apart(evaluation):
    accuracy = evaluation.metrics["accuracy"]

    assert "generalisation" in topics(evaluation, history(FALLING, FALLING, accuracy=accuracy + 0.3))
    assert "generalisation" not in topics(evaluation, history(FALLING, FALLING, accuracy=accuracy + 0.04))


@pytest.mark.parametrize(("step", "said"), [(1e-6, "less than the difference"), (1.0, "seed matters more")])
def test_seeds(evaluation, step, said):
    seeds = [{"seed": n, "metrics": {"log_loss": 1.0 + n * step}, "shipped": n == 0} for n in range(3)]

    found = findings(evaluation, history(FALLING, FALLING), seeds=seeds)["seeds", "Over"]

    assert said in found.finding
    assert found.figures["highest"] == 1.0 + 2 * step


def test_regression(evaluation):
    rows = dataset(np.random.default_rng(0).normal(size=500), np.arange(500) + 2, NUMBERS)
    found = evaluate(rows, np.arange(290), np.arange(300, 500), np.zeros(200), np.random.default_rng(0))

    assert topics(found, history(FALLING, FALLING, accuracy=None), {}) == ["stopping", "fit"]


def test_every_finding_is_plain_and_has_a_suggestion(evaluation):
    for found in findings(evaluation, history([1.0, 0.5, 0.9], [1.0, 0.9, 1.2])).values():
        assert set(found.as_dict()) == {"topic", "finding", "figures", "suggestion"}
        assert found.suggestion.endswith(".")
