"""What is known of the symbols of a pool, and which of their rows depend on where the bars begin."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from samples.features import random_bars
from samples.pools import CLASSES, clock, pool_of
from samples.splits import pooled_split

from ktrdr.application.preparing.members import Member, own_notes, unsettled_findings
from ktrdr.application.preparing.rows import SymbolRows
from ktrdr.application.preparing.settling import Settling
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet

BARS = random_bars(10)
BASE_ROWS = np.array([2, 3, 4, 6, 7, 8])
ENDS = np.array([1, 2, 3, NO_LABEL, 5, 6, 7, 8, NO_LABEL, NO_LABEL])
"""Of the rows of the matrix, those of the bars 3 and 8 have no label."""


def gathered(whole: list[bool] | None = None) -> SymbolRows:
    matrix = FeatureMatrix(
        np.zeros((6, 1), np.float32), ("f",), BASE_ROWS, BARS.stamps[BASE_ROWS], BARS.known_at[BASE_ROWS]
    )
    labels = LabelSet(np.zeros(10, dtype=np.int64), ENDS, CLASSES)
    market: Any = SimpleNamespace(
        base_bars=BARS,
        quality=(),
        bars={"5m": BARS},
        context={},
        base="5m",
        characteristics="facts",
        loaded=(),
        origins={"5m": "native"},
    )
    return SymbolRows(market, (), (), matrix, labels, None if whole is None else np.array(whole), ("a note",))


def settled_from(first: int) -> Any:
    return SimpleNamespace(first_row=lambda *_: first, lacking=lambda *_: {"1h": 1200})


@pytest.mark.parametrize(
    ("first", "unsettled"), [(0, 0), (2, 0), (3, 1), (4, 1), (5, 2), (6, 2), (7, 3), (8, 4), (9, 4), (10, 4)]
)
def test_labelled_rows_before_the_first_settled_bar_are_unsettled(first: int, unsettled: int) -> None:
    found = Member.of(gathered(), settled_from(first), 1, 0.25)
    counts = [found.rows[f"{name}_rows"] for name in ("unlabelled", "windowless", "unsettled")]
    assert (counts, found.zero_rows) == ([2, 0, unsettled], 0.25)
    assert (found.facts, found.loaded, found.origins, found.notes) == ("facts", (), {"5m": "native"}, ("a note",))


def test_only_labelled_rows_count_as_windowless() -> None:
    found = Member.of(gathered([False, False, False, True, True, False]), settled_from(0), 4, 0.0)
    assert {name: found.rows[name] for name in ("usable_rows", "unlabelled_rows", "windowless_rows")} == {
        "usable_rows": 6,
        "unlabelled_rows": 2,
        "windowless_rows": 2,
    }
    assert found.rows["labelled_rows"] == 2
    assert "2 of 4 labelled rows are left out: fewer than 4 rows stand before them without a break" in found.notes


def test_only_rows_to_learn_from_count_as_unsettled() -> None:
    found = Member.of(gathered([False, False, False, True, True, False]), settled_from(7), 4, 0.0)
    assert found.rows["unsettled_rows"] == 1


@pytest.mark.parametrize(
    ("first", "outlook"),
    [(9, ""), (10, "; the model can serve it only with 1,200 more 1h bars"), (11, "; the model can serve it")],
)
def test_the_outlook_is_said_where_no_bar_has_settled(first: int, outlook: str) -> None:
    found = Settling.of(settled_from(first), gathered().market)
    assert (found.series, found.first) == (f"{BARS.symbol} 5m", first)
    assert found.outlook.startswith(outlook)
    assert bool(found.outlook) == bool(outlook)


def test_the_outlook_where_no_more_bars_would_do() -> None:
    never: Any = SimpleNamespace(first_row=lambda *_: 10, lacking=lambda *_: {})
    assert Settling.of(never, gathered().market).outlook == "; the model can not serve it yet"


@pytest.mark.parametrize(
    ("first", "warned", "noted"),
    [
        (2, "", ""),
        (3, "", ""),
        (4, "", "3 of 4 train rows"),
        (9, "", "4 of 4 train rows"),
        (10, "4 of 4 train rows and all test rows", ""),
    ],
)
def test_findings_at_their_boundaries(first: int, warned: str, noted: str) -> None:
    """Half of the train rows are not worth a note; a test row on the first settled bar has settled."""
    found = Settling("X 5m", first, "").findings(np.array([1, 2, 3, 4]), np.array([8, 9]))
    sentences = [f"X 5m: {rows} depend on where the bars begin" if rows else "" for rows in (warned, noted)]
    assert found == tuple((sentence,) if sentence else () for sentence in sentences)


def test_findings_of_a_symbol_that_is_not_trained_on() -> None:
    nothing = np.array([], dtype=np.int64)
    late, early = Settling("X 5m", 9, "; more"), Settling("X 5m", 8, "")
    assert late.findings(nothing, np.array([8])) == (("X 5m: all test rows depend on where the bars begin; more",), ())
    assert early.findings(nothing, np.array([8])) == ((), ())
    assert late.findings(nothing, nothing) == ((), ())


def member(**changes: Any) -> Member:
    return replace(Member.of(gathered(), settled_from(0), 1, 0.0), **changes)


def test_a_note_is_said_once_with_the_symbols_that_it_is_about() -> None:
    members = {
        "AB": member(notes=("AB is thin", "gaps", "all alike", "ABC is not AB")),
        "B": member(notes=("gaps", "all alike")),
        "C": member(notes=("all alike", "one wick", "ABC stands by itself")),
    }
    assert own_notes(members) == (
        *("AB is thin", "AB, B: gaps", "all alike", "ABC is not AB"),
        *("C: one wick", "C: ABC stands by itself"),
    )


def test_rows_of_a_held_out_symbol_are_none_that_the_model_is_trained_on() -> None:
    pool = pool_of({"A": clock(100), "B": clock(100)}, spans=1)
    split = pooled_split(pool, (0.6, 0.2, 0.2), held_out=("B",))
    train = split.counts(pool.blocks)["A"]["train"]
    assert split.seen == (0,)
    members = {name: member(settling=Settling(f"{name} 1m", train, "")) for name in ("A", "B")}
    said = f"A 1m: {train} of {train} train rows depend on where the bars begin"
    assert unsettled_findings(pool, split, members) == ((), (said,))
    never = {name: member(settling=Settling(f"{name} 1m", 100, "")) for name in ("A", "B")}
    assert unsettled_findings(pool, split, never) == (
        (
            f"A 1m: {train} of {train} train rows and all test rows depend on where the bars begin",
            "B 1m: all test rows depend on where the bars begin",
        ),
        (),
    )
