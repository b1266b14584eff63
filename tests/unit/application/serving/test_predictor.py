"""What a predictor refuses, and what its saved state is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.documents import changed
from samples.predictors import Trained, feed_of, replayed, train

from ktrdr.adapters.data.simulation import simulate
from ktrdr.domain.decisions.trading_decision import NO_WINDOW, OTHER_TIMEFRAME, UNSETTLED
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

FINE = simulate("SIM_STOCK", Timeframe("5m"), 2600, 4)
HOURLY = resample(FINE, Timeframe("1h"))
TWO = {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"}


@pytest.fixture(scope="module")
def single() -> Trained:
    return train(changed("name", "single"), FINE)


@pytest.fixture(scope="module")
def native() -> Trained:
    """Reads the vendor's own hourly bars beside the 5-minute ones."""
    document = changed("training_data.timeframes", TWO | {"source": "native"})
    return train(changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document), FINE, HOURLY)


@pytest.fixture(scope="module")
def made() -> Trained:
    """Makes its hourly bars of the 5-minute ones."""
    document = changed("training_data.timeframes", TWO)
    return train(changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document), FINE)


@pytest.fixture(scope="module")
def cumulative() -> Trained:
    indicators = {"obv": {"type": "obv"}}
    sets = {"obv": {"indicator": "obv", "low": {"type": "left_shoulder", "parameters": [0, 1e9]}}}
    document = changed("indicators", indicators, changed("fuzzy_sets", sets))
    return train(changed("nn_inputs", [{"fuzzy_set": "obv", "timeframes": "all"}], document), FINE)


def bar(row: int, bars: Bars = FINE, **changes: Any) -> Bar:
    return replace(Bar.of(bars, row), **changes)


def test_only_what_a_model_reads_is_taken(single: Trained, made: Trained, native: Trained) -> None:
    assert single.predictor().timeframes == made.predictor().timeframes == ("5m",)
    assert native.predictor().timeframes == ("5m", "1h")
    with pytest.raises(InvalidInput, match=r"4h bars are refused: this model reads 5m"):
        single.predictor().update("4h", bar(0))
    with pytest.raises(InvalidInput, match=r"1h bars are refused: they are made of 5m bars here; feed 5m"):
        made.predictor().update("1h", bar(0, HOURLY))
    with pytest.raises(InvalidInput, match=r"bars of AAPL are refused: this serves SIM_STOCK"):
        single.predictor().update("5m", bar(0, symbol="AAPL"))


def test_a_bar_twice_or_late_changes_nothing(single: Trained) -> None:
    predictor, twin = single.predictor(), single.predictor()
    for row in range(400):
        predictor.observe("5m", bar(row))
        twin.observe("5m", bar(row))
    with pytest.raises(InvalidBars, match="has come twice; the last one was that of"):
        predictor.update("5m", bar(399))
    with pytest.raises(InvalidBars, match="comes too late"):
        predictor.update("5m", bar(200))
    with pytest.raises(InvalidBars, match="close must be a finite number"):
        bar(400, close=float("nan"))
    with pytest.raises(InvalidBars, match="high must not be below low"):
        bar(400, high=1.0, low=2.0)
    said, wanted = predictor.update("5m", bar(400)), twin.update("5m", bar(400))
    assert said.is_decided
    assert said.outputs.tobytes() == wanted.outputs.tobytes()


def test_a_bar_is_not_known_before_it_begins_nor_before_those_that_came(single: Trained) -> None:
    predictor, twin = single.predictor(), single.predictor()
    first = bar(0)
    with pytest.raises(InvalidBars, match=r"this 5m bar can not be known at 1970-01-01T00:00:00.000000005Z, before it"):
        predictor.update("5m", replace(first, known_at=5))
    for row in range(400):
        predictor.observe("5m", bar(row))
        twin.observe("5m", bar(row))
    newest = int(FINE.known_at[399])
    with pytest.raises(InvalidBars, match=r"out of order: bars known at .* came before it"):
        predictor.update("5m", bar(400, known_at=newest - 1, stamp=newest - 2))
    assert predictor.update("5m", bar(400)).known_at == twin.update("5m", bar(400)).known_at == FINE.known_at[400]


def test_timeframes_come_in_the_order_in_which_they_are_known(native: Trained) -> None:
    predictor = native.predictor()
    feed = feed_of({"5m": FINE, "1h": HOURLY}, "5m")
    at = next(place for place, (name, _) in enumerate(feed) if name == "1h")
    for name, item in feed[:at]:
        predictor.observe(name, item)
    hourly, last = feed[at][1], feed[at + 1][1]
    assert hourly.known_at == last.known_at
    with pytest.raises(InvalidBars, match="out of order: bars known at"):
        predictor.update("1h", replace(hourly, known_at=feed[at - 1][1].known_at - 1))
    assert predictor.update("1h", hourly).reason == OTHER_TIMEFRAME
    predictor.update("5m", last)
    late = replace(hourly, stamp=hourly.stamp + 1, known_at=last.known_at)
    with pytest.raises(InvalidBars, match=r"of bars known at the same moment the one that makes the 5m row"):
        predictor.update("1h", late)


