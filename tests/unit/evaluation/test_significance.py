import numpy as np
import pytest
from scipy import signal, stats

from ktrdr.domain.evaluation.significance import block_length, mean_difference, student_quantile, widening
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


def brute_means(values, times, blocks, draws):
    """The mean of each resample, row by row: rows whose time lies in a block, around the end into the beginning."""
    span = int(times[-1] - times[0]) + int(np.median(np.diff(times)[np.diff(times) > 0]))
    found = []
    for starts in draws.integers(0, span, size=(2000, blocks)):
        after = (times[None, :] - times[0] - starts[:, None]) % span
        weights = (after < span // blocks).sum(axis=0)
        if weights.sum():
            found.append((values * weights).sum() / weights.sum())
    return np.array(found)


def student_factor(short, long, blocks):
    """The widening by its definition, with Student's quantile from scipy."""
    one, two = np.var(short, ddof=1), np.var(long, ddof=1)
    one, two = one * blocks / (blocks - 1), two * (blocks // 2) / (blocks // 2 - 1)
    variance = max(2 * two - one, one) / one * blocks / (blocks - 1)
    return np.sqrt(variance) * stats.t.ppf(0.975, blocks - 1) / stats.norm.ppf(0.975)


@pytest.mark.parametrize("days", [np.arange(21), np.array([0, 0, 1, 2, 4, 4, 7, 8, 9, 13, 14, 15, 18, 19, 20, 20])])
def test_the_interval_is_that_of_rows_drawn_one_by_one(days):
    values = np.random.default_rng(5).standard_normal(len(days)) + 0.3
    found = mean_difference(values, days, 2, np.random.default_rng(0))

    draws = np.random.default_rng(0)
    short, long = (brute_means(values, days, blocks, draws) - values.mean() for blocks in (10, 5))
    low, high = np.quantile(short, [0.025, 0.975]) * student_factor(short, long, 10)
    assert found.blocks == 10
    assert found.interval == pytest.approx((values.mean() + low, values.mean() + high), rel=1e-3)


def test_ten_blocks_are_enough_and_a_day_less_is_not():
    enough, fewer = (
        mean_difference(np.arange(float(days)), np.arange(days), 10, np.random.default_rng(0)) for days in (100, 99)
    )
    assert (enough.blocks, enough.block_ns) == (10, 10)
    assert enough.interval is not None
    assert (fewer.blocks, fewer.interval) == (9, None)


def test_labels_that_end_at_once_make_a_block_of_one_nanosecond():
    found = mean_difference(np.arange(30.0), np.arange(30), 0, np.random.default_rng(0))

    assert (found.blocks, found.block_ns) == (30, 1)


@pytest.mark.parametrize("blocks", [10, 11, 25, 200])
@pytest.mark.parametrize("longer", [0.5, 1.0, 2.0])
def test_widening_is_missed_dependence_times_students_quantile(blocks, longer):
    short = np.random.default_rng(0).standard_normal(500)
    long = longer * short
    two = longer**2 * (blocks // 2) / (blocks // 2 - 1)
    one = blocks / (blocks - 1)
    expected = np.sqrt(max(2 * two / one - 1, 1) * one) * stats.t.ppf(0.975, blocks - 1) / stats.norm.ppf(0.975)
    assert widening(short, long, blocks) == pytest.approx(expected, rel=2e-4)
    assert widening(0 * short, 0 * long, blocks) == pytest.approx(
        np.sqrt(one) * stats.t.ppf(0.975, blocks - 1) / stats.norm.ppf(0.975), rel=2e-4
    )


@pytest.mark.parametrize("degrees", [9, 10, 15, 30, 100, 199])
def test_students_quantile_is_that_of_scipy_to_a_thousandth(degrees):
    assert student_quantile(stats.norm.ppf(0.975), degrees) == pytest.approx(stats.t.ppf(0.975, degrees), abs=1e-3)


@pytest.mark.parametrize("level", [0.6, 0.9, 0.975])
def test_what_students_quantile_misses_is_of_the_fourth_order(level):
    """Each term that is right takes one order away: what is left falls as the fourth power of the degrees."""
    for degrees in (20, 200, 1000):
        missed = stats.t.ppf(level, degrees) - student_quantile(stats.norm.ppf(level), degrees)
        assert abs(missed) * degrees**4 < 2
