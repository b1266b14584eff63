from dataclasses import replace

import numpy as np
import pytest
from samples.evaluations import NUMBERS, dataset, judged

from ktrdr.domain.catalogue.models.networks import MLP
from ktrdr.domain.catalogue.models.spec import Advice
from ktrdr.domain.evaluation.diagnosis import diagnose
from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.evaluation.suspicion import Carrier, Suspicion
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
    return judged(rows, np.arange(290), test, outputs, np.random.default_rng(0))


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


def test_beside_a_leak_stands_what_to_do_about_it_and_what_the_data_say(evaluation):
    why = "published forecasts reach less"
    suspicion = Suspicion("log loss", 0.9, 0.8, 0.15, "a direction", why, Carrier("1d_volume", "importance", 0.5))
    leaky = replace(evaluation, verdict=evaluation.verdict.suspected(suspicion))
    other = {"buy": 0.6, "hold": 0.2, "sell": 0.2}
    shares = {"train": EVEN, "validation": EVEN, "test": other}
    seeds = [{"metrics": {"log_loss": value}} for value in (0.1, 0.2)]
    found = findings(leaky, history(FALLING, FALLING, accuracy=0.9), shares, seeds)

    assert [topic for topic, _ in found] == ["leak", "classes"]
    said = found["leak", "Too"]
    assert said.finding == f"Too good to be true: {why}."
    for step in ("`1d_volume` is made", "file", "stamps", "published", "train again without it", "one bar later"):
        assert step in said.suggestion
    lifted = replace(leaky, verdict=leaky.verdict.lifted("audit 7"))
    assert topics(lifted, history(FALLING, FALLING)) == topics(evaluation, history(FALLING, FALLING))


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


@pytest.mark.parametrize("ended", ["early_stopping", "all_epochs"])
def test_a_kept_epoch_that_is_not_the_lowest_says_by_how_much(evaluation, ended):
    losses = [1.0, 0.5, 0.49995, *[0.6] * 7]
    past = replace(history(FALLING, losses, ended_by=ended), best_epoch=2)
    found = findings(evaluation, past)["stopping", "Training" if ended == "early_stopping" else "All"]
    assert "epoch 2" in found.finding
    assert "the validation loss of epoch 3 was lower by 5e-05: by `min_delta`" in found.finding
    assert found.figures["lowest_val_loss_epoch"] == 3
    assert found.figures["val_loss_above_lowest"] == pytest.approx(5e-5)
    kept = findings(evaluation, replace(past, best_epoch=3))["stopping", "Training" if "early" in ended else "All"]
    assert "lower" not in kept.finding


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
    found = judged(rows, np.arange(290), np.arange(300, 500), np.zeros(200), np.random.default_rng(0))

    assert topics(found, history(FALLING, FALLING, accuracy=None), {}) == ["stopping", "fit"]


def test_every_finding_is_plain_and_has_a_suggestion(evaluation):
    for found in findings(evaluation, history([1.0, 0.5, 0.9], [1.0, 0.9, 1.2])).values():
        assert set(found.as_dict()) == {"topic", "finding", "figures", "suggestion"}
        assert found.suggestion.endswith(".")


def test_what_a_model_has_not_is_not_asked_for_and_the_advice_is_about_its_own_settings(evaluation):
    trees = replace(MLP, sections={}, advice=Advice("grow fewer leaves", "raise `l2`", "more leaves", "rounds"))

    def said(train, val, **more):
        past = history(train, val, norms=[None] * len(train), **more)
        return {found.topic: found.suggestion for found in diagnose(Run(past, evaluation, {}, (), trees))}

    rising = [0.9, 0.8, 0.85, 1.2]
    assert said([1.0, 0.9, 0.8, 2.9], rising).keys() == {"stopping", "fit"}
    assert said([1.0, 0.9, 0.8, 0.7], rising)["fit"] == "Grow fewer leaves, or raise `l2`."
    assert said([0.5, 0.4], [0.9, 0.8])["fit"].endswith("if they are alike, grow fewer leaves.")
    assert said([1.0, 1.0], [1.0, 1.0])["fit"] == "Try features that say more; more leaves helps only if they do."
    assert said(FALLING, FALLING)["stopping"].startswith("Raise `rounds`")
    assert said(FALLING, [1.0] * 10)["plateau"] == "Train for fewer `rounds`."
    assert said(FALLING, [1.0] * 10, ended_by="early_stopping")["plateau"] == "Shorten `patience`."


ABOVE, BELOW = (lambda value: float(np.nextafter(value, np.inf))), (lambda value: float(np.nextafter(value, -np.inf)))


def topic(evaluation, past, name):
    return next((found for found in findings(evaluation, past).values() if found.topic == name), None)


