import numpy as np
import pytest

from ktrdr.domain.evaluation.joint import CELLS, TimeBlocks, group_of
from ktrdr.domain.evaluation.significance import mean_difference
from ktrdr.domain.evaluation.symbols import SymbolLosses, symbol_table
from ktrdr.domain.market.timeframe import NS_PER_DAY

DAYS = np.arange(400, dtype=np.int64) * NS_PER_DAY


def smooth(rng, rows=400, span=5):
    return np.convolve(rng.standard_normal(rows + span - 1), np.ones(span), mode="valid") / span


def losses(symbol, seen, shift, rng, alone=True):
    own = np.abs(smooth(rng)) + 1
    return SymbolLosses(
        symbol, seen, DAYS, own, "class_shares", own + shift + 0.05 * smooth(rng), own if alone else "no"
    )


def test_one_symbol_alone_has_the_interval_of_the_verdict() -> None:
    values = smooth(np.random.default_rng(0)) + 0.3
    expected = mean_difference(values, DAYS, 5 * NS_PER_DAY, np.random.default_rng(4))
    blocks = TimeBlocks.draw([DAYS], 5 * NS_PER_DAY, np.random.default_rng(4))
    found = blocks.difference(blocks.resample(DAYS, values))
    assert found.mean == expected.mean
    assert found.blocks == expected.blocks
    np.testing.assert_allclose(found.interval, expected.interval, rtol=0.08)


def test_blocks_are_drawn_for_all_symbols_together() -> None:
    # Two symbols whose differences are opposite, day by day: their mean is certain only if the same days are drawn.
    values = smooth(np.random.default_rng(1))
    blocks = TimeBlocks.draw([DAYS, DAYS], 5 * NS_PER_DAY, np.random.default_rng(0))
    one, other = blocks.resample(DAYS, values), blocks.resample(DAYS, 1.0 - values)
    assert np.ptp(one.short) > 0.05
    both = group_of([one, other])
    np.testing.assert_allclose(both.short, 0.5, atol=1e-12)
    assert both.mean == pytest.approx(0.5)


def test_a_resample_is_the_mean_of_the_rows_in_its_blocks() -> None:
    rng = np.random.default_rng(2)
    times = np.sort(rng.choice(np.arange(10, 300), 90, replace=False)).astype(np.int64) * NS_PER_DAY
    values = rng.normal(size=90)
    blocks = TimeBlocks.draw([times, DAYS], 8 * NS_PER_DAY, rng)
    found = blocks.resample(times, values)
    cell = blocks.span / CELLS
    for draw in range(0, 2000, 400):
        picked = [
            value
            for start in blocks.short[draw]
            for time, value in zip(times, values, strict=True)
            if (time - blocks.origin - start * cell) % blocks.span < CELLS // blocks.count * cell
        ]
        assert found.short[draw] == pytest.approx(np.mean(picked))


def test_a_symbol_without_rows_in_a_resample_takes_no_part_in_it() -> None:
    blocks = TimeBlocks.draw([DAYS, DAYS[:1]], 20 * NS_PER_DAY, np.random.default_rng(0))
    whole, lone = blocks.resample(DAYS, np.ones(400)), blocks.resample(DAYS[:1], np.array([3.0]))
    assert np.isnan(lone.short).any()
    both = group_of([whole, lone])
    np.testing.assert_allclose(both.short, np.where(np.isnan(lone.short), 1.0, 2.0))
    assert blocks.difference(lone).interval is None


def test_the_table_says_for_whom_pooling_helps() -> None:
    rng = np.random.default_rng(5)
    given = [losses("Z", False, -0.2, rng, alone=False), losses("B", True, 0.3, rng), losses("A", True, 0.0, rng)]
    table = symbol_table(given, "log_loss", 5 * NS_PER_DAY, rng).as_dict()
    assert [row["symbol"] for row in table["symbols"]] == ["A", "B", "Z"]
    by = {row["symbol"]: row for row in table["symbols"]}
    assert by["B"]["baseline"]["outcome"] == "better"
    assert by["B"]["baseline"]["difference"] == pytest.approx(by["B"]["loss"] - by["B"]["baseline"]["loss"])
    assert by["Z"]["baseline"]["outcome"] == "worse"
    assert by["Z"]["alone"] == {"missing": "no"}
    assert by["A"]["alone"]["difference"] == 0
    assert table["groups"]["seen"]["symbols"] == 2
    assert table["groups"]["seen"]["baseline"]["difference"] == pytest.approx(
        (by["A"]["baseline"]["difference"] + by["B"]["baseline"]["difference"]) / 2
    )
    assert "alone" not in table["groups"]["unseen"]


def test_joint_intervals_hold_the_truth_as_often_as_they_say() -> None:
    rng = np.random.default_rng(9)
    held, runs = 0, 20
    for _ in range(runs):
        market = smooth(rng)
        series = [market + 0.3 * smooth(rng) for _ in range(4)]
        blocks = TimeBlocks.draw([DAYS] * 4, 5 * NS_PER_DAY, rng)
        low, high = blocks.difference(group_of([blocks.resample(DAYS, one) for one in series])).interval
        held += low <= 0 <= high
    assert held >= 17
