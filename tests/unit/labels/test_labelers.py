"""Labels by hand: every expected value can be checked with a pencil."""

import numpy as np
import pytest

from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.labels.run_lengths import run_lengths
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

NONE = NO_LABEL


def bars_of(close, opens=None):
    close = np.asarray(close, dtype=float)
    opens = close if opens is None else np.asarray(opens, dtype=float)
    stamps = np.arange(len(close), dtype=np.int64) * 3600 * 10**9
    high, low = np.maximum(opens, close), np.minimum(opens, close)
    return Bars("X", Timeframe("1h"), stamps, opens, high, low, close, np.zeros(len(close)), source="x.csv")


def shown(labels):
    return [int(value) if defined else NONE for value, defined in zip(labels.values, labels.defined, strict=True)]


def test_lookahead_takes_the_larger_of_gain_and_loss_that_reaches_the_threshold():
    #        +10 % then back   -8 % ahead   nothing large
    bars = bars_of([100, 104, 110, 101, 102, 103, 102])
    labels = label(bars, "zigzag", {"zigzag_threshold": 0.07, "label_lookahead": 2})
    # 0: +10 %; 1: +5.8 % / -2.9 %; 2: -8.2 %; 3: +2 %; 4: +1 %
    assert shown(labels) == [0, 1, 2, 1, 1, NONE, NONE]
    assert labels.end_rows.tolist() == [2, 3, 4, 5, 6, NONE, NONE]
    assert labels.horizon_bars == 2
    assert labels.target.classes == labels.target.actions == ("buy", "hold", "sell")


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        ([110, 89], 2),
        ([111, 90], 0),
        ([110, 90], 1),  # as much up as down
        ([105, 100], 0),  # exactly the threshold
        ([95, 100], 2),
        ([104.99, 95.01], 1),
    ],
)
def test_lookahead_with_moves_on_both_sides(ahead, expected):
    labels = label(bars_of([100, *ahead]), "zigzag", {"zigzag_threshold": 0.05, "label_lookahead": 2})
    assert labels.values[0] == expected


def test_lookahead_counts_from_the_next_open_if_told_to():
    bars = bars_of(close=[100, 106, 106], opens=[100, 103, 106])
    from_close, from_open = (
        label(bars, "zigzag", {"zigzag_threshold": 0.05, "label_lookahead": 2, "entry": entry}).values[0]
        for entry in ("close", "next_open")
    )
    assert (from_close, from_open) == (0, 1)  # 6 % from 100, but only 2.9 % from 103


def test_an_atr_threshold_gives_no_label_while_it_warms_up():
    labels = label(bars_of([100 + i % 3 for i in range(30)]), "zigzag", {"zigzag_threshold": {"atr": 1}})
    assert np.flatnonzero(labels.defined).tolist() == []
    labels = label(
        bars_of([100 + i % 3 for i in range(30)]), "zigzag", {"zigzag_threshold": {"atr": 1}, "label_lookahead": 5}
    )
    assert np.flatnonzero(labels.defined).tolist() == list(range(14, 25))


def test_segments_label_legs_by_the_next_pivot_and_end_where_it_is_confirmed():
    close = [100, 103, 101, 111, 110, 98, 99, 95, 100, 105, 104]
    #        low at 0 (confirmed at 3: +10 %), high at 3 (confirmed at 5: -10 %), low at 7 (confirmed at 9)
    labels = label(bars_of(close), "zigzag", {"method": "segments", "zigzag_threshold": 0.1})
    assert shown(labels) == [1, 0, 0, 1, 2, 2, 2, 1, NONE, NONE, NONE]
    assert labels.end_rows.tolist() == [3, 5, 5, 5, 9, 9, 9, 9, NONE, NONE, NONE]
    assert labels.horizon_bars is None


@pytest.mark.parametrize("close", [[100, 95, 97], [100, 105, 103]])
def test_a_reversal_by_exactly_the_threshold_confirms(close):
    labels = label(bars_of(close), "zigzag", {"method": "segments", "zigzag_threshold": 0.05})
    assert labels.end_rows.tolist() == [1, NONE, NONE]


