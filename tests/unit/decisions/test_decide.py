import numpy as np
import pytest

from ktrdr.domain.decisions.decide import decide
from ktrdr.domain.labels.labelset import Target

TRADE = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))


def test_the_likeliest_class_asks_for_its_action_if_it_is_probable_enough():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.45, 0.2, 0.35], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]])
    signals = decide(probabilities, TRADE, confidence_threshold=0.5)
    assert signals.actions.tolist() == ["buy", "hold", "hold", "sell"]
    assert signals.wanted.tolist() == ["buy", "buy", "hold", "sell"]
    assert signals.confidence.tolist() == [0.7, 0.45, 0.8, 0.5]
    assert decide(probabilities, TRADE, confidence_threshold=0.0).actions.tolist() == ["buy", "buy", "hold", "sell"]


def test_a_tie_is_no_reason_to_trade():
    assert decide(np.full((1, 3), 1 / 3), TRADE, confidence_threshold=0.0).actions.tolist() == ["hold"]


def test_classes_that_ask_for_the_same_add_up():
    target = Target("classification", ("a", "b", "c", "d"), ("sell", "hold", "buy", "buy"))
    signals = decide(np.array([[0.1, 0.35, 0.3, 0.25], [0.1, 0.5, 0.2, 0.2]]), target)
    assert signals.actions.tolist() == ["buy", "hold"]
    assert signals.confidence == pytest.approx([0.55, 0.5])


def test_a_target_that_says_nothing_about_trading_gives_none():
    target = Target("classification", ("calm", "wild"), ("none", "none"))
    assert decide(np.array([[0.6, 0.4], [0.2, 0.8]]), target, confidence_threshold=0.9).actions.tolist() == ["none"] * 2


def test_a_regression_trades_only_beyond_the_edge():
    target = Target("regression", unit="fraction")
    signals = decide(np.array([0.004, 0.003, -0.003, -0.0031, 0.0]), target, minimum_edge=0.001 * 3)
    assert signals.actions.tolist() == ["buy", "hold", "hold", "sell", "hold"]
    assert signals.wanted.tolist() == ["buy", "buy", "sell", "sell", "hold"]
    assert signals.confidence is None


def test_a_number_that_is_no_return_asks_for_no_trade():
    target = Target("regression", (), ("none",), unit="log return per bar")
    signals = decide(np.array([0.4, -0.4]), target)
    assert signals.actions.tolist() == signals.wanted.tolist() == ["none", "none"]


@pytest.mark.parametrize(("outputs", "target"), [(np.empty((0, 3)), TRADE), (np.empty(0), Target("regression"))])
def test_no_rows_no_signals(outputs, target):
    assert decide(outputs, target).actions.tolist() == []


def test_a_row_alone_decides_as_it_does_in_a_batch():
    generator = np.random.default_rng(0)
    target = Target("classification", tuple("abcdef"), ("buy", "sell", "buy", "sell", "buy", "hold"))
    probabilities = generator.dirichlet(np.ones(6), 500)
    together = decide(probabilities, target, confidence_threshold=0.55)
    alone = [decide(row[np.newaxis], target, confidence_threshold=0.55) for row in probabilities]
    assert together.actions.tolist() == [signals.actions[0] for signals in alone]
    assert together.confidence.tolist() == [signals.confidence[0] for signals in alone]
