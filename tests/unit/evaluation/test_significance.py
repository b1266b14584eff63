import numpy as np
import pytest
from scipy import signal, stats

from ktrdr.domain.evaluation.significance import block_length, mean_difference
from ktrdr.domain.market.timeframe import NS_PER_DAY


def overlapping(rng, rows, span):
    """A series like losses of labels that look `span` bars ahead: neighbours share all but one bar."""
    return np.convolve(rng.standard_normal(rows + span - 1), np.ones(span), mode="valid") / np.sqrt(span)


def slow_block_variance(values, times, period, block, draws, rng):
    """Variance of block-bootstrap means, row by row; corrected for the number of blocks."""
    blocks, means = round(period / block), []
    for _ in range(draws):
        picked = []
        for start in rng.uniform(0, period, blocks):
            picked += [v for v, t in zip(values, times, strict=True) if (t - times[0] - start) % period < block]
        means.append(np.mean(picked))
    return np.var(means) * blocks / (blocks - 1)


@pytest.mark.parametrize("uneven", [False, True])
def test_the_interval_equals_a_slow_one(uneven):
    rng = np.random.default_rng(3)
    rows, span = 240, 10
    values = overlapping(rng, rows, span) + 0.5
    days = np.arange(rows) // 5 * 7 + np.arange(rows) % 5 if uneven else np.arange(rows)
    period, block = (334, 334 / 23) if uneven else (240, 10)

    found = mean_difference(values, days * NS_PER_DAY, int(block) * NS_PER_DAY, np.random.default_rng(0))

    one = slow_block_variance(values, days, period, block, 200, rng)
    two = slow_block_variance(values, days, period, 2 * block, 200, rng)
    error = np.sqrt(max(2 * two - one, one)) * stats.t.ppf(0.975, period / block - 1)
    assert found.blocks == round(period / block)
    assert found.block_ns == pytest.approx(block * NS_PER_DAY)
    assert found.mean == pytest.approx(values.mean())
    assert (found.interval[1] - found.interval[0]) / 2 == pytest.approx(error, rel=0.15)
    assert found.interval[0] < found.mean < found.interval[1]


@pytest.mark.parametrize(("rows", "span", "rho"), [(400, 20, None), (150, 5, None), (500, 20, 0.8)])
def test_intervals_hold_the_true_mean_as_often_as_they_say(rows, span, rho):
    rng = np.random.default_rng(7)
    times = np.arange(rows) * NS_PER_DAY
    held, held_if_rows_were_independent, runs = 0, 0, 100
    for _ in range(runs):
        if rho is None:
            values = overlapping(rng, rows, span)
        else:
            values = signal.lfilter([1.0], [1.0, -rho], rng.standard_normal(rows + 100))[100:]
        low, high = mean_difference(values, times, span * NS_PER_DAY, rng).interval
        held += low <= 0.0 <= high
        held_if_rows_were_independent += abs(values.mean()) <= 1.96 * values.std() / np.sqrt(rows)

    assert 0.91 <= held / runs <= 0.98
    assert held_if_rows_were_independent / runs < 0.75


def test_rows_in_any_order_give_the_same():
    rng = np.random.default_rng(1)
    values, times = rng.standard_normal(300), np.arange(300) * NS_PER_DAY
    order = rng.permutation(300)

    one = mean_difference(values, times, 10 * NS_PER_DAY, np.random.default_rng(0))
    two = mean_difference(values[order], times[order], 10 * NS_PER_DAY, np.random.default_rng(0))

    assert one.interval == pytest.approx(two.interval)


def test_rows_of_one_moment_stay_together():
    """A hundred symbols that all say the same are one observation a day, not a hundred."""
    rng = np.random.default_rng(2)
    days = rng.standard_normal(400)
    times = np.arange(400) * NS_PER_DAY

    one = mean_difference(days, times, 10 * NS_PER_DAY, np.random.default_rng(0))
    many = mean_difference(np.repeat(days, 100), np.repeat(times, 100), 10 * NS_PER_DAY, np.random.default_rng(0))

    assert many.interval == pytest.approx(one.interval, rel=1e-9)


def test_too_few_blocks_give_no_interval():
    found = mean_difference(np.ones(95), np.arange(95) * NS_PER_DAY, 10 * NS_PER_DAY, np.random.default_rng(0))

    assert (found.mean, found.interval, found.blocks) == (1.0, None, 9)


def test_one_row_gives_no_interval():
    found = mean_difference(np.array([0.5]), np.array([7]), NS_PER_DAY, np.random.default_rng(0))

    assert (found.mean, found.interval, found.blocks) == (0.5, None, 1)


def test_no_difference_at_all_is_exactly_that():
    found = mean_difference(np.zeros(200), np.arange(200) * NS_PER_DAY, 5 * NS_PER_DAY, np.random.default_rng(0))

    assert found.interval == (0.0, 0.0)


def test_blocks_are_never_shorter_than_asked_and_not_more_than_two_hundred():
    times = np.arange(10_000) * NS_PER_DAY

    found = mean_difference(np.random.default_rng(0).random(10_000), times, NS_PER_DAY, np.random.default_rng(0))

    assert (found.blocks, found.block_ns) == (200, 50 * NS_PER_DAY)


def test_block_length_covers_ninety_five_of_a_hundred_spans():
    known_at, spans = np.arange(100), np.arange(1, 101)

    length = block_length(known_at, known_at + spans)

    assert (spans <= length).mean() >= 0.95
    assert length == 96


def test_the_first_and_last_rows_are_drawn_as_often_as_the_others():
    values, times = np.linspace(1.0, -1.0, 200), np.arange(200) * NS_PER_DAY

    low, high = mean_difference(values, times, 20 * NS_PER_DAY, np.random.default_rng(0)).interval

    assert (low + high) / 2 == pytest.approx(0.0, abs=0.03)
