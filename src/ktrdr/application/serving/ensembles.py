"""An ensemble over symbols: the models that a strategy has of many symbols, which predict by their average."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.serving.loading import LoadRequest
from ktrdr.application.serving.opened import OpenedModel, open_model
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.features.contract import compare
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.timeframe import same_length
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.scaling import Scaler, TargetScaler

_MOMENTS = ("fitted_until", "selected_until", "judged_until")
_SMALLEST = float(np.finfo(np.float64).tiny)


class Ensemble(FittedModel):
    """Averages what its members say of the same rows, each after its own scaling.

    Parameters
    ----------
    members : sequence of pair of FittedModel and Inference
        At least one; all of the same columns, window and kind of target.
    is_classification : bool
    """

    def __init__(self, members: Sequence[tuple[FittedModel, Inference]], *, is_classification: bool) -> None:
        self._members = tuple(members)
        first = members[0][0]
        self.feature_ids, self.history, self.window = first.feature_ids, first.history, first.window
        self._is_classification = is_classification

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return the logs of the mean probabilities, shape (n_samples, n_classes), or the mean predictions."""
        outputs = [inference.outputs(model, inputs, ends) for model, inference in self._members]
        mean: NDArray[np.float64] = np.mean(outputs, axis=0)
        return np.log(np.maximum(mean, _SMALLEST)) if self._is_classification else mean

    def state(self) -> Mapping[str, bytes]:
        """Return nothing: an ensemble is put together from stored models, and not stored itself."""
        return {}

    def provenance(self) -> Mapping[str, str]:
        """Return nothing, for the same reason."""
        return {}


def open_ensemble(
    trainer: ModelTrainer, storage: ModelStorage, wanted: LoadRequest
) -> tuple[OpenedModel, tuple[str, ...]]:
    """Return the average of a strategy's symbol models of one timeframe, and their references.

    Of each symbol the newest version counts; with `as_of` the newest that was selected by bars before that moment.

    Raises
    ------
    ModelNotFound
        If there are fewer than two symbols with a model.
    InvalidInput
        If the models differ in features, network window or target, or have learned memberships of their own.
    """
    found = list(_members(storage, wanted))
    if len(found) < 2:
        advice = "train them with --mode multi"
        if wanted.as_of is not None and len(list(_members(storage, replace(wanted, as_of=None)))) > 1:
            advice = f"{'no other' if found else 'none'} was chosen before {wanted.as_of}"
        raise ModelNotFound(
            f"no ensemble of {wanted.strategy!r} on {wanted.timeframe} bars: it takes the models of at least two "
            f"symbols, found {len(found)}; {advice}"
        )
    opened = [open_model(trainer, artifact, version.reference) for version, artifact in found]
    first = opened[0]
    for version, member in zip((version for version, _ in found), opened, strict=True):
        problem = _difference(first, member)
        if problem:
            raise InvalidInput(f"{version.reference} can not be averaged with {found[0][0].reference}: {problem}")
    pairs = [(one.model, read_inference(one.manifest, one.model.feature_ids)) for one in opened]
    model = Ensemble(pairs, is_classification=first.target.is_classification)
    manifests = [one.manifest for one in opened]
    origins = {one.training_symbols[0]: one.data_origins for one in manifests}
    ensemble = replace(first, manifest=_joined(manifests, wanted), model=model, origins=origins)
    return ensemble, tuple(version.reference for version, _ in found)


def _members(storage: ModelStorage, wanted: LoadRequest) -> Iterator[tuple[StoredModel, Artifact]]:
    newest_first = sorted(storage.versions(), key=lambda version: (version.key.stem, -version.number))
    before = None if wanted.as_of is None else read_moment(wanted.as_of)
    done: set[str] = set()
    for version in newest_first:
        key = version.key
        if key.strategy != wanted.strategy or not same_length(key.timeframe, wanted.timeframe) or key.stem in done:
            continue
        artifact = storage.load(version.reference)
        if before is None or read_moment(artifact.manifest.selected_until) < before:
            done.add(key.stem)
            yield version, artifact


def _difference(first: OpenedModel, member: OpenedModel) -> str | None:
    if member.model.tuned:
        return "it has learned memberships of its own"
    if member.model.window != first.model.window or member.target != first.target:
        return "it reads another window, or its classes are others"
    return compare(first.manifest.feature_contract, member.manifest.feature_contract)


def _longest(histories: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Return the most bars that any asks for of each kind; older manifests do not know all kinds."""
    kinds = dict.fromkeys(key for one in histories for key in one)
    return {key: max(one.get(key, 1) for one in histories) for key in kinds}


def _joined(manifests: Sequence[Manifest], wanted: LoadRequest) -> Manifest:
    """Return a manifest that says of the ensemble what those of its members say: of all symbols, up to the latest."""
    first = manifests[0]
    width = len(first.model["input_features"])
    values = None if Target.from_dict(first.target).is_classification else TargetScaler(0.0, 1.0)
    histories = [one.settled_history for one in manifests if one.settled_history is not None]
    moments = {name: max((getattr(one, name) for one in manifests), key=from_iso) for name in _MOMENTS}
    return replace(
        first,
        model_name=f"{ModelKey(wanted.strategy).folder}/ensemble_{wanted.timeframe}",
        symbol=None,
        timeframe=None,
        training_symbols=[symbol for one in manifests for symbol in one.training_symbols],
        data=[item for one in manifests for item in one.data],
        symbols={symbol: profile for one in manifests for symbol, profile in (one.symbols or {}).items()},
        inference=Inference(Scaler(np.zeros(width), np.ones(width)), values).as_dict(),
        settled_history=_longest(histories) if histories else None,
        version=0,
        **moments,
    )
