"""The port through which bars are kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.growing import Growth
from ktrdr.domain.market.series import SeriesInfo

Effect = Literal["new", "same", "replaced", "grown"]


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """What keeping a series would come to.

    Attributes
    ----------
    bars : Bars
        Those given, as a repository would load them: with sessions and the moments from which they are known.
    to_keep : Bars
        The same as a store keeps them.
    facts : SymbolCharacteristics
        What is known of the symbol, or was inferred.
    news : SymbolCharacteristics or None
        The facts that were given, where the store has none of the symbol.
    effect : str
        ``new``; ``same``, nothing changes; ``replaced``, other bars are overwritten; ``grown``, others are added to.
    whole : Bars
        The series as it will be loaded then.
    growth : Growth or None
        What is new of it, where it grows.
    """

    bars: Bars
    to_keep: Bars
    facts: SymbolCharacteristics
    news: SymbolCharacteristics | None
    effect: Effect
    whole: Bars
    growth: Growth | None = None


class BarStore(Protocol):
    """A place where checked bars can be put, to be loaded again by a `DataRepository`."""

    @abstractmethod
    def check(
        self,
        bars: Bars,
        facts: SymbolCharacteristics | None = None,
        *,
        replace: bool = False,
        append: bool = False,
        drop_unfinished: bool = False,
    ) -> Planned:
        """Return what `save_all` would come to; nothing is kept.

        Parameters
        ----------
        bars : Bars
            As a source gives them.
        facts : SymbolCharacteristics, optional
            What is known of the symbol elsewhere; counts where the store knows nothing.
        replace, append : bool
            As for `save_all`.
        drop_unfinished : bool
            Whether bars that are not over are left out; they are refused otherwise.

        Raises
        ------
        Conflict
            As `save_all` does.
        InvalidInput
            If the repository of this place would refuse to load what would be kept.
        Unavailable
            If the place cannot be read.
        """

    @abstractmethod
    def save_all(
        self,
        series: Sequence[tuple[Bars, SymbolCharacteristics | None]],
        *,
        replace: bool = False,
        append: bool = False,
    ) -> tuple[SeriesInfo, ...]:
        """Keep series, each all or nothing, and then what is known of their symbols; return what is now there.

        The same bars again change nothing.

        Parameters
        ----------
        series : sequence of (Bars, SymbolCharacteristics or None)
            Bars as `Planned.to_keep` has them.
        replace : bool
            Whether other bars of a series may be overwritten; with `append`, those in the span of the given ones.
        append : bool
            Whether bars of a series that are there stay, and what is new is added to them.

        Raises
        ------
        Conflict
            If other bars of that symbol and timeframe are there, and neither is set; if bars to be added to tell
            history otherwise and `replace` is not set, or have prices that were adjusted otherwise.
        Unavailable
            If the place cannot be written; nothing is left behind.
        """

    def save(
        self,
        bars: Bars,
        characteristics: SymbolCharacteristics | None = None,
        *,
        replace: bool = False,
        append: bool = False,
    ) -> SeriesInfo:
        """Keep one series, see `save_all`."""
        (kept,) = self.save_all([(bars, characteristics)], replace=replace, append=append)
        return kept
