"""A forecast from returns, corrected by a network: two models as one, and one artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.table import TableTrainer
from ktrdr.adapters.models.volatility.link import Link
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.catalogue.models.volatility import member
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.scaling import Scaler
from ktrdr.domain.training.settings import ModelSpec
from ktrdr.domain.training.volatility.fitting import best_scale
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.windows import sample_ends

LINK = "model.safetensors"
BASE, RESIDUAL = "base", "residual"
_OF_RETURNS = 2
"""The last columns, which the base reads; the network reads those before."""


class HybridModel(FittedModel):
    """A base of returns times the exponential of what a network says.

    Parameters
    ----------
    base, residual : FittedModel
    link : Link
    window : int
    """

    def __init__(self, base: FittedModel, residual: FittedModel, link: Link, window: int) -> None:
        self.feature_ids = (*residual.feature_ids, *base.feature_ids)
        self.history = residual.history
        self.window = window
        self.notes = base.notes
        self._base, self._residual, self._link = base, residual, link

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return volatilities in the unit of the returns, shape (n_samples,)."""
        rows = sample_ends(inputs, ends, len(self.feature_ids), self.window)
        returns, features = _parted(inputs)
        return self._link(self._base.predict(returns, rows), self._residual.predict(features, rows))

    def state(self) -> Mapping[str, bytes]:
        """Return what links both as ``model.safetensors``, and their blobs by the names ``base`` and ``residual``."""
        blobs = {LINK: self._link.to_bytes()}
        for name, model in ((BASE, self._base), (RESIDUAL, self._residual)):
            blobs |= {f"{name}.{blob}": content for blob, content in model.state().items()}
        return blobs

    def provenance(self) -> Mapping[str, str]:
        """Return what the bytes of both depend on."""
        return {**self._base.provenance(), **self._residual.provenance()}


class HybridTrainer(ModelTrainer):
    """Fits a base on the train returns, and a network to the log ratio of what followed and its forecast.

    Parameters
    ----------
    device : str, optional
        Where the network is fitted.
    """

    def __init__(self, device: str | None = None) -> None:
        self._members = TableTrainer(device)

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> HybridModel:
        """Return both models, linked; the watch hears of the network's epochs.

        Raises
        ------
        InvalidInput
            If every volatility, or every forecast of the base, is 0.
        """
        if len(task.feature_ids) <= _OF_RETURNS:
            raise InvalidInput("fit: the network of a hybrid needs inputs besides the returns")
        base = self._members.fit(_base_task(task))
        train, validation = (_log_ratios(base, rows, task.model.window) for rows in (task.train, task.validation))
        for name, rows in (("train", train), ("validation", validation)):
            if not len(rows.targets):
                raise InvalidInput(f"fit: {name} has no row whose volatility, and its forecast by the base, is above 0")
        link = Link.of(train.targets.astype(np.float64))
        network = self._members.fit(
            _residual_task(task, link.standardised(train), link.standardised(validation)), watch
        )
        model = HybridModel(base, network, link, task.model.window)
        if task.model.architecture["rescale"] == "validation":
            link = replace(link, factor=_factor(model, task.validation))
            model = HybridModel(base, network, link, task.model.window)
        model.notes = (
            *base.notes,
            f"hybrid: the base's forecasts are corrected, and all rescaled by {link.factor:.4g}",
        )
        return model

    def restore(self, artifact: Artifact) -> HybridModel:
        """Return both stored models, linked."""
        facts = read_model_facts(artifact)
        where = f"{artifact.manifest.model_name}/{LINK}"
        if facts.target.is_classification or len(facts.feature_ids) <= _OF_RETURNS:
            raise CorruptArtifact(f"{where}: forecasts numbers, from inputs, a return and a code")
        if LINK not in artifact.blobs:
            raise CorruptArtifact(f"{where} is missing")
        link = Link.from_bytes(artifact.blobs[LINK], where)
        columns = {BASE: facts.feature_ids[-_OF_RETURNS:], RESIDUAL: facts.feature_ids[:-_OF_RETURNS]}
        base, residual = (
            self._members.restore(_part(artifact, facts.spec, name, ids)) for name, ids in columns.items()
        )
        return HybridModel(base, residual, link, facts.spec.window)


def _spec(spec: ModelSpec, name: str) -> ModelSpec:
    kind, architecture = member(spec.architecture, name)
    return ModelSpec(kind.name, architecture)


def _part(artifact: Artifact, spec: ModelSpec, name: str, ids: tuple[str, ...]) -> Artifact:
    """Return the artifact that one of the two models would have by itself."""
    own = _spec(spec, name)
    model = {"type": own.type, "architecture": dict(own.architecture), "input_features": list(ids)}
    manifest = replace(artifact.manifest, model=model)
    prefix = f"{name}."
    blobs = {blob.removeprefix(prefix): content for blob, content in artifact.blobs.items() if blob.startswith(prefix)}
    kept = {blob: content for blob, content in artifact.blobs.items() if blob == "history.json"}
    return Artifact(manifest, {**kept, **blobs})


def _parted(inputs: Float32s) -> tuple[Float32s, Float32s]:
    return inputs[:, -_OF_RETURNS:], np.ascontiguousarray(inputs[:, :-_OF_RETURNS])


def _base_task(task: FitTask) -> FitTask:
    parts = (replace(rows, inputs=_parted(rows.inputs)[0]) for rows in (task.train, task.validation))
    train, validation = parts
    return replace(
        task,
        train=train,
        validation=validation,
        feature_ids=task.feature_ids[-_OF_RETURNS:],
        model=_spec(task.model, BASE),
        settings=replace(task.settings, loss=member(task.model.architecture, BASE)[0].losses[task.target.kind][0]),
        scaler=None,
    )


def _residual_task(task: FitTask, train: Rows, validation: Rows) -> FitTask:
    scaler = task.scaler
    return replace(
        task,
        train=train,
        validation=validation,
        feature_ids=task.feature_ids[:-_OF_RETURNS],
        model=_spec(task.model, RESIDUAL),
        scaler=None if scaler is None else Scaler(scaler.centre[:-_OF_RETURNS], scaler.scale[:-_OF_RETURNS]),
    )


def _log_ratios(base: FittedModel, rows: Rows, window: int) -> Rows:
    """Return the rows of the network: its inputs, and log ratios as targets, where there are any."""
    ends = _ends(rows, window)
    returns, features = _parted(rows.inputs)
    forecasts, targets = base.predict(returns, ends), rows.targets.astype(np.float64)
    kept = np.flatnonzero((forecasts > 0) & (targets > 0))
    per_sample = {
        name: None if values is None else values[kept]
        for name in ("weights", "groups", "known_at", "label_end", "symbols")
        for values in (getattr(rows, name),)
    }
    ratios = np.log(targets[kept] / forecasts[kept]).astype(np.float32)
    return replace(rows, inputs=features, targets=ratios, ends=ends[kept], **per_sample)


def _ends(rows: Rows, window: int) -> Int64s:
    return sample_ends(rows.inputs, rows.ends, rows.inputs.shape[1], window)


def _factor(model: HybridModel, rows: Rows) -> float:
    """Return the factor that makes QLIKE of some rows smallest."""
    targets: Floats = rows.targets.astype(np.float64)
    weights = np.ones(len(targets)) if rows.weights is None else rows.weights.astype(np.float64)
    return best_scale("qlike", targets, model.predict(rows.inputs, _ends(rows, model.window)), weights)
