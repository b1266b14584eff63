"""Refits without a group of columns: what a model is worth that never had them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.training.fits import watched_fit
from ktrdr.application.training.recording import Runs
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.explaining.grouping import Groups
from ktrdr.domain.evaluation.losses import RowLoss
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import fuzzified, input_ids
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.pool.combining import combine
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.scaling import Scaler


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What refits are made from: rows, parts, strategy, features, and what was fitted beside the model."""

    pool: Pool
    split: Parted
    strategy: Strategy
    features: tuple[Feature, ...]
    inference: Inference
    combination: str = "concatenate"


def drop_column(
    material: Material, groups: Groups, rows: Int64s, loss: RowLoss, trainer: ModelTrainer, runs: Runs
) -> tuple[float, Floats]:
    """Return the mean loss of a refit with everything, and of each row by how much it is higher without each group.

    Parameters
    ----------
    material : Material
    groups : Groups
    rows : ndarray of int64, shape (n_rows,)
        Validation rows.
    loss : RowLoss
    trainer, runs
        Every refit is written down: one, and one for each group.

    Returns
    -------
    float
    ndarray of float64, shape (n_rows, n_groups)
        NaN for a group without which nothing is left.

    Raises
    ------
    InvalidInput
        If the model is made of members, which have columns of their own.
    """
    if model_spec(material.strategy).members:
        raise InvalidInput("drop-column refits one model; this one is made of members with inputs of their own")
    everything = np.arange(len(groups.of_column))
    whole = _losses(material, everything, rows, loss, trainer, runs, "nothing")
    rises = np.full((len(rows), len(groups.names)), np.nan)
    for group, name in enumerate(groups.names):
        kept = np.flatnonzero(groups.of_column != group)
        if len(kept):
            rises[:, group] = _losses(material, kept, rows, loss, trainer, runs, name) - whole
    return float(whole.mean()), rises


def _losses(
    material: Material, kept: Int64s, rows: Int64s, loss: RowLoss, trainer: ModelTrainer, runs: Runs, without: str
) -> Floats:
    task, seed = _task(material, kept), int(material.strategy.training["seed"])
    with runs.begin({"without": without}, seed=seed, role="rival") as run:
        model = watched_fit(trainer, task, run)
        inference = replace(material.inference, scaler=_scaler(material, kept))
        outputs = inference.outputs(model, np.ascontiguousarray(material.pool.values[:, kept]), rows)
        return loss.rows(material.pool.labels_of(rows), outputs)


def _scaler(material: Material, kept: Int64s) -> Scaler:
    scaler = material.inference.scaler
    return Scaler(scaler.centre[kept], scaler.scale[kept])


def _task(material: Material, kept: Int64s) -> FitTask:
    pool, strategy = material.pool, material.strategy
    ids, columns = tuple(pool.ids[column] for column in kept), input_ids(material.features)
    features = tuple(feature for feature in material.features if columns[feature.id] in ids)
    seed = int(strategy.training["seed"])
    combined = combine(material.combination, pool, material.split.train, seed)
    values = np.ascontiguousarray(pool.values[:, kept])

    def rows_of(rows: Int64s) -> Rows:
        targets = material.inference.targets(pool.labels_of(rows))
        moments = pool.known_at[rows], pool.label_end[rows], pool.symbol_of_row[rows]
        return Rows(values, targets, rows, None, None, *moments)

    return FitTask(
        replace(rows_of(combined.rows), weights=combined.weights, groups=combined.groups),
        rows_of(material.split.validation),
        ids,
        pool.target,
        model_spec(strategy),
        training_settings(strategy, seed),
        material.inference.class_weights,
        fuzzified(features),
        scaler=_scaler(material, kept),
    )
