"""Which stored model serves a symbol: one order, as a function of manifests.

Every version is looked at newest first. One that is damaged is passed over and said so: a version before it is whole,
and was good enough until the damaged one came. An exclusion by ``deployment`` holds for older versions, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Literal

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.artifacts.lookup import listed, no_such_strategy
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.serving import is_excluded, is_trained_on, refusal
from ktrdr.domain.artifacts.similarity import bound_to_beginnings, frozen_volatility, likeness, unlikeness
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, ModelNotFound, shown
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.timeframe import same_length

Kind = Literal["universal", "symbol", "similar"]
_ORDERS: dict[str, tuple[Kind, ...]] = {
    "universal": ("universal", "symbol", "similar"),
    "symbol": ("symbol", "universal", "similar"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a model is wanted for.

    Attributes
    ----------
    strategy : str
    instrument : SymbolCharacteristics
        Of the symbol that it shall serve.
    timeframe : str
        Of the rows that it shall serve; a model's base timeframe must be the same.
    as_of : int or None
        Only models whose `selected_until` lies before that moment (UTC nanoseconds); all of them for None.
    prefer : str
        What is looked for first: the ``universal`` model, or the ``symbol``'s own.

    Raises
    ------
    InvalidInput
        If `prefer` is neither.
    """

    strategy: str
    instrument: SymbolCharacteristics
    timeframe: str
    as_of: int | None = None
    prefer: str = "universal"

    def __post_init__(self) -> None:
        if self.prefer not in _ORDERS:
            raise InvalidInput(f"prefer must be {' or '.join(_ORDERS)}, found {shown(self.prefer)}")

    @property
    def symbol(self) -> str:
        """The symbol to serve."""
        return self.instrument.symbol


@dataclass(frozen=True, slots=True)
class Choice:
    """The version that was chosen, which kind of model it is, why, and one sentence per version passed over."""

    stored: StoredModel
    kind: Kind
    reason: str
    passed_over: tuple[str, ...]


def choose(
    wanted: Wanted,
    versions: Iterable[StoredModel],
    manifest_of: Callable[[StoredModel], Manifest],
    volatility: Callable[[Manifest], float | None],
) -> Choice:
    """Return the model to use: a universal one that covers the symbol, the symbol's own, or a similar symbol's.

    The answer does not depend on the order of `versions`. Of each key the newest version that fits is taken.

    Parameters
    ----------
    wanted : Wanted
    versions : iterable of StoredModel
    manifest_of : callable
        Called for as few versions as are needed; may raise `CorruptArtifact` and `ModelNotFound`.
    volatility : callable
        Returns the `realised_volatility` of the wanted symbol, to be compared with that model's; called only if the
        choice depends on it.

    Raises
    ------
    ModelNotFound
        If there is none; the message lists what was looked for and why each version was passed over.
    """
    everything = sorted(versions, key=lambda version: (version.key.stem, -version.number))
    ours = [version for version in everything if version.key.strategy == wanted.strategy]
    if not ours:
        raise no_such_strategy(wanted.strategy, everything)
    search = _Search(wanted, manifest_of, volatility, {})
    for kind in _ORDERS[wanted.prefer]:
        found = search.of_kind(kind, [version for version in ours if _kind(version, wanted) == kind])
        if found is not None:
            stored, reason = found
            return Choice(stored, kind, reason, tuple(search.passed_over.values()))
    raise ModelNotFound(_nothing(wanted, ours, search.passed_over))


def _kind(version: StoredModel, wanted: Wanted) -> Kind:
    if version.key.symbol is None:
        return "universal"
    return "symbol" if same_symbol(version.key.symbol, wanted.symbol) else "similar"