def test_segments_have_no_label_before_the_first_pivot():
    labels = label(bars_of([101, 102, 100, 103, 120]), "zigzag", {"method": "segments", "zigzag_threshold": 0.1})
    assert shown(labels) == [NONE, NONE, 1, NONE, NONE]
    assert labels.end_rows[2] == 4


def test_the_first_of_equal_extremes_is_the_pivot():
    labels = label(bars_of([100, 120, 110, 120, 120, 100]), "zigzag", {"method": "segments", "zigzag_threshold": 0.15})
    assert shown(labels) == [1, 1, NONE, NONE, NONE, NONE]
    assert labels.end_rows[:2].tolist() == [1, 5]


@pytest.mark.parametrize("close", [[], [100.0], [100.0] * 50, list(np.linspace(100, 104, 50))])
@pytest.mark.parametrize(
    ("source", "parameters"),
    [
        ("zigzag", {"method": "segments"}),
        ("zigzag", {"label_lookahead": 60}),
        ("forward_return", {"horizon": 60}),
        ("direction", {"horizon": 60}),
        ("context", {"horizon": 60}),
        ("volatility", {"window": 60}),
        ("risk_adjusted", {"horizon": 60, "vol_window": 2}),
        ("triple_barrier", {"max_holding_period": 60}),
        ("triple_barrier", {"max_holding_period": 60, "side": "both", "cusum_threshold": 0.01}),
        ("regime", {"vol_lookback": 2, "atr_period": 2}),
        ("market_regime", {"fast": 1, "slow": 2, "horizon": 60}),
    ],
)
def test_where_nothing_is_decided_there_is_no_label(close, source, parameters):
    assert not label(bars_of(close), source, parameters).defined.any()


def test_forward_return_from_the_close_and_from_the_next_open():
    bars = bars_of(close=[100, 110, 121, 133.1], opens=[100, 104, 110, 121])
    labels = label(bars, "forward_return", {"horizon": 2})
    np.testing.assert_allclose(labels.values, [0.21, 0.21, np.nan, np.nan])
    assert labels.end_rows.tolist() == [2, 3, NONE, NONE]
    assert labels.target.unit == "fraction"
    from_open = label(bars, "forward_return", {"horizon": 2, "entry": "next_open"})
    np.testing.assert_allclose(from_open.values[:2], [121 / 104 - 1, 133.1 / 110 - 1])


def test_a_price_that_no_return_can_be_counted_from_is_refused_by_row_and_time():
    with pytest.raises(
        InvalidBars, match=r"x.csv: row 2 at 1970-01-01T02:00:00Z: .*zigzag.lookahead .*above 0; found close -3"
    ):
        label(bars_of([5, 4, -3, 2]), "zigzag", {})
    bars = bars_of(close=[5, 4, 3], opens=[5, 0, 3])
    assert label(bars, "forward_return", {"horizon": 1}).defined.any()
    with pytest.raises(InvalidBars, match=r"row 1 .*the label source forward_return takes ratios .*; found open 0"):
        label(bars, "forward_return", {"horizon": 1, "entry": "next_open"})


def test_an_unknown_parameter_is_refused():
    with pytest.raises(InvalidInput, match=r"'lookahead' is not known.*did you mean 'label_lookahead'"):
        label(bars_of([1, 2]), "zigzag", {"lookahead": 3})


def ranged(rows):
    """Bars of (open, high, low, close)."""
    opens, high, low, close = np.array(rows, dtype=float).T
    stamps = np.arange(len(close), dtype=np.int64) * 3600 * 10**9
    return Bars("X", Timeframe("1h"), stamps, opens, high, low, close, np.zeros(len(close)), source="x.csv")


CALM = [(100, 101, 99, 100)] * 4
"""True ranges of 2 %: with `BARS`, barriers 2 % above and below 100."""
BARS = {"pt_multiplier": 1, "sl_multiplier": 1, "vol_span": 2, "scale": "bar", "max_holding_period": 2}


