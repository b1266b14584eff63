"""Why a model's decisions never did anything: the reason by hand, for each that there can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.documents import small

from ktrdr.domain.decisions.decide import decide
from ktrdr.domain.decisions.run import run
from ktrdr.domain.decisions.silence import silence
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.reading.parse import parse

CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
SPLIT_UP = Target("classification", ("up", "far up", "rest"), ("buy", "buy", "hold"))
RETURN = Target("regression", unit="fraction")


def found(outputs: Any, target: Target, permits: Any = None, **changes: Any) -> str | None:
    settings = replace(parse(small()).decisions, **changes)
    edge = settings.round_trip_cost * settings.min_edge_multiplier
    given = np.array(outputs)
    signals = decide(given, target, confidence_threshold=settings.confidence_threshold, minimum_edge=edge)
    _, decisions = run(signals, np.arange(len(given)), settings, None if permits is None else np.array(permits))
    return silence(given, signals, decisions, target, settings)


def test_a_threshold_that_nothing_reached_is_named_with_the_highest_probability() -> None:
    said = "no probability of buy or sell reached the confidence threshold of 0.5; the highest was "
    assert found([[0.1, 0.5, 0.4], [0.46, 0.3, 0.24]], CLASSES) == said + "0.46"
    assert found([[0.2, 0.9, 0.1], [0.1, 0.61, 0.29]], CLASSES) == said + "0.29"
    assert found([[0.2, 0.2, 0.6], [0.25, 0.2, 0.55]], SPLIT_UP) == said + "0.45"


def test_hold_may_be_as_likely_wherever_the_threshold_is_reached() -> None:
    said = "hold was at least as likely wherever a probability of buy or sell reached the confidence threshold of 0.3"
    assert found([[0.4, 0.4, 0.2], [0.2, 0.41, 0.39]], CLASSES, confidence_threshold=0.3) == said


def test_of_predictions_the_edge_is_named() -> None:
    said = found([0.001, -0.0025, 0.002], RETURN, round_trip_cost=0.002, min_edge_multiplier=2.0)
    assert said == "no prediction went beyond the edge of 0.004 either way; the furthest was -0.0025"


def test_what_refused_the_signals_is_counted() -> None:
    rows = [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [0.1, 0.1, 0.8]]
    said = found(rows, CLASSES, permits=[True, False, True], allow_short_from_flat=False)
    assert said == "every buy and sell was refused: 2 by short_not_allowed, 1 by volume"


@pytest.mark.parametrize(("outputs", "target"), [([[0.6, 0.2, 0.2]], CLASSES), ([0.01], RETURN)])
def test_nothing_is_said_where_something_was_done(outputs: Any, target: Target) -> None:
    assert found(outputs, target) is None
