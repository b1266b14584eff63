"""The one way to a stored model: by its name, as the one of a strategy that serves a symbol, or as their average."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from math import log2

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.serving.ensembles import newest_members, open_ensemble
from ktrdr.application.serving.wanted import LoadedModel, LoadRequest
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.fallback import Wanted, choose
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.lookup import location_of, no_such_strategy
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import CorruptArtifact, DataNotFound, InvalidInput, ModelNotFound
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.profile import realised_volatility
from ktrdr.domain.market.timeframe import Timeframe

log = logging.getLogger(__name__)
Until = Callable[[Manifest], int | None]


def find_model(data: DataRepository, storage: ModelStorage, request: LoadRequest) -> LoadedModel:
    """Return the model that a request names, or the one to use among those of the strategy that it names.

    Raises
    ------
    ModelNotFound, CorruptArtifact, DataNotFound, InvalidInput, Unavailable
        See `find_among`.
    """
    is_strategy = "/" not in request.model and any(one.key.strategy == request.model for one in storage.versions())
    if request.chooses or is_strategy:
        return find_among(data, storage, request)
    return find_named(storage, request.model)


def find_named(storage: ModelStorage, model: str) -> LoadedModel:
    """Return the model of a reference or path.

    Raises
    ------
    ModelNotFound, CorruptArtifact
    """
    artifact = storage.load(model)
    manifest = artifact.manifest
    reference, location = manifest.key.reference(manifest.version), location_of(storage.versions(), model, manifest)
    return LoadedModel({reference: artifact}, reference, location, "named", "it was asked for by name")


def find_among(
    data: DataRepository, storage: ModelStorage, request: LoadRequest, seen_until: Until | None = None
) -> LoadedModel:
    """Return what to use of a strategy's models for a symbol: one, see `choose` for the order, or their average.

    Parameters
    ----------
    data : DataRepository
    storage : ModelStorage
    request : LoadRequest
        Of a strategy.
    seen_until : callable, optional
        Returns the moment (UTC nanoseconds) up to which the symbol may be looked at, to be compared with that model's
        symbol. By default `as_of` for every model, and without it all bars.

    Raises
    ------
    DataNotFound
        If nothing is known of the symbol.
    ModelNotFound
        If there is no model for it, or are too few to be averaged; the message lists what was looked for.
    InvalidInput
        If the symbol is not given, or neither is a timeframe that is needed.
    Unavailable
        If bars or models cannot be read.
    """
    if request.symbol is None:
        raise InvalidInput(f"{request.model!r} is a strategy: give a symbol (--symbol), to choose among its models")
    timeframe = timeframe_of(storage, request)
    if request.ensemble:
        return _found_ensemble(storage, request, timeframe)
    instrument = data.characteristics(request.symbol)
    as_of = None if request.as_of is None else read_moment(request.as_of)
    wanted = Wanted(request.model, instrument, timeframe, as_of, request.prefer or "universal")
    read: dict[str, Artifact] = {}

    def manifest_of(version: StoredModel) -> Manifest:
        read.clear()
        read[version.reference] = storage.load(version.reference)
        return read[version.reference].manifest

    @cache
    def volatility(until: int | None) -> float | None:
        return _volatility(data, wanted, until)

    until = seen_until or (lambda _: as_of)
    choice = choose(wanted, storage.versions(), manifest_of, lambda manifest: volatility(until(manifest)))
    reference = choice.stored.reference
    artifact = read.get(reference) or storage.load(reference)
    log.info("model chosen", extra={"model": reference, "reason": choice.reason, "passed_over": choice.passed_over})
    said = choice.kind, choice.reason, choice.passed_over, instrument.inferred
    return LoadedModel({reference: artifact}, reference, choice.stored.location, *said)


def open_model(trainer: ModelTrainer, found: LoadedModel, symbol: str | None = None) -> OpenedModel:
    """Restore what was found, ready to serve; an ensemble needs the symbol.

    Raises
    ------
    CorruptArtifact, Unavailable
        If it can not be restored.
    InvalidInput
        If models can not be averaged, see `open_ensemble`.
    """
    opened = {
        reference: OpenedModel.of(artifact, trainer.restore(artifact), reference, stands_in=found.stands_in)
        for reference, artifact in found.artifacts.items()
    }
    if found.kind != "ensemble":
        return opened[found.reference]
    return open_ensemble(found.reference, opened, str(symbol))


def _found_ensemble(storage: ModelStorage, request: LoadRequest, timeframe: str) -> LoadedModel:
    found = dict(newest_members(storage, request.model, timeframe, request.as_of))
    if len(found) < 2:
        advice = "train them with --mode multi"
        if request.as_of is not None and len(dict(newest_members(storage, request.model, timeframe, None))) > 1:
            advice = f"{'no other' if found else 'none'} was chosen before {request.as_of}"
        raise ModelNotFound(
            f"no ensemble of {request.model!r} on {timeframe} bars: it takes the models of at least two symbols, found "
            f"{len(found)}; {advice}"
        )
    reason = f"the average of {len(found)} models: {', '.join(found)}"
    return LoadedModel(found, f"{ModelKey(request.model).folder}/ensemble_{timeframe}", "", "ensemble", reason)


def timeframe_of(storage: ModelStorage, request: LoadRequest) -> str:
    """Return the timeframe that is wanted, or else that of all the strategy's whole models, spelled like the first.

    Raises
    ------
    ModelNotFound
        If the strategy has no models.
    InvalidInput
        If its models are for bars of different length.
    """
    if request.timeframe is not None:
        return request.timeframe
    strategy = request.model
    versions = storage.versions()
    ours = [version for version in versions if version.key.strategy == strategy]
    if not ours:
        raise no_such_strategy(strategy, versions)
    found = {version.key.timeframe or _timeframe_within(storage, version.reference) for version in ours}
    known = {Timeframe(name).ns: name for name in sorted(filter(None, found), reverse=True)}
    if len(known) != 1:
        names = ", ".join(known[length] for length in sorted(known))
        said = f"are for {names} bars" if known else "do not say for which bars they are"
        raise InvalidInput(f"models of {strategy!r} {said}; give a timeframe (--timeframe)")
    return next(iter(known.values()))


def _timeframe_within(storage: ModelStorage, reference: str) -> str | None:
    """Return the timeframe of a universal model, which stands in its manifest; None for one that cannot be read."""
    try:
        return storage.load(reference).manifest.base_timeframe
    except (CorruptArtifact, ModelNotFound):
        return None


def _volatility(data: DataRepository, wanted: Wanted, until: int | None) -> float | None:
    """Return how volatile the symbol is, by bars known at a moment, of the length nearest to the wanted one."""
    minutes = Timeframe(wanted.timeframe).minutes
    begun = [info for info in data.series(wanted.symbol) if info.rows and (until is None or info.first < until)]
    if not begun:
        return None
    nearest = min((info.timeframe for info in begun), key=lambda one: (abs(log2(one.minutes / minutes)), one))
    try:
        bars = data.load(wanted.symbol, nearest, end=until)
    except DataNotFound:
        return None
    seen = slice(0, None if until is None else int(bars.known_at.searchsorted(until, side="right")))
    return realised_volatility(bars.close[seen], bars.known_at[seen])