@dataclass(frozen=True, slots=True)
class _Search:
    """One search; `passed_over` gathers a sentence per reference."""

    wanted: Wanted
    manifest_of: Callable[[StoredModel], Manifest]
    volatility: Callable[[Manifest], float | None]
    passed_over: dict[str, str]

    def of_kind(self, kind: Kind, versions: Sequence[StoredModel]) -> tuple[StoredModel, str] | None:
        """Return the version of one kind to use and why, or None."""
        if kind == "similar":
            return self._similar(versions)
        self._name_deleted(versions)
        for version in versions:
            manifest = self._fitting(version)
            if manifest is None:
                continue
            problem = refusal(manifest, self.wanted.instrument) or bound_to_beginnings(manifest, self.wanted.symbol)
            if problem is None:
                return version, _reason(kind, manifest, self.wanted.symbol)
            self._pass_over(version, problem)
            if is_excluded(manifest, self.wanted.symbol):
                return None
        return None

    def _name_deleted(self, versions: Sequence[StoredModel]) -> None:
        """Note each key whose newest version was deleted, since an older one may serve instead."""
        wanted = self.wanted.timeframe
        keys = {one.key for one in versions if one.key.timeframe is None or same_length(one.key.timeframe, wanted)}
        known = {version.key for version in versions if version.is_latest}
        for latest in sorted(key.reference(None) for key in keys - known):
            self.passed_over[latest] = f"{latest} was deleted"

    def _fitting(self, version: StoredModel) -> Manifest | None:
        """Return a version's manifest if it is whole, of the right timeframe and old enough."""
        found = self._read(version)
        if isinstance(found, Manifest):
            return found
        self._pass_over(version, found)
        return None

    def _read(self, version: StoredModel) -> Manifest | str:
        wanted, timeframe = self.wanted, version.key.timeframe
        if timeframe is not None and not same_length(timeframe, wanted.timeframe):
            return f"is for {timeframe} bars"
        try:
            manifest = self.manifest_of(version)
        except CorruptArtifact as error:
            return f"is damaged ({error})"
        except ModelNotFound:
            return "was deleted a moment ago"
        if not same_length(manifest.base_timeframe, wanted.timeframe):
            return f"is for {manifest.base_timeframe or 'unknown'} bars"
        if wanted.as_of is not None and read_moment(manifest.selected_until) >= wanted.as_of:
            return f"was chosen by bars up to {manifest.selected_until}"
        return manifest

    def _similar(self, versions: Sequence[StoredModel]) -> tuple[StoredModel, str] | None:
        """Return the model whose symbol is most like the wanted one; for each key its newest version speaks."""
        self._name_deleted(versions)
        wanted, newest = self.wanted, dict[str, tuple[StoredModel, Manifest]]()
        for version in versions:
            if version.key.stem not in newest and (manifest := self._fitting(version)) is not None:
                newest[version.key.stem] = version, manifest
        alike: dict[str, float] = {}
        for stem, (version, manifest) in newest.items():
            problem = refusal(manifest, wanted.instrument, stands_in=True) or unlikeness(
                manifest, wanted.instrument.asset_class
            )
            if problem:
                self._pass_over(version, problem)
            else:
                alike[stem] = frozen_volatility(manifest)
        own = {stem: found for stem in alike if (found := self.volatility(newest[stem][1]))}
        for stem in alike.keys() - own.keys():
            self._pass_over(newest[stem][0], f"cannot be compared: the volatility of {wanted.symbol} is not known")
        if not own:
            return None
        nearest = min(own, key=lambda stem: (abs(log(alike[stem] / own[stem])), stem))
        version, manifest = newest[nearest]
        return version, likeness(manifest, wanted.symbol, own[nearest])

    def _pass_over(self, version: StoredModel, why: str) -> None:
        self.passed_over[version.reference] = f"{version.reference} {why}"


def _reason(kind: Kind, manifest: Manifest, symbol: str) -> str:
    if kind == "symbol":
        return f"the model of {symbol} itself"
    if is_trained_on(manifest, symbol):
        return f"universal, and {symbol} is among the symbols that it was trained on"
    return f"universal, and its deployment allows {symbol}, which it was not trained on"


def _nothing(wanted: Wanted, ours: Sequence[StoredModel], passed_over: dict[str, str]) -> str:
    titles = {"universal": "a universal model", "symbol": "its own model", "similar": "a similar symbol's model"}
    parts = []
    for kind in _ORDERS[wanted.prefer]:
        said = [passed_over[v.reference] for v in ours if _kind(v, wanted) == kind and v.reference in passed_over]
        parts.append(f"{titles[kind]} ({listed(said, '; ') if said else 'there is none'})")
    before = "" if wanted.as_of is None else f", chosen before {iso(wanted.as_of)}"
    return (
        f"no model of {wanted.strategy!r} serves {wanted.symbol} {wanted.timeframe}{before}; looked for, in this "
        f"order: {', '.join(parts)}"
    )