def test_two_series_side_by_side_have_the_bits_of_the_batch(native: Trained) -> None:
    served, rows, decided = native.batch()
    said = replayed(native.predictor(), feed_of({"5m": FINE, "1h": HOURLY}, "5m"))
    assert (
        np.stack([item.features for item in said]).tobytes()
        == np.ascontiguousarray(served.matrix.values[rows]).tobytes()
    )
    assert np.stack([item.outputs for item in said]).tobytes() == decided.outputs.tobytes()
    assert [item.position for item in said] == decided.decisions.positions.tolist()


def test_before_it_has_settled_it_says_so(single: Trained) -> None:
    said = single.predictor().update("5m", bar(0))
    assert (said.action, said.position, said.reason, said.outputs) == ("hold", 0, UNSETTLED, None)
    assert not said.is_decided


def test_a_window_must_be_whole() -> None:
    model = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4, "num_layers": 1}}
    predictor = train(changed("model", model), FINE).predictor()
    reasons = [predictor.update("5m", bar(row)).reason for row in range(400) if row not in (380, 381)]
    assert reasons[380:385] == [NO_WINDOW] * 5
    assert reasons[379] != NO_WINDOW != reasons[385]


def test_what_counts_from_the_first_bar_begins_where_training_began(cumulative: Trained) -> None:
    predictor = cumulative.predictor()
    with pytest.raises(InvalidInput, match=r"obv on 5m counts from the first bar: begin with the 5m bar of .* found"):
        predictor.update("5m", bar(1))
    with pytest.raises(InvalidInput, match="or restore a saved state"):
        predictor.observe_all({"5m": FINE.take(slice(1, 500))})
    for row in range(500):
        predictor.observe("5m", bar(row))
    restored = cumulative.predictor()
    restored.restore(predictor.state())
    one, other = (item.update("5m", bar(500)) for item in (predictor, restored))
    assert one.is_decided
    assert one.outputs.tobytes() == other.outputs.tobytes()


def test_other_states_are_refused(single: Trained, made: Trained) -> None:
    predictor = single.predictor()
    predictor.observe_all({"5m": FINE.take(slice(0, 500))})
    before = predictor.state()
    assert predictor.state() == before
    with pytest.raises(InvalidInput, match="state of another predictor"):
        predictor.restore(made.predictor().state())
    with pytest.raises(InvalidInput, match="history can only be given before the first bar"):
        predictor.observe_all({"5m": FINE})
    with pytest.raises(InvalidInput, match=r"needs the bars SIM_STOCK 5m; given: none"):
        single.predictor().observe_all({})
    assert predictor.state() == before


def test_a_bar_is_known_within_a_year_after_it_was_over(single: Trained) -> None:
    predictor, first = single.predictor(), bar(0)
    over, year = first.stamp + Timeframe("5m").ns, 366 * NS_PER_DAY
    for moment in (over + year + 1, 2**63 - 1, 10**30):
        with pytest.raises(InvalidBars, match="more than a year after it was over"):
            predictor.update("5m", replace(first, known_at=moment))
    predictor.update("5m", replace(first, known_at=over + year))
    restored = single.predictor()
    restored.restore(predictor.state())
    assert restored.state() == predictor.state()
    for stamp in (10**30, -(2**63), 2**63 - 1):
        with pytest.raises(InvalidBars, match="a bar must lie in the years 1680 to 2260"):
            bar(0, stamp=stamp)


def test_history_that_would_be_refused_bar_by_bar_is_refused_at_once(single: Trained) -> None:
    predictor, some = single.predictor(), FINE.take(slice(0, 400))
    empty = predictor.state()
    for row, moment in ((200, FINE.stamps[200] - 1), (399, FINE.known_at[397]), (399, FINE.known_at[399] + 10**17)):
        known_at = some.known_at.copy()
        known_at[row] = moment
        with pytest.raises(InvalidBars, match=rf"row {row} at .* can not be known at"):
            predictor.observe_all({"5m": replace(some, known_at=known_at)})
    with pytest.raises(InvalidBars, match="known_at has 10 values for 400 stamps"):
        replace(some, known_at=some.known_at[:10])
    assert predictor.state() == empty
    predictor.observe_all({"5m": some})