def kept(past, best):
    return replace(past, best_epoch=best)


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (history([1.0, 0.5, 0.4], [1.0, 0.8, ABOVE(0.8 * 1.02)]), "Overfitting after epoch 2"),
        (history([1.0, 0.8, 0.7], [1.2, 1.0, 1.02]), "far above the train loss"),
        (history([2.0, 1.0, 0.9], [1.2, 1.0, 1.02]), "of a piece"),
        (history([2.0, 1.0, BELOW(1.0)], [1.2, 1.0, ABOVE(1.02)]), "Overfitting after epoch 2"),
        (history([2.0, 1.0, 1.0], [1.2, 1.0, 1.5]), "of a piece"),
        (history([2.0, 1.0], [1.2, 1.15]), "of a piece"),
        (history([2.0, 1.0], [1.2, ABOVE(1.15)]), "far above the train loss (1)"),
        (history([1.0, 0.99], [1.0, 0.99]), "of a piece"),
        (history([1.0, ABOVE(0.99)], [1.0, 0.99]), "Underfitting"),
        (kept(history([3.0, 1.0], [3.0, 1.5]), 1), "of a piece"),
        (kept(history([3.0, 1.0], [3.0, 1.5]), 0), "of a piece"),
        (kept(history([3.0, 1.0], [3.0, 1.5]), 2), "far above"),
    ],
)
def test_the_fit_at_its_boundaries(evaluation, past, said):
    """A rise of 2 %, a gap of 15 % and a fall of 1 % are still none; the kept epoch counts, not the last."""
    assert said in topic(evaluation, past, "fit").finding


def test_the_figures_of_the_fit_name_each_epoch(evaluation):
    past = kept(history([4.0, 3.0, 2.0, 1.0], [8.0, 5.0, 6.0, 7.0]), 3)

    assert topic(evaluation, past, "fit").figures == {
        "train_loss_first": 4.0,
        "val_loss_first": 8.0,
        "train_loss_lowest": 3.0,
        "val_loss_lowest": 5.0,
        "train_loss_kept": 2.0,
        "val_loss_kept": 6.0,
        "train_loss_last": 1.0,
        "val_loss_last": 7.0,
    }


@pytest.mark.parametrize(("best", "advice"), [(1, "learning rate"), (2, "learning rate"), (3, "Nothing to do")])
def test_a_best_epoch_that_came_at_once(evaluation, best, advice):
    past = kept(history(FALLING, FALLING, ended_by="early_stopping"), best)

    assert advice in topic(evaluation, past, "stopping").suggestion


def test_two_epochs_are_no_longer_one(evaluation):
    past = history([1.0, 0.9], [1.0, 0.9])

    assert topic(evaluation, past, "stopping").finding == "All 2 epochs were used, and the last one was the best."
    assert topic(evaluation, past, "fit") is not None


def test_the_last_epoch_was_kept_though_another_was_lower(evaluation):
    found = topic(evaluation, kept(history([3.0, 2.0, 1.0], [3.0, 1.0, 1.5]), 3), "stopping")

    assert found.figures == {"epochs": 3, "best_epoch": 3, "lowest_val_loss_epoch": 2}


@pytest.mark.parametrize(
    ("val", "tail"),
    [
        ([1.0, 1.0, 1.0, 1.0, 1.0], None),
        ([9.0, 8.0, 7.0, 6.0, 1.0, 1.0], 2),
        ([9.0, 8.0, 7.0, 6.0, 1.1, 1.0, 1.0, 1.0], 2),
        ([9.0, 8.0, 7.0, 6.0, 5.0, 2.0, 1.0, 1.0, 1.0], 3),
        ([9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 1.1, 1.0, 1.0], None),
        ([9.0, 8.0, 7.0, 6.0, 1000.0, 1001.0], 2),
        ([9.0, 8.0, 7.0, 6.0, 1000.0, 1001.1], None),
        ([9.0, 8.0, 7.0, 6.0, 0.0, 0.0], 2),
        ([9.0, 8.0, 7.0, 6.0, -1000.0, -1001.0], 2),
    ],
)
def test_a_plateau_at_its_boundaries(evaluation, val, tail):
    """Six epochs are the fewest, their last third counts, and 0.1 % is still none that moved."""
    found = topic(evaluation, history([10.0 - n for n in range(len(val))], val), "plateau")

    assert (found and found.figures["epochs"]) == tail


def test_a_plateau_says_how_little_the_loss_moved(evaluation):
    found = topic(evaluation, history(FALLING[:6], [9.0, 8.0, 7.0, 6.0, 1000.0, 1000.5]), "plateau")

    assert found.figures["relative_movement"] == 0.0005
    assert found.finding == "Over the last 2 epochs the validation loss moved by only 0.05%."


STEADY = [1.0] * 9


@pytest.mark.parametrize(
    ("train", "norms", "said"),
    [
        (FALLING, [*STEADY, 10.0], None),
        (FALLING, [*STEADY, ABOVE(10.0)], "unstable"),
        (FALLING, [1e-6] * 10, None),
        (FALLING, [BELOW(1e-6)] * 10, "vanished"),
        (FALLING, [*[1e-8] * 9, 1.0], "vanished"),
        ([2.0, 3.0, *[1.0] * 8], [1.0] * 10, None),
        ([2.0, ABOVE(3.0), *[1.0] * 8], [1.0] * 10, "unstable"),
        ([*[1.0] * 9, 1.6], [1.0] * 10, "unstable"),
    ],
)
def test_gradients_at_their_boundaries(evaluation, train, norms, said):
    """Ten medians, a jump by half and a norm of 1e-6 are still none."""
    found = topic(evaluation, history(train, FALLING, norms=norms), "gradients")

    assert found is None if said is None else said in found.finding
    if found:
        assert found.figures["largest_gradient_norm"] == max(norms)
        assert found.figures["median_gradient_norm"] == np.median(norms)
