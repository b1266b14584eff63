"""How often an ensemble is called better: on labels that nothing foretells, and where one member reads what does."""

from __future__ import annotations

import numpy as np

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import NS_PER_DAY
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import Member, ModelSpec, TrainingSettings
from samples.evaluations import judged

UP_DOWN = Target("classification", ("down", "up"), ("sell", "buy"))
METHODS = {
    "soft": {"method": "voting"},
    "hard": {"method": "voting", "vote": "hard"},
    "blending": {"method": "blending"},
    "stacking": {"method": "stacking"},
}
HORIZON, TRAIN, VALIDATION, TEST = 5, 1500, 400, 600


def market(seed: int, edge: float) -> tuple[np.ndarray, Outcomes]:
    """Days with four features, of which the last tells `edge` of the next days' mean; labels overlap."""
    rng = np.random.default_rng(seed)
    n = TRAIN + VALIDATION + TEST
    steps = rng.normal(size=n + HORIZON)
    ahead = np.convolve(steps, np.ones(HORIZON) / HORIZON, "valid")[1 : n + 1]
    features = rng.normal(size=(n, 4))
    features[:, 3] += edge * ahead * HORIZON**0.5
    rows = np.arange(n, dtype=np.int64)
    outcomes = Outcomes(
        (ahead > 0).astype(np.int64), rows * NS_PER_DAY, np.minimum(rows + HORIZON, n) * NS_PER_DAY, UP_DOWN
    )
    return features.astype(np.float32), outcomes


def outcome(method: str, seed: int, edge: float) -> str:
    """Return what is said of one ensemble of three linear members."""
    features, outcomes = market(seed, edge)
    train = np.arange(TRAIN - HORIZON)
    validation = np.arange(TRAIN, TRAIN + VALIDATION - HORIZON)
    test = np.arange(TRAIN + VALIDATION, len(features) - HORIZON)
    kind = MODEL_TYPES["logistic"]
    plain = ModelSpec("logistic", kind.example)
    settings = TrainingSettings(own={item.name: item.default for item in kind.settings})
    members = tuple(
        Member(name, plain, settings, inputs)
        for name, inputs in (("first", ("f0", "f1")), ("second", ("f1", "f2")), ("third", ("f2", "f3")))
    )
    model = ModelSpec("ensemble", MODEL_TYPES["ensemble"].example | METHODS[method], members)

    def rows(chosen: np.ndarray) -> Rows:
        when = outcomes.known_at[chosen], outcomes.label_end[chosen]
        return Rows(features, outcomes.labels[chosen], chosen, known_at=when[0], label_end=when[1])

    names = tuple(f"f{place}" for place in range(4))
    task = FitTask(rows(train), rows(validation), names, UP_DOWN, model, TrainingSettings(seed=seed))
    fitted = TableTrainer("cpu").fit(task)
    outputs = softmax(fitted.predict(features, test))
    metric = "accuracy" if METHODS[method].get("vote") == "hard" else "log_loss"  # shares of votes are no probabilities
    return judged(outcomes, train, test, outputs, np.random.default_rng(seed), metric).verdict.outcome


def share_called_better(method: str, seeds: int, edge: float) -> float:
    """Return how often the verdict is `better`."""
    return sum(outcome(method, seed, edge) == "better" for seed in range(seeds)) / seeds