@pytest.mark.parametrize(
    ("after", "expected", "bars"),
    [
        ([(100, 102, 99, 100), (100, 100, 100, 100)], 0, 1),  # the target, exactly
        ([(100, 101, 98, 100), (100, 100, 100, 100)], 2, 1),
        ([(100, 101, 99, 100), (100, 103, 99, 100)], 0, 2),
        ([(100, 103, 97, 100), (100, 100, 100, 100)], 2, 1),  # both in one bar: the stop
        ([(103, 104, 97, 100), (100, 100, 100, 100)], 0, 1),  # ... unless it opened beyond the target
        ([(97, 104, 96, 100), (100, 100, 100, 100)], 2, 1),
        ([(100, 101, 99, 100), (100, 101, 99, 101)], 1, 2),  # neither
    ],
)
def test_the_first_barrier_touched_decides(after, expected, bars):
    labels = label(ranged([*CALM, *after]), "triple_barrier", BARS)
    assert (labels.values[3], labels.end_rows[3]) == (expected, 3 + bars)
    assert labels.horizon_bars == 2


@pytest.mark.parametrize(
    ("close", "expected"),
    [(101.5, (1, 0, 0)), (100.5, (1, 0, 1)), (100, (1, 1, 1)), (99.5, (1, 2, 1)), (98.5, (1, 2, 2))],
)
def test_what_the_end_of_the_holding_period_means(close, expected):
    bars = ranged([*CALM, (100, 101, 99, 100), (100, 101.9, 98.1, close)])
    found = tuple(
        label(bars, "triple_barrier", {**BARS, "expiry": expiry}).values[3] for expiry in ("hold", "sign", "band")
    )
    assert found == expected


def test_a_short_position_needs_its_own_target_before_its_own_stop():
    fall = ranged([*CALM, (100, 100, 97, 98), (98, 98, 96, 97)])
    parameters = {**BARS, "pt_multiplier": 1.5}  # target 3 % away, stop 2 %
    assert label(fall, "triple_barrier", parameters).values[3] == 2  # a long position is stopped
    both = label(fall, "triple_barrier", {**parameters, "side": "both"})
    assert (both.values[3], both.end_rows[3]) == (2, 4)  # and a short one wins
    shallow = ranged([*CALM, (100, 100, 98, 98), (98, 99, 98, 99)])
    assert label(shallow, "triple_barrier", parameters).values[3] == 2
    both = label(shallow, "triple_barrier", {**parameters, "side": "both"})
    assert (both.values[3], both.end_rows[3]) == (1, 5)  # a long one is stopped, a short one never wins


@pytest.mark.parametrize(("close", "expected"), [(101.5, 1), (98.6, 2)])
@pytest.mark.parametrize("expiry", ["sign", "band"])
def test_the_end_of_the_holding_period_speaks_for_no_side_that_was_stopped(close, expected, expiry):
    """The long position is stopped at 98 and then closes higher, or lower, as the short one that still stands."""
    parameters = {**BARS, "pt_multiplier": 1.1, "side": "both", "expiry": expiry}
    bars = ranged([*CALM, (100, 100, 98, 98.5), (98.5, 101.6, 98.5, close)])
    assert label(bars, "triple_barrier", parameters).values[3] == expected


def test_no_barrier_label_without_a_range():
    labels = label(ranged([(100, 100, 100, 100)] * 20), "triple_barrier", BARS)
    assert not labels.defined.any()


def test_weights_are_passed_on():
    bars = bars_of(100 + np.arange(60) % 7)
    assert label(bars, "triple_barrier", {}).weighting == "none"
    assert label(bars, "triple_barrier", {"compute_weights": "uniqueness"}).weighting == "uniqueness"


def test_run_lengths_by_hand():
    bars = bars_of([100, 100, 102, 104, 106, 106, 104, 106])
    labels = label(bars, "direction", {"horizon": 1})
    assert shown(labels) == [1, 0, 0, 0, 1, 2, 0, NONE]
    assert run_lengths(labels) == {"up": 2.0, "neutral": 1.0, "down": 1.0}
    assert run_lengths(label(bars_of([]), "direction", {})) == {"up": 0.0, "neutral": 0.0, "down": 0.0}


def test_labels_until_a_row_are_those_that_look_no_further():
    labels = label(bars_of(range(100, 110)), "direction", {"horizon": 2})
    assert np.flatnonzero(labels.until(6).defined).tolist() == [0, 1, 2, 3]
    assert len(labels.until(6).values) == 6
