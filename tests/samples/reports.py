"""Artifacts with everything a report can show, made by the real evaluation of made-up forecasts."""

import json

import numpy as np

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.evaluation.diagnosis import diagnose
from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.training.history import Epoch, TrainingHistory
from samples.evaluations import CLASSES, NUMBERS, dataset, judged, probabilities
from samples.models import manifest

FEATURES = [f"1d_rsi_{name}" for name in ("oversold", "neutral", "overbought")]
SHARES = {"buy": 0.3, "hold": 0.5, "sell": 0.2}
SPLIT = {
    "parts": {
        "train": {"rows": 300, "first": "2019-01-02T21:00:00Z", "last": "2020-03-10T20:00:00Z"},
        "validation": {"rows": 60, "first": "2020-04-01T20:00:00Z", "last": "2020-06-30T20:00:00Z"},
        "test": {"rows": 190, "first": "2020-07-20T20:00:00Z", "last": "2021-05-05T20:00:00Z"},
    },
    "purged": {"train": 12, "validation": 13},
    "embargo_bars": 3,
    "unlabelled": 20,
}


def history(epochs):
    losses = [(1.1 - 0.02 * n, 1.05 - 0.01 * min(n, 5) + 0.004 * max(n - 5, 0)) for n in range(1, epochs + 1)]
    past = [Epoch(n, train, val, 0.45, 1e-3, 0.8) for n, (train, val) in enumerate(losses, start=1)]
    return TrainingHistory(tuple(past), min(epochs, 5), "early_stopping" if epochs > 5 else "all_epochs")


def report_artifact(target=CLASSES, *, epochs=9, importance=None, classes=("buy", "hold", "sell"), **changes):
    """An artifact whose reports are all there; `changes` go to the manifest."""
    rng, test = np.random.default_rng(0), np.arange(310, 500)
    if target is CLASSES:
        rows = dataset(rng.choice(3, 500, p=list(SHARES.values())), np.arange(500) + 5)
        found = judged(rows, np.arange(300), test, probabilities(rng, len(test)), np.random.default_rng(0))
    else:
        rows = dataset(rng.normal(0, 0.02, 500), np.arange(500) + 5, NUMBERS)
        found = judged(rows, np.arange(300), test, 0.5 * rows.labels[test], np.random.default_rng(0))
    past = history(epochs)
    shares = dict.fromkeys(("train", "validation", "test"), SHARES) if target is CLASSES else {}
    seeds = [{"seed": seed, "metrics": found.metrics, "shipped": seed == 7} for seed in (7, 8)]
    diagnosis = [finding.as_dict() for finding in diagnose(Run(past, found, shares, seeds))]
    features = [{"id": name, "mean": 0.03 - 0.02 * n, "std": 0.004} for n, name in enumerate(FEATURES)]
    blobs = {
        "metrics.json": {**found.as_dict(), "diagnosis": diagnosis, "seeds": seeds, "class_shares": shares},
        "feature_importance.json": importance
        or {"features": features, "metric": found.primary, "repeats": 5, "rows": 100, "of_rows": 190},
        "history.json": past.as_dict(),
    }
    contract = [
        {
            "id": name,
            "kind": "membership",
            "indicator": "rsi",
            "parameters": {"period": 14, "source": "close"},
            "output": "",
            "timeframe": "1d",
            "membership": {"type": "triangular", "parameters": [0.0, 20.0, 40.5]},
            "normalization": "none",
            "lag": 2,
        }
        for name in FEATURES
    ]
    values = {
        "resolved_features": list(FEATURES),
        "feature_contract": contract,
        "target": target.as_dict() | {"classes": list(classes) if target is CLASSES else []},
        "split": SPLIT,
        "settings": {
            "training.epochs": {"value": 9, "origin": "command line"},
            "model.architecture.hidden_layers": {"value": [64, 32], "origin": "default"},
        },
    }
    return Artifact(manifest(**values | changes), {name: json.dumps(report).encode() for name, report in blobs.items()})
