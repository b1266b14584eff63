"""The symbols of a pool: what is known of each besides its rows, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktrdr.application.preparing.rows import SymbolRows
from ktrdr.application.preparing.settling import Settling
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.bars import DataFingerprint
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.pool.split import PooledSplit


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of one symbol of a pool besides its rows.

    Attributes
    ----------
    facts : SymbolCharacteristics
    loaded : tuple of DataFingerprint
        What was read for it.
    origins : mapping of timeframe to str
        See `MarketData`.
    unlabelled, windowless, unsettled : int
        Rows without a label, without a whole window though with a label, and rows that depend on where the bars begin.
    zero_rows : float
        Share of its rows on which every membership over an unscaled input is 0.
    settling : Settling
    notes : tuple of str
    """

    facts: SymbolCharacteristics
    loaded: tuple[DataFingerprint, ...]
    origins: Mapping[str, str]
    unlabelled: int
    windowless: int
    unsettled: int
    zero_rows: float
    settling: Settling
    notes: tuple[str, ...]

    @classmethod
    def of(cls, rows: SymbolRows, history: SettledHistory, zero_rows: float) -> Member:
        """Return what is to be kept of a symbol whose rows were gathered."""
        matrix, labels, market = rows.matrix, rows.labels, rows.market
        labelled = labels.end_rows[matrix.base_rows] != NO_LABEL
        windowless = 0 if rows.whole is None else int((labelled & ~rows.whole).sum())
        settling = Settling.of(history, market)
        return cls(
            market.characteristics,
            market.loaded,
            dict(market.origins),
            int((~labelled).sum()),
            windowless,
            int((labelled & (matrix.base_rows < settling.first)).sum()),
            zero_rows,
            settling,
            rows.notes,
        )


def own_notes(members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return what is to be said of the symbols, once, with the symbol where the sentence does not name it."""
    about: dict[str, list[str]] = {}
    for symbol, member in members.items():
        for note in member.notes:
            about.setdefault(note, []).append(symbol)
    return tuple(
        note if symbols[0] in note.split() or len(symbols) == len(members) else f"{', '.join(symbols)}: {note}"
        for note, symbols in about.items()
    )


def unsettled_findings(
    pool: Pool, split: PooledSplit, members: Mapping[str, Member]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is to be warned about, and noted, of the rows that each symbol has in the parts."""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for symbol, member in members.items():
        train, test = (pool.base_rows[split.own(pool, symbol, name)] for name in ("train", "test"))
        warned, noted_too = member.settling.findings(train if symbol in split.seen else train[:0], test)
        warnings, notes = (*warnings, *warned), (*notes, *noted_too)
    return warnings, notes
