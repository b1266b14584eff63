"""Too good to be true: what is believable of each kind of label, and what is said of what is not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from samples.evaluations import NUMBERS, dataset
from samples.evaluations import judged as evaluated

from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.ceilings import KINDS, Ceiling, ceiling_of
from ktrdr.domain.evaluation.losses import ROW_LOSSES
from ktrdr.domain.evaluation.suspicion import Carrier, association, carrier_of
from ktrdr.domain.market.timeframe import Timeframe

DAY, TRAIN, TEST = Timeframe("1d"), np.arange(300), np.arange(310, 700)
CEILING = Ceiling(0.2, "a direction 1 bar ahead", "a source")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def rows(seed: int = 4):
    return dataset(np.random.default_rng(seed).choice(3, 700, p=[0.3, 0.5, 0.2]), np.arange(700) + 1)


def forecasts(labels, skill: float):
    """Probabilities that give this much to what happens."""
    return skill * np.eye(3)[labels] + (1 - skill) / 3


def judged(outputs, ceiling=CEILING, data=None, primary=None, test=TEST):
    return evaluated(data or rows(), TRAIN, test, outputs, rng(), primary, ceiling).verdict


def test_every_label_has_a_ceiling_with_a_reason_and_farther_is_not_harder():
    assert set(KINDS) == {spec.key for variants in LABELS.values() for spec in variants}
    for kind in KINDS.values():
        shares = [share for _, share in kind.steps]
        assert shares == sorted(shares)
        assert all(0 < share < 1 for share in shares)
        assert kind.why


@pytest.mark.parametrize(
    ("source", "parameters", "timeframe", "share", "target"),
    [
        ("direction", {}, "1d", 0.15, "a direction 1 bar ahead"),
        ("direction", {"horizon": 6}, "1d", 0.2, "a direction 6 bars ahead"),
        ("forward_return", {"horizon": 1}, "1d", 0.1, "a return 1 bar ahead"),
        ("forward_return", {"horizon": 1}, "5m", 0.25, "a return over bars of less than an hour 1 bar ahead"),
        ("forward_return", {"horizon": 1}, "1h", 0.1, "a return 1 bar ahead"),
        ("forward_return", {"horizon": 5000}, "5m", 0.4, "a return 5000 bars ahead"),
        ("volatility", {}, "1d", 0.7, "a volatility 20 bars ahead"),
        ("zigzag", {"method": "segments"}, "1d", 0.65, "the leg of a zigzag"),
        ("zigzag", {}, "1d", 0.35, "the largest move 20 bars ahead"),
        ("regime", {}, "1d", 0.65, "a regime"),
    ],
)
def test_ceilings(source, parameters, timeframe, share, target):
    found = ceiling_of(source, parameters, Timeframe(timeframe))
    assert (found.share, found.target) == (share, target)


def test_an_unknown_label_has_none():
    with pytest.raises(InvalidInput, match="did you mean 'direction'"):
        ceiling_of("directions", {}, DAY)


def test_the_ceiling_of_absolute_errors_follows_from_that_of_squared_ones():
    """Of normal errors the mean absolute one is proportional to the root of the mean squared one."""
    assert CEILING.of(ROW_LOSSES["mae"]) == pytest.approx(1 - np.sqrt(0.8))
    assert CEILING.of(ROW_LOSSES["mse"]) == CEILING.of(ROW_LOSSES["log_loss"]) == 0.2


def test_a_skill_that_is_not_believable_asks_for_a_leak():
    found = judged(forecasts(rows().labels[TEST], 0.9))
    plain = judged(forecasts(rows().labels[TEST], 0.9), None)
    assert plain.outcome == "better"
    assert plain.suspicion is None
    assert found.outcome == "look_for_a_leak"
    assert found.sentence.startswith(
        "Look for a leak: log loss is 93.3% lower than the best baseline's, and of a direc"
    )
    assert found.sentence.endswith(f"Before you know how that comes about, do not believe this: {plain.sentence}")
    assert "audit" not in found.sentence  # there is none to run yet
    assert (found.suspicion.outcome, found.suspicion.sentence) == ("better", plain.sentence)
    assert (found.loss, found.difference, found.interval) == (plain.loss, plain.difference, plain.interval)
    assert json.loads(json.dumps(found.as_dict()))["suspicion"]["lifted_by"] is None


def test_an_audit_lifts_it_and_a_carrier_is_named():
    found = judged(forecasts(rows().labels[TEST], 0.9)).carried_by(Carrier("1d_volume", "importance", 1.234))
    assert "; `1d_volume` carries the most of it: shuffled, it raises the loss by 1.23. Before" in found.sentence
    lifted = found.lifted("audit 7")
    assert (lifted.outcome, lifted.sentence) == ("better", found.suspicion.sentence)
    assert lifted.suspicion.lifted_by == "audit 7"
    plain = judged(forecasts(rows().labels[TEST], 0.9), None)
    assert plain.lifted("audit 7") == plain.carried_by(None) == plain


@pytest.mark.parametrize("skill", [0.0, 0.05, 0.15])
def test_a_believable_skill_is_believed(skill):
    known = np.random.default_rng(1).random(len(TEST)) < skill
    named = np.where(known, rows().labels[TEST], np.random.default_rng(2).permutation(rows().labels[TEST]))
    found = judged(forecasts(named, 0.5 * skill))
    assert found.suspicion is None
    assert found == judged(forecasts(named, 0.5 * skill), None)


def test_what_luck_may_have_done_is_not_suspected():
    """A share above the ceiling whose interval reaches below it."""
    labels = rows().labels.copy()
    named = np.where(np.random.default_rng(1).random(700) < 0.62, labels, (labels + 1) % 3)[TEST]
    outputs = forecasts(named, 0.3)
    whole, some = (judged(outputs[:n], CEILING, primary="accuracy", test=TEST[:n]) for n in (390, 60))
    assert whole.suspicion is None or whole.suspicion.sure > 0.2
    assert some.suspicion is None


def test_a_leak_that_is_not_calibrated_shows_in_the_error_rate():
    """Hardly more than even probabilities, and always for what happens."""
    found = judged(forecasts(rows().labels[TEST], 0.05))
    assert found.suspicion is None or found.suspicion.loss == "error rate"
    sure = judged(forecasts(rows().labels[TEST], 0.08))
    assert sure.loss > 0.8 * sure.baseline_loss
    assert sure.suspicion.loss == "error rate"


def test_few_blocks_take_more():
    few = TEST[:9]
    assert judged(forecasts(rows().labels[few], 0.97), test=few).outcome == "look_for_a_leak"
    named = rows().labels[few].copy()
    named[:3] = (named[:3] + 1) % 3
    assert judged(forecasts(named, 0.4), test=few).outcome == "too_little_data"


@pytest.mark.parametrize(("share", "outcome"), [(0.02, "better"), (0.6, "look_for_a_leak")])
def test_returns(share, outcome):
    generator = np.random.default_rng(3)
    forecast, rest = generator.normal(0, share**0.5, 4000), generator.normal(0, (1 - share) ** 0.5, 4000)
    data = dataset(0.01 * (forecast + rest), np.arange(4000) + 1, NUMBERS)
    test = np.arange(1000, 4000)
    found = judged(0.01 * forecast[test], ceiling_of("forward_return", {"horizon": 1}, DAY), data, test=test)
    assert found.outcome == outcome
    if found.suspicion:
        assert found.suspicion.share == pytest.approx(0.6, abs=0.03)


def test_a_baseline_without_a_loss_leaves_nothing_to_beat():
    data = dataset(np.zeros(700), np.arange(700) + 1, NUMBERS)
    assert judged(np.zeros(len(TEST)), CEILING, data).suspicion is None


def slow_association(values, labels):
    """Between-group share of variance, group by group."""
    edges = sorted(set(np.quantile(values, np.arange(1, 10) / 10)))
    groups = [sum(value >= edge for edge in edges) for value in values]
    total = between = 0.0
    for kind in sorted(set(labels)) if labels.dtype.kind == "i" else [None]:
        hits = (labels == kind).astype(float) if kind is not None else labels
        total += sum((hit - hits.mean()) ** 2 for hit in hits)
        for group in set(groups):
            inside = [hit for hit, place in zip(hits, groups, strict=True) if place == group]
            between += len(inside) * (np.mean(inside) - hits.mean()) ** 2
    return between / total


@pytest.mark.parametrize("binary", [False, True])
def test_association_against_a_loop(binary):
    generator = np.random.default_rng(6)
    values = generator.choice([0.0, 1.0], 300) if binary else generator.standard_normal(300)
    labels = (values + generator.standard_normal(300) > 0).astype(np.int64) + (values**2 > 1)
    numbers = values**2 + generator.standard_normal(300)
    assert association(values, np.eye(3)[labels]) == pytest.approx(slow_association(values, labels))
    assert association(values, numbers[:, None]) == pytest.approx(slow_association(values, numbers))


def test_association_of_what_does_not_vary_is_none():
    assert association(np.ones(20), np.arange(20.0)[:, None]) == 0.0
    assert association(np.arange(20.0), np.full((20, 1), 0.1)) == 0.0


def test_the_carrier_is_the_most_important_input_or_the_most_associated_one():
    generator = np.random.default_rng(2)
    inputs = generator.standard_normal((200, 3)).astype(np.float32)
    labels = np.searchsorted([-0.5, 0.5], np.abs(inputs[:, 1]) - 0.5)
    measured = {"features": [{"id": "a", "mean": 0.1}, {"id": "b", "mean": -0.2}, {"id": "c", "mean": 0.3}]}
    names = ("a", "b", "c")
    assert carrier_of(measured, names, inputs, labels, 3) == Carrier("c", "importance", 0.3)
    for nothing in ({"skipped": "not asked for"}, {"features": [{"id": "a", "mean": 0.0}]}, {}):
        found = carrier_of(nothing, names, inputs, labels, 3)
        assert (found.feature, found.by) == ("b", "association")
        assert found.figure > 0.5
        assert found.words().startswith("`b` says the most: its tenths explain ")
    assert carrier_of({}, names, inputs, inputs[:, 2] ** 2, 0).feature == "c"
    assert carrier_of({}, names, np.zeros((200, 3), np.float32), labels, 3) is None
    assert carrier_of({}, (), np.zeros((200, 0), np.float32), labels, 3) is None
