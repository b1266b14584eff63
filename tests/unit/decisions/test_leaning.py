"""What a model decides at each row, and what it leans to where it always decides the same."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.decisions.leaning import leaning
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.document import Decisions

TRADES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
STATES = Target("classification", ("calm", "wild"), ("none", "none"))
NUMBERS = Target("regression", (), ("none",), unit="fraction")
ALL = np.ones(3, dtype=bool)


def decided(outputs, target, seen=ALL, **settings):
    found = leaning(np.array(outputs), seen, target, Decisions(target.kind, **settings))
    return [found.names[place] for place in found.decisions], found.notes


def test_decisions_are_those_of_the_threshold():
    outputs = [[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.1, 0.2, 0.7]]
    assert decided(outputs, TRADES, confidence_threshold=0.5) == (["buy", "hold", "sell"], ())


def test_where_the_threshold_turns_all_to_hold_the_wish_counts():
    wishes, (note,) = decided([[0.4, 0.3, 0.3], [0.3, 0.3, 0.4], [0.3, 0.4, 0.3]], TRADES, confidence_threshold=0.9)
    assert wishes == ["buy", "sell", "hold"]
    assert note == "the model decides hold on every row; the rules say what it leans to"


def test_where_every_row_is_wished_alike_the_mean_of_the_seen_rows_tells():
    outputs = [[0.1, 0.6, 0.3], [0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]
    seen = np.array([True, True, False])  # means 0.2, 0.6, 0.2
    leans, (note,) = decided(outputs, TRADES, seen, confidence_threshold=0.5)
    assert leans == ["sell", "buy", "buy"]
    assert note.startswith("the model says hold on every train and validation row")


def test_classes_that_ask_for_no_trade_are_named_themselves():
    assert decided([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], STATES) == (["calm", "wild", "calm"], ())


def test_predictions_fall_into_thirds_of_the_seen_rows():
    seen = np.arange(10) < 9
    names, (note,) = decided(np.append(np.arange(9.0), 100.0), NUMBERS, seen)
    assert names == ["low"] * 3 + ["middle"] * 3 + ["high"] * 4
    assert "2.667" in note
    assert "5.333" in note


def test_a_model_that_never_changes_has_nothing_to_find():
    assert decided([[0.9, 0.1]] * 3, STATES)[1] == ("the model says the same on every row: there is no rule to find",)
