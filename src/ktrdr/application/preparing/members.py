"""The symbols of a pool: what is known of each besides its rows, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ktrdr.application.preparing.rows import SymbolRows
from ktrdr.application.preparing.settling import Settling
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.market.bars import DataFingerprint
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.inference import guesses_in_one
from ktrdr.domain.market.quality.finding import Finding
from ktrdr.domain.market.quality.judge import pool_findings
from ktrdr.domain.market.quality.limits import QualityLimits
from ktrdr.domain.market.quality.together import PoolSymbol, shows_split
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.training.pool.pool import Pool


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
    rows : mapping of str to int
        base_bars, warmup_rows, unusable_rows, usable_rows; of the latter windowless_rows (with a label, but without a
        whole window), unlabelled_rows, labelled_rows (those to learn from), and of these unsettled_rows, which depend
        on where the bars begin.
    zero_rows : float
        Share of its rows on which every membership over an unscaled input is 0.
    settling : Settling
    notes : tuple of str
    scarcity : str
        See `LabelSet`.
    quality : tuple of Finding
        See `MarketData`.
    span : tuple of int
        Stamps of its first and last base bar (UTC nanoseconds).
    """

    facts: SymbolCharacteristics
    loaded: tuple[DataFingerprint, ...]
    origins: Mapping[str, str]
    rows: Mapping[str, int]
    zero_rows: float
    settling: Settling
    notes: tuple[str, ...]
    scarcity: str = ""
    quality: tuple[Finding, ...] = ()
    span: tuple[int, int] = (0, 0)

    @classmethod
    def of(
        cls, rows: SymbolRows, history: SettledHistory, window: int, zero_rows: float, unbroken: int | None = None
    ) -> Member:
        """Return what is to be kept of a symbol whose rows were gathered for a model that reads such windows."""
        market, settling = rows.market, Settling.of(history, rows.market)
        counts = _counts(rows, settling.first)
        notes = (*rows.notes, *_windowless_note(counts, window, unbroken in {None, window}))
        facts, scarcity = market.characteristics, rows.labels.scarcity
        stamps = market.base_bars.stamps
        return cls(
            facts,
            market.loaded,
            dict(market.origins),
            counts,
            zero_rows,
            settling,
            notes,
            scarcity,
            market.quality,
            (int(stamps[0]), int(stamps[-1])),
        )


def _counts(rows: SymbolRows, first_settled: int) -> dict[str, int]:
    matrix, labelled, learnable = rows.matrix, rows.labelled, rows.learnable
    return {
        "base_bars": len(rows.market.base_bars),
        "warmup_rows": matrix.warmup_rows,
        "unusable_rows": matrix.unusable_rows,
        "usable_rows": len(matrix),
        "windowless_rows": int(np.count_nonzero(labelled & ~learnable)),
        "unlabelled_rows": int(np.count_nonzero(~labelled)),
        "labelled_rows": int(np.count_nonzero(learnable)),
        "unsettled_rows": int(np.count_nonzero(learnable & (matrix.base_rows < first_settled))),
    }


def _windowless_note(rows: Mapping[str, int], window: int, unbroken: bool) -> tuple[str, ...]:
    left_out = rows["windowless_rows"]
    note = (
        f"{left_out:,} of {left_out + rows['labelled_rows']:,} labelled rows are left out: fewer than {window} rows "
        f"stand before them{' without a break' * unbroken}"
    )
    return (note,) if left_out else ()


def own_notes(members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return what is to be said of the symbols, once, with the symbol where the sentence does not name it.

    All that was guessed of them is one sentence.
    """
    about: dict[str, list[str]] = {}
    for symbol, member in members.items():
        for note in member.notes:
            about.setdefault(note, []).append(symbol)
    return guesses_in_one(
        note if symbols[0] in note.split() or len(symbols) == len(members) else f"{', '.join(symbols)}: {note}"
        for note, symbols in about.items()
    )


def own_quality(members: Mapping[str, Member], limits: QualityLimits) -> tuple[Finding, ...]:
    """Return what the rules find in the series of all symbols, each series once, and in the symbols together."""
    pool = {
        symbol: PoolSymbol(
            member.facts.asset_class, member.facts.adjustment, *member.span, split=shows_split(member.quality, symbol)
        )
        for symbol, member in members.items()
    }
    alone = dict.fromkeys(finding for member in members.values() for finding in member.quality)
    return (*alone, *pool_findings(pool, limits))


def scarcities(members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return why bars have no label, see `LabelSet.scarcity`; of several symbols with the symbol."""
    said = {symbol: member.scarcity for symbol, member in members.items() if member.scarcity}
    return tuple(text if len(members) == 1 else f"{symbol}: {text}" for symbol, text in said.items())


def unsettled_findings(
    pool: Pool, split: Parted, members: Mapping[str, Member]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is to be warned about, and noted, of the rows that each symbol has in the parts."""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for place, (symbol, block) in enumerate(pool.blocks.items()):
        train, test = (pool.base_rows[split.of(block, name)] for name in ("train", "test"))
        warned, noted = members[symbol].settling.findings(train if place in split.seen else train[:0], test)
        warnings, notes = (*warnings, *warned), (*notes, *noted)
    return warnings, notes


def fingerprints(members: Mapping[str, Member]) -> list[dict[str, Any]]:
    """Return what was read for all symbols, each series once, as plain values."""
    return [asdict(item) for item in dict.fromkeys(item for member in members.values() for item in member.loaded)]
