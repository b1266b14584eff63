"""Law: a regime classifier that knows no more than which regime it is now is not called better than "as now"."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.domain.evaluation.baselines import baselines
from ktrdr.domain.evaluation.evaluate import Evaluation, evaluate
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels import market_regime
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

SEEDS = range(40)
LABELS = {"fast": 5, "slow": 20, "horizon": 6}
ROWS, CLASSES = 1600, 4


@pytest.fixture(autouse=True)
def short_trailing_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_regime, "TRAILING_BARS", 120)


def random_walk(seed: int) -> Bars:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, ROWS)))
    stamps = np.arange(ROWS, dtype=np.int64) * 3600 * 10**9
    return Bars("X", Timeframe("1h"), stamps, close, close, close, close, np.ones(ROWS))


def logistic(design: np.ndarray, labels: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Probabilities of a multinomial logistic regression, by gradient descent on the train rows."""
    weights, truth = np.zeros((design.shape[1], CLASSES)), np.eye(CLASSES)[labels]
    for _ in range(150):
        chances = np.exp(design @ weights)
        chances /= chances.sum(axis=1, keepdims=True)
        weights += 2.0 * design[train].T @ (truth - chances)[train] / len(train)
    return chances


def judged(seed: int, hint: float) -> Evaluation:
    """Judge a logistic regression on the regime that it is now, and on noise with a hint of the answer."""
    bars, rng = random_walk(seed), np.random.default_rng(1000 + seed)
    labels = label(bars, "market_regime", LABELS)
    rows = np.flatnonzero(labels.defined & (labels.naive[0].values >= 0))
    values, now = labels.values[rows], labels.naive[0].values[rows]
    outcomes = Outcomes(
        values, bars.known_at[rows], bars.known_at[labels.end_rows[rows]], labels.target,
        tuple(one.at(rows) for one in labels.naive),
    )  # fmt: skip
    noise = rng.normal(size=(len(rows), 3))
    noise[:, 0] += hint * (values == market_regime.BULL)
    begin = int(0.6 * len(rows))
    train = np.flatnonzero(labels.end_rows[rows] < rows[begin])
    test = np.arange(begin, len(rows))
    outputs = logistic(np.column_stack([np.eye(CLASSES)[now], noise]), values, train)[test]
    rivals = tuple(one for one in baselines(outcomes, train, test) if one.name in {"as_now", "as_the_rule_says"})
    tested = Outcomes(values[test], outcomes.known_at[test], outcomes.label_end[test], labels.target)
    return evaluate(tested, outputs, rivals, np.random.default_rng(seed))


def test_on_a_random_walk_it_is_better_in_no_more_than_one_of_twenty() -> None:
    found = [judged(seed, 0.0).verdict.outcome for seed in SEEDS]
    assert found.count("better") <= len(SEEDS) // 20
    assert found.count("too_little_data") == 0


def test_what_really_knows_more_is_found() -> None:
    found = [judged(seed, 1.5).verdict.outcome for seed in range(10)]
    assert found.count("better") >= 8
