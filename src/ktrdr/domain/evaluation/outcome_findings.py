"""What classes, forecasts and seeds say."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.evaluation.episodes import FEWEST, too_few
from ktrdr.domain.evaluation.findings import Finding, Run

_RARE = 0.02
_DOMINANT = 0.8
_SHIFT = 0.1
_ACCURACY_GAP = 0.05


def leak(run: Run) -> Finding | None:
    """Say why the forecasts are too good to be true, where they are, and how to find out what is behind them."""
    found = run.evaluation.verdict.suspicion
    if found is None or found.lifted_by is not None:
        return None
    figures = {"share": found.share, "sure": found.sure, "ceiling": found.ceiling}
    where = "each input" if found.carrier is None else f"`{found.carrier.feature}`"
    return Finding(
        "leak",
        f"Too good to be true: {found.why}.",
        figures | ({} if found.carrier is None else {"carrier": found.carrier.feature}),
        f"Look at how {where} is made: its file, what its stamps mean, when its values were published, whether the "
        "label is made of them. Then train again without it, and once more with its values one bar later: a skill that "
        "ends there is a leak, or lasts no longer than a bar.",
    )


def classes(run: Run) -> Finding | None:
    """Say whether a class has under 2 %, or over 80 %, of the train rows."""
    shares = run.class_shares.get("train", {})
    if not shares:
        return None
    rare = [name for name, share in shares.items() if share < _RARE]
    largest = max(shares, key=lambda name: shares[name])
    if not rare and shares[largest] < _DOMINANT:
        return None
    said = f"{largest} makes up {shares[largest]:.1%} of the train rows"
    for name in rare:
        said += f", {name} {shares[name]:.1%}"
    return Finding(
        "classes",
        f"Classes are far out of balance: {said}.",
        {"train": dict(shares)},
        "Choose a label threshold that makes classes more even.",
    )


def episodes(run: Run) -> Finding | None:
    """Say which classes came too seldom in the test rows to be judged, where classes last."""
    test = run.episodes.get("test", {})
    few = too_few(test)
    if not few:
        return None
    named = ", ".join(f"{name} {test[name]}" for name in few)
    return Finding(
        "episodes",
        f"Too few episodes in the test rows to judge a class by: {named}; {FEWEST} are needed.",
        {"test": dict(test)},
        "Train on a longer history, or on more symbols, so that each class comes and goes more often.",
    )


def shift(run: Run) -> Finding | None:
    """Say whether a class's share moved by over 0.1 from train to test."""
    train, test = run.class_shares.get("train", {}), run.class_shares.get("test", {})
    moved = {name: test[name] - train[name] for name in train if name in test}
    name = max(moved, key=lambda key: abs(moved[key]), default=None)
    if name is None or abs(moved[name]) < _SHIFT:
        return None
    return Finding(
        "classes",
        f"The test rows are another market than the train rows: {name} went from {train[name]:.1%} "
        f"to {test[name]:.1%}.",
        {"train": dict(train), "test": dict(test)},
        "Train on more, or more recent, data; where the label threshold is fixed, let it follow volatility.",
    )


def forecasts(run: Run) -> Finding | None:
    """Say whether the model names the same class for every test row."""
    confusion = np.array(run.evaluation.metrics.get("confusion_matrix", [[]]))
    forecast = confusion.sum(axis=0)
    if len(forecast) < 2 or np.count_nonzero(forecast) > 1:
        return None
    name = list(run.evaluation.metrics["per_class"])[int(forecast.argmax())]
    return Finding(
        "forecasts",
        f"The model names {name} for every test row: its probabilities may still differ, its choice never does.",
        {"rows": run.evaluation.rows},
        "Judge it by log loss, or choose a label threshold that makes classes more even.",
    )


def generalisation(run: Run) -> Finding | None:
    """Say whether validation and test accuracy are over 5 points, and two standard errors, apart.

    The standard error counts blocks of time as observations, since rows within one are not independent.
    """
    test = run.evaluation.metrics.get("accuracy")
    if not run.history.epochs or test is None:
        return None
    validation = run.kept.val_accuracy
    if validation is None:
        return None
    blocks = max(run.evaluation.verdict.blocks, 1)
    chance = 2.0 * (validation * (1.0 - validation) / blocks) ** 0.5
    if abs(test - validation) <= max(_ACCURACY_GAP, chance):
        return None
    return Finding(
        "generalisation",
        f"Accuracy is {validation:.1%} on validation and {test:.1%} on test: "
        f"more apart than chance over {blocks} blocks.",
        {"validation_accuracy": validation, "test_accuracy": test, "chance": chance},
        "Believe the test figure; look at how class shares moved, and at a second split, before trusting either.",
    )


def seeds(run: Run) -> Finding | None:
    """Say how far seeds differ, against what the verdict rests on."""
    metric = run.evaluation.primary
    values = [float(seed["metrics"][metric]) for seed in run.seeds]
    if len(values) < 2:
        return None
    spread, difference = max(values) - min(values), abs(run.evaluation.verdict.difference)
    figures = {"metric": metric, "lowest": min(values), "highest": max(values), "std": float(np.std(values))}
    words = f"Over {len(values)} seeds {metric.replace('_', ' ')} runs from {min(values):.4g} to {max(values):.4g}"
    if spread > difference:
        return Finding(
            "seeds",
            f"{words}: the seed matters more than the difference from the baseline ({difference:.3g}).",
            figures,
            f"Do not pick the best seed: average several, or {run.model.advice.simpler}.",
        )
    return Finding(
        "seeds",
        f"{words}: less than the difference from the baseline ({difference:.3g}).",
        figures,
        "Nothing to do: the seed does not decide.",
    )
