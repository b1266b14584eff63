"""An ensemble over symbols: the models that a strategy has of many symbols, which predict by their average."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.contract import compare
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.timeframe import same_length
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.scaling import Scaler, TargetScaler

_MOMENTS = ("fitted_until", "selected_until", "judged_until")
_SECTIONS = ("deployment", "context_data")
"""What a strategy says, besides its features, of how a model serves."""
_SERIES = ("timeframes", "extended_hours")
"""What the training data say of the bars that features are computed on."""
_SMALLEST = float(np.finfo(np.float64).tiny)


class Ensemble(FittedModel):
    """Averages what its members say of the same rows, each after its own scaling.

    Parameters
    ----------
    members : sequence of OpenedModel
        At least one; all of the same columns, window and kind of target.
    """

    def __init__(self, members: Sequence[OpenedModel]) -> None:
        self._members = tuple(members)
        first = members[0].model
        self.feature_ids, self.history, self.window = first.feature_ids, first.history, first.window

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> Floats:
        """Return the logs of the mean probabilities, shape (n_samples, n_classes), or the mean predictions.

        Members are added one after the other: a sum over an axis groups them by how many rows there are.
        """
        total, *others = (member.outputs(inputs, ends) for member in self._members)
        for outputs in others:
            total = total + outputs
        mean = total / len(self._members)
        is_classification = self._members[0].target.is_classification
        return np.log(np.maximum(mean, _SMALLEST)) if is_classification else mean

    def state(self) -> Mapping[str, bytes]:
        """Return nothing: an ensemble is put together from stored models, and not stored itself."""
        return {}

    def provenance(self) -> Mapping[str, str]:
        """Return nothing, for the same reason."""
        return {}


def newest_members(
    storage: ModelStorage, strategy: str, timeframe: str, as_of: str | None
) -> Iterator[tuple[str, Artifact]]:
    """Yield reference and artifact of the newest version of each symbol; with `as_of` of those chosen before it."""
    before = None if as_of is None else read_moment(as_of)
    done: set[str] = set()
    for version in sorted(storage.versions(), key=lambda version: (version.key.stem, -version.number)):
        key = version.key
        if key.strategy != strategy or not same_length(key.timeframe, timeframe) or key.stem in done:
            continue
        artifact = storage.load(version.reference)
        if before is None or read_moment(artifact.manifest.selected_until) < before:
            done.add(key.stem)
            yield version.reference, artifact


def open_ensemble(name: str, members: Mapping[str, OpenedModel], symbol: str) -> OpenedModel:
    """Return the average of opened models by their references, under a name of its own, as it serves a symbol.

    What it decides of its outputs is what the symbol's own model would, or what all of them would.

    Raises
    ------
    InvalidInput
        If the models differ in features, network window or target, in what their strategies say of how they serve, or
        have learned memberships of their own.
    """
    (one, first), *_ = members.items()
    own = next((member for member in members.values() if same_symbol(member.only_symbol, symbol)), None)
    for reference, member in members.items():
        problem = _difference(first, member) or _other_strategy(first, member, () if own else ("decisions",))
        if problem:
            raise InvalidInput(f"{reference} can not be averaged with {one}: {problem}")
    manifest, model = _joined(name, own or first, [*members.values()]), Ensemble([*members.values()])
    opened = OpenedModel.of(Artifact(manifest, {}), model, name)
    inference = replace(opened.inference, model_name=name)
    return replace(
        opened, inference=inference, origins={each.only_symbol: each.manifest.data_origins for each in members.values()}
    )


def _difference(first: OpenedModel, member: OpenedModel) -> str | None:
    if member.model.tuned:
        return "it has learned memberships of its own"
    windows = {(one.model.window, one.spec.unbroken, one.spec.break_at_session) for one in (first, member)}
    if len(windows) > 1 or member.target != first.target:
        return "it reads another window, or its classes are others"
    return compare(first.manifest.feature_contract, member.manifest.feature_contract)


def _other_strategy(first: OpenedModel, member: OpenedModel, more: tuple[str, ...]) -> str | None:
    """Say what their strategies say otherwise of how a model serves, besides its features."""
    one, other = first.manifest.strategy, member.manifest.strategy
    names = [name for name in (*_SECTIONS, *more) if one.get(name) != other.get(name)]
    bars = first.strategy.training_data, member.strategy.training_data
    names += [f"training_data.{name}" for name in _SERIES if getattr(bars[0], name) != getattr(bars[1], name)]
    return f"its strategy says otherwise: {', '.join(names)}" if names else None


def _joined(name: str, lead: OpenedModel, members: Sequence[OpenedModel]) -> Manifest:
    """Return a manifest that says of the ensemble what those of its members say: of all symbols, up to the latest.

    Its seal is made of those of its members, so that what was saved of one ensemble fits no other.
    """
    manifests, width = [one.manifest for one in members], len(lead.model.feature_ids)
    values = None if lead.target.is_classification else TargetScaler(0.0, 1.0)
    histories = [one.settled_history for one in manifests if one.settled_history is not None]
    moments = {name: max((getattr(one, name) for one in manifests), key=from_iso) for name in _MOMENTS}
    seals = "".join(one.manifest_sha256 for one in manifests)
    return replace(
        lead.manifest,
        model_name=name,
        symbol=None,
        timeframe=None,
        training_symbols=[one.only_symbol for one in members],
        data=[item for one in manifests for item in one.data],
        symbols={symbol: profile for one in manifests for symbol, profile in (one.symbols or {}).items()},
        inference=Inference(Scaler(np.zeros(width), np.ones(width)), values).as_dict(),
        settled_history=_longest(histories) if histories else None,
        version=0,
        manifest_sha256=hashlib.sha256(seals.encode()).hexdigest(),
        **moments,
    )


def _longest(histories: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Return the most bars that any asks for of each kind; older manifests do not know all kinds."""
    kinds = dict.fromkeys(key for one in histories for key in one)
    return {key: max(one.get(key, 1) for one in histories) for key in kinds}
