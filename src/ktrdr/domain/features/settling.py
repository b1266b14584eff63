"""From which bar on features no longer depend on where the series began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context_data import known_rows
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries

_SESSION, _PUBLISHED = "session", "published"
_IN_WORDS = {"": "", _SESSION: " since a session has begun", _PUBLISHED: " up to a publication"}


@dataclass(frozen=True, slots=True)
class SettledHistory:
    """How many bars a row needs before its features have settled.

    Attributes
    ----------
    bars : mapping of str to int
        Per timeframe, the row's own bar included; ``1d fred/DGS10`` counts the 1d bars from the first publication of
        that series on, and ``1h session`` the 1h bars from the first open or close of a session among them on.
        ``1d published fred/DGS10`` leaves out those before the last that await a publication: averages forget by what
        comes in, and between publications nothing does. The base counts what lags and windows look back on, too.
    base : str
    look_back : int
        Base rows that lags and windows look back on, the row itself excluded.
    """

    bars: Mapping[str, int]
    base: str
    look_back: int = 0

    @classmethod
    def of(cls, features: Sequence[Feature], base: str, window: int = 1) -> SettledHistory:
        """Return the largest settled history of features, by the catalogue's facts.

        Indicators that never settle count until they have their first value.

        Parameters
        ----------
        features : sequence of Feature
        base : str
            Base timeframe.
        window : int
            Rows that a model reads per sample.
        """
        bars: dict[str, int] = {base: 1}
        for feature in features:
            for key, needed in _needed(feature, base):
                bars[key] = max(bars.get(key, 1), needed + 1)
        look_back = max((feature.lag for feature in features), default=0) + window - 1
        bars[base] += look_back
        return cls(bars, base, look_back)

    def first_row(self, bars: Mapping[str, Bars], context: Mapping[str, ContextSeries]) -> int:
        """Return the first base row with enough history; the number of base bars where none has it."""
        return max((self._first_row(key, bars, context) for key in self.bars), default=0)

    def shortage(self, bars: Mapping[str, Bars], context: Mapping[str, ContextSeries]) -> str:
        """Return the bars that there are and those that are needed, for the history that lets one wait longest."""
        key = max(self.bars, key=lambda name: self._first_row(name, bars, context))
        there = len(self._counted(key, bars, context))
        return f"{there} {counted_bars(key)} are fewer than the {self.bars[key]} that its features need to settle"

    def lacking(self, bars: Mapping[str, Bars], context: Mapping[str, ContextSeries]) -> dict[str, int]:
        """Return how many bars are missing before a first row can have settled; only what is short."""
        missing = {key: needed - len(self._counted(key, bars, context)) for key, needed in self.bars.items()}
        return {key: count for key, count in missing.items() if count > 0}

    def _first_row(self, key: str, bars: Mapping[str, Bars], context: Mapping[str, ContextSeries]) -> int:
        own, base = self._counted(key, bars, context), bars[self.base]
        if key == self.base:
            return min(self.bars[key] - 1, len(base))
        if len(own) < self.bars[key]:
            return len(base)
        row = int(np.searchsorted(base.known_at, own.known_at[self.bars[key] - 1]))
        return min(row + self.look_back, len(base))

    def _counted(self, key: str, bars: Mapping[str, Bars], context: Mapping[str, ContextSeries]) -> Bars:
        """Return the bars that a key counts."""
        timeframe, mark, series = _parts(key)
        own = bars[timeframe]
        known = known_rows(context[series], own) if series else None
        if known is not None:
            own = own.take(slice(len(own) - len(known), None))
        if mark == _SESSION:
            begun = np.flatnonzero(np.diff(price_column(own, _SESSION))) + 1
            own = own.take(slice(int(begun[0]) if len(begun) else len(own), None))
        if mark == _PUBLISHED and known is not None:
            waits = np.diff(known, prepend=known[:1]) == 0
            waits[: self.bars[key] - 1] = False
            own = own.take(~(waits & (np.cumsum(~waits) < self.bars[key])))
        return own


def counted_bars(key: str) -> str:
    """Return in words what a key of `SettledHistory.bars` counts."""
    timeframe, mark, series = _parts(key)
    return f"{timeframe} {series}".rstrip() + " bars" + _IN_WORDS[mark]


def is_marked(key: str) -> bool:
    """Return whether a key of `SettledHistory.bars` counts by session or publication, which older manifests do not."""
    return bool(_parts(key)[1])


def never_settling(features: Sequence[Feature]) -> tuple[Source, ...]:
    """Return the sources of the indicators whose values depend on every bar since the first, each once."""
    found = {}
    for feature in features:
        source = feature.source
        if source is not None and INDICATORS[source.indicator].cumulative:
            found[source.timeframe, source.indicator] = source
    return tuple(found.values())


def _needed(feature: Feature, base: str) -> Iterator[tuple[str, int]]:
    """Yield what is counted, and the place (from 0) of the first bar on which the feature has settled."""
    source = feature.source
    if source is None:
        yield base, int(feature.context.get("period", 0))
        return
    spec = INDICATORS[source.indicator]
    settled = spec.settled_bars(source.parameters)
    needed = spec.first_known(source.parameters) if settled is None else settled
    yield _key(source, _SESSION if source.by_session else ""), needed
    if source.data_source and spec.fade(source.parameters):
        yield _key(source, _PUBLISHED), needed


def _key(source: Source, mark: str) -> str:
    return " ".join(filter(None, (source.timeframe, mark, source.data_source)))


def _parts(key: str) -> tuple[str, str, str]:
    """Return timeframe, how its bars are counted, and the series beside the bars."""
    timeframe, _, rest = key.partition(" ")
    first, _, series = rest.partition(" ")
    return (timeframe, first, series) if first in _IN_WORDS else (timeframe, "", rest)
