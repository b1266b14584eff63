"""What each feature means: the indicator it comes from, and the fuzzy term that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_ids
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.feature_ids import columns


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a feature stands for.

    Attributes
    ----------
    id : str
    indicator : str
        Name in the strategy; of a context feature its kind, such as ``time``; of a catalogue's feature its own.
    source : str
        What it is read off: a fuzzy set, an indicator's output, a context feature.
    term : str
        Such as "rsi is oversold"; the name of what is no membership.
    timeframe : str
        Empty for features of the bars themselves.
    lag : int
    """

    id: str
    indicator: str
    source: str
    term: str
    timeframe: str
    lag: int

    @property
    def text(self) -> str:
        """The term with its timeframe and lag."""
        where = f" on {self.timeframe}" if self.timeframe else ""
        return f"{self.term}{where}" + (f", {self.lag} bars before" if self.lag else "")


def meanings(strategy: Strategy, features: Sequence[Feature]) -> tuple[Meaning, ...]:
    """Return the meaning of each resolved feature of a strategy, in their order."""
    named = _named(strategy)
    return tuple(_meaning(feature, named) for feature in features)


def column_meanings(strategy: Strategy, features: Sequence[Feature]) -> tuple[Meaning, ...]:
    """Return the meaning of each column that a model is given: in place of a learnable set it is the indicator."""
    ids = input_ids(features)
    found: dict[str, Meaning] = {}
    for meaning in meanings(strategy, features):
        column = ids[meaning.id]
        own = column == meaning.id
        term = meaning.term if own else meaning.indicator
        found.setdefault(column, replace(meaning, id=column, term=term))
    return tuple(found.values())


def _named(strategy: Strategy) -> dict[str, tuple[str, str, str, str]]:
    """Return indicator, source, term and timeframe by the id that a feature has without its lag."""
    named = {}
    for entry in strategy.nn_inputs:
        for name, timeframe, membership in columns(entry, strategy.fuzzy_sets):
            if membership is not None:
                indicator = strategy.fuzzy_sets[entry.name].reference.indicator
                named[name] = indicator, entry.name, f"{entry.name} is {membership.name}", timeframe
            elif entry.kind == "catalogue":
                own = name.removeprefix(f"{timeframe}_").removesuffix("_raw")
                named[name] = own, own, own, timeframe
            else:
                indicator = entry.name if entry.reference is None else entry.reference.indicator
                named[name] = indicator, entry.name, entry.name, timeframe
    return named


def _meaning(feature: Feature, named: dict[str, tuple[str, str, str, str]]) -> Meaning:
    stem = feature.id.removesuffix(f"_lag_{feature.lag}") if feature.lag else feature.id
    if stem in named:
        return Meaning(feature.id, *named[stem], feature.lag)
    name = str(feature.context.get("name", stem))
    return Meaning(feature.id, name.partition("_")[0], stem, stem, "", feature.lag)
