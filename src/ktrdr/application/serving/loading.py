"""Loading with fallback, shared by the use cases that need a model for a symbol."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from math import log2
from pathlib import PurePath
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.domain.artifacts.artifact import Artifact, StoredModel
from ktrdr.domain.artifacts.fallback import Kind, Wanted, choose
from ktrdr.domain.artifacts.lookup import no_such_strategy
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import CorruptArtifact, DataNotFound, InvalidInput, ModelNotFound
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.profile import realised_volatility
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

log = logging.getLogger(__name__)
Until = Callable[[Manifest], int | None]


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """For which symbol and timeframe a strategy's model is wanted.

    Attributes
    ----------
    strategy : str
        Name of the strategy.
    symbol, timeframe : str
        What the model shall serve.
    as_of : str or None
        A date or moment in ISO 8601: only models whose `selected_until` lies before it.
    prefer : str
        What is looked for first: the ``universal`` model, or the ``symbol``'s own.

    Raises
    ------
    InvalidInput
        If symbol, timeframe or moment are not spelled as they must be.
    """

    strategy: str
    symbol: str
    timeframe: str
    as_of: str | None = None
    prefer: str = "universal"

    def __post_init__(self) -> None:
        Symbol(self.symbol)
        Timeframe(self.timeframe)
        if self.as_of is not None:
            read_moment(self.as_of)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model, and why it is this one.

    Attributes
    ----------
    artifact : Artifact
    reference : str
        ``strategy/key_vN``.
    location : str
        A path or URI to show to people.
    kind : str
        ``universal``, ``symbol`` (its own) or ``similar`` (a similar symbol's).
    reason : str
    passed_over : tuple of str
        One sentence per version that was looked at before.
    inferred : tuple of str
        One sentence per fact of the symbol that was guessed, on which the choice may rest.
    """

    artifact: Artifact
    reference: str
    location: str
    kind: Kind
    reason: str
    passed_over: tuple[str, ...]
    inferred: tuple[str, ...] = ()

    @property
    def stands_in(self) -> bool:
        """Whether it is the model of another symbol."""
        return self.kind == "similar"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "reference": self.reference,
            "kind": self.kind,
            "reason": self.reason,
            "path": self.location,
            "trained_on": self.artifact.manifest.training_symbols,
            "selected_until": self.artifact.manifest.selected_until,
            "passed_over": list(self.passed_over),
            "inferred": list(self.inferred),
        }

    @property
    def sentences(self) -> tuple[str, ...]:
        """What should be said aloud: the choice, its reason, what was passed over, and what was guessed."""
        passed_over = (f"passed over: {said}" for said in self.passed_over)
        return (f"{self.reference} is used: {self.reason}", *passed_over, *self.inferred)


def load_with_fallback(
    data: DataRepository, storage: ModelStorage, request: LoadRequest, seen_until: Until | None = None
) -> LoadedModel:
    """Return the strategy's model for a symbol; see `choose` for the order.

    Parameters
    ----------
    data : DataRepository
    storage : ModelStorage
    request : LoadRequest
    seen_until : callable, optional
        Returns the moment (UTC nanoseconds) up to which the symbol may be looked at, to be compared with that model's
        symbol. By default `as_of` for every model, and without it all bars.

    Raises
    ------
    DataNotFound
        If nothing is known of the symbol.
    ModelNotFound
        If there is no model for it; the message lists what was looked for.
    Unavailable
        If bars or models cannot be read.
    """
    as_of = None if request.as_of is None else read_moment(request.as_of)
    instrument = data.characteristics(request.symbol)
    wanted = Wanted(request.strategy, instrument, request.timeframe, as_of, request.prefer)
    read: dict[str, Artifact] = {}

    def manifest_of(version: StoredModel) -> Manifest:
        read.clear()
        read[version.reference] = storage.load(version.reference)
        return read[version.reference].manifest

    @cache
    def volatility(until: int | None) -> float | None:
        return _volatility(data, request, until)

    until = seen_until or (lambda _: as_of)
    choice = choose(wanted, storage.versions(), manifest_of, lambda manifest: volatility(until(manifest)))
    reference = choice.stored.reference
    artifact = read.get(reference) or storage.load(reference)
    log.info("model chosen", extra={"model": reference, "reason": choice.reason, "passed_over": choice.passed_over})
    said = choice.kind, choice.reason, choice.passed_over, instrument.inferred
    return LoadedModel(artifact, reference, choice.stored.location, *said)


def is_strategy(storage: ModelStorage, name: str) -> bool:
    """Return whether there are models of a strategy of that name, so that it is no reference and no path."""
    return "/" not in name and any(version.key.strategy == name for version in storage.versions())


def only_timeframe(storage: ModelStorage, strategy: str) -> str:
    """Return the timeframe of all the strategy's models that are whole, of several spellings the first.

    Raises
    ------
    ModelNotFound
        If the strategy has no models.
    InvalidInput
        If its models are for bars of different length.
    """
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


def location_of(versions: Iterable[StoredModel], model: str, manifest: Manifest) -> str:
    """Return where a version lies itself, for a reference or path of it or of ``latest``, which moves on."""
    reference, latest = (manifest.key.reference(number) for number in (manifest.version, None))
    if model in {reference, latest}:
        return next((item.location for item in versions if item.reference == reference), model)
    path = PurePath(model)
    return str(path.with_name(manifest.key.name(manifest.version)) if path.name == manifest.key.name(None) else path)


def _timeframe_within(storage: ModelStorage, reference: str) -> str | None:
    """Return the timeframe of a universal model, which stands in its manifest; None for one that cannot be read."""
    try:
        return storage.load(reference).manifest.base_timeframe
    except (CorruptArtifact, ModelNotFound):
        return None


def _volatility(data: DataRepository, request: LoadRequest, until: int | None) -> float | None:
    """Return how volatile the symbol is, by bars known at a moment, of the length nearest to the wanted one."""
    minutes = Timeframe(request.timeframe).minutes
    begun = [info for info in data.series(request.symbol) if info.rows and (until is None or info.first < until)]
    if not begun:
        return None
    nearest = min((info.timeframe for info in begun), key=lambda one: (abs(log2(one.minutes / minutes)), one))
    try:
        bars = data.load(request.symbol, nearest, end=until)
    except DataNotFound:
        return None
    seen = slice(0, None if until is None else int(bars.known_at.searchsorted(until, side="right")))
    return realised_volatility(bars.close[seen], bars.known_at[seen])
