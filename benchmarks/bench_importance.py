"""Permutation importance: ours against scikit-learn's, around the same fitted model, in one run."""

from __future__ import annotations

import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance as scikit_importance

from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.evaluation.importance import permutation_importance
from ktrdr.domain.evaluation.losses import log_losses
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.settings import ModelSpec, TrainingSettings

ROWS, FEATURES, REPEATS, ROUNDS = 5_000, 27, 5, 5
ARCHITECTURE = {"hidden_layers": [64, 32], "activation": "relu", "dropout": 0.2, "batch_norm": False}
CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))


class Classifier(ClassifierMixin, BaseEstimator):
    """The fitted model as scikit-learn takes it."""

    def __init__(self, model=None):
        self.model = model
        self.classes_ = np.arange(3)

    def fit(self, _inputs, _labels):
        return self

    def predict_proba(self, inputs):
        return softmax(self.model.predict(inputs))


def fitted(inputs, labels):
    ids = tuple(f"feature_{number}" for number in range(FEATURES))
    rows = Rows(inputs[:640], labels[:640])
    task = FitTask(rows, rows, ids, CLASSES, ModelSpec("mlp", ARCHITECTURE), TrainingSettings(epochs=1))
    return Classifier(TorchTrainer("cpu").fit(task))


def scikit_permutations(rows, repeats, seed):
    state = np.random.RandomState(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    indices, order, orders = np.arange(rows), np.arange(rows), []
    for _ in range(repeats):
        state.shuffle(indices)
        order = order[indices]
        orders.append(order)
    return np.array(orders)


def test_importance_against_scikit_learn(benchmark):
    rng = np.random.default_rng(0)
    inputs = rng.random((ROWS, FEATURES), dtype=np.float32)
    labels = rng.integers(0, 3, ROWS)
    model, permutations = fitted(inputs, labels), scikit_permutations(ROWS, REPEATS, 0)

    def ours():
        return permutation_importance(
            lambda values, ends: softmax(model.model.predict(values, ends)),
            inputs,
            np.arange(ROWS),
            lambda outputs: float(log_losses(labels, outputs).mean()),
            permutations,
            ROWS,
        )

    def theirs():
        return scikit_importance(model, inputs, labels, scoring="neg_log_loss", n_repeats=REPEATS, random_state=0)

    np.testing.assert_allclose(ours().mean, theirs().importances_mean, rtol=1e-6, atol=1e-9)
    ratios = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        theirs()
        ratios.append((time.perf_counter() - middle) / (middle - start))
    print(
        f"\npermutation importance: {np.median(ratios):.2f}x scikit-learn's speed "
        f"({min(ratios):.2f} to {max(ratios):.2f} over {ROUNDS} rounds; at least 1.3 is asked)"
    )
    benchmark.pedantic(ours, rounds=1)
