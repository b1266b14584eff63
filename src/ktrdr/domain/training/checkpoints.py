"""Which fit a kept state belongs to."""

from __future__ import annotations

import hashlib

import numpy as np

from ktrdr.domain.training.model import FitTask


def task_digest(task: FitTask) -> bytes:
    """Return the SHA-256 of all that decides what is fitted, rows included; `FitTask.work` decides nothing."""
    architecture = sorted(task.model.architecture.items())
    said = (task.feature_ids, task.target, task.model.type, architecture, task.settings, task.fuzzify)
    digest = hashlib.sha256(repr((*said, task.steps, task.step) if task.steps else said).encode())
    if task.scaler is not None:
        digest.update(task.scaler.centre.tobytes() + task.scaler.scale.tobytes())
    for name, blob in sorted((task.initial or {}).items()):
        digest.update(f"{name} {len(blob)} ".encode() + blob)
    parts = [
        array
        for rows in (task.train, task.validation)
        for array in (rows.inputs, rows.targets, rows.ends, rows.weights, rows.groups)
    ]
    for array in (task.class_weights, *parts):
        digest.update(b"none " if array is None else f"{array.dtype} {array.shape} ".encode())
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.digest()
