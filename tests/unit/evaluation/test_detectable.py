"""What test rows could show, by simulation and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ktrdr.domain.evaluation.detectable import detectable, independent_outcomes, least_correlation
from ktrdr.domain.evaluation.losses import ROW_LOSSES
from ktrdr.domain.evaluation.significance import Difference, mean_difference
from ktrdr.domain.market.timeframe import NS_PER_DAY

DAYS = np.arange(450) * NS_PER_DAY


def seen(correlation: float, runs: int = 60) -> float:
    """How often the verdict on 450 independent rows calls the best forecast of this correlation better than 0."""
    rng, found = np.random.default_rng(11), 0
    for _ in range(runs):
        forecasts = correlation * rng.standard_normal(450)
        targets = forecasts + (1 - correlation**2) ** 0.5 * rng.standard_normal(450)
        differences = (forecasts - targets) ** 2 - targets**2
        interval = mean_difference(differences, DAYS, NS_PER_DAY, rng).interval
        found += interval[1] < 0
    return found / runs


def test_the_correlation_is_seen_four_times_of_five_and_smaller_ones_are_not():
    least = least_correlation(450)
    assert least == pytest.approx(0.26, abs=0.01)
    assert seen(least) == pytest.approx(0.8, abs=0.1)
    assert 0.5 < seen(0.85 * least) < 0.8  # missed more often than once in five, and more often seen than missed
    assert seen(0.5 * least, 30) < 0.5
    assert seen(1.5 * least, 30) > 0.9


def test_overlapping_labels_may_show_more_and_the_sentence_says_so():
    """A forecast that changes with every row sees more than the rows that share no bar."""
    rng, days, caught, least = np.random.default_rng(3), DAYS + 5 * NS_PER_DAY, 0, least_correlation(90)
    for _ in range(20):
        forecasts = least * rng.standard_normal(450)
        rest = np.convolve(rng.standard_normal(454), np.ones(5), "valid") * ((1 - least**2) / 5) ** 0.5
        found = mean_difference(rest**2 - (forecasts + rest) ** 2, DAYS, 5 * NS_PER_DAY, rng)
        caught += found.interval[1] < 0
    assert caught == 20
    said = detectable(found, 1.0, ROW_LOSSES["mse"], DAYS, days)
    assert said.correlation == least
    assert "(they count for at least 90 separate ones)" in said.sentence
    assert said.sentence.endswith("may be missed more often than once in five.")


def test_the_difference_is_seen_four_times_of_five():
    rng, caught, runs = np.random.default_rng(5), 0, 60
    for _ in range(runs):
        noise = np.convolve(rng.standard_normal(459), np.ones(10), mode="valid")
        found = mean_difference(noise, DAYS, 10 * NS_PER_DAY, rng)
        least = detectable(found, 1.0, ROW_LOSSES["log_loss"], DAYS, DAYS + 10 * NS_PER_DAY).difference
        caught += found.interval[1] - least < 0
    assert caught / runs == pytest.approx(0.8, abs=0.1)


def test_figures_by_hand():
    difference = Difference(-0.01, (-0.05, 0.03), 45, 10 * NS_PER_DAY)
    found = detectable(difference, 0.8, ROW_LOSSES["log_loss"], DAYS, DAYS + 10 * NS_PER_DAY)
    error = 0.04 / stats.t.ppf(0.975, 44)
    assert found.difference == pytest.approx(error * (stats.t.ppf(0.975, 44) + stats.t.ppf(0.8, 44)), rel=1e-4)
    assert found.share == pytest.approx(found.difference / 0.8)
    assert (found.rows, found.independent, found.correlation) == (450, 45, None)
    assert found.sentence == (
        "With 450 test rows, whose labels overlap (they count for at least 45 separate ones), a difference in log loss "
        "below 0.057 (7.1 % of the baseline's) would be missed more often than once in five."
    )


def test_a_regression_speaks_of_a_correlation():
    difference = Difference(-1e-6, (-2e-5, 2e-5), 200, 2 * NS_PER_DAY)
    found = detectable(difference, 1e-4, ROW_LOSSES["mse"], DAYS, DAYS + NS_PER_DAY)
    both = stats.t.ppf([0.975, 0.8], 449).sum()
    assert found.correlation == pytest.approx(2 * both / np.sqrt(450 + 2 * both**2), rel=1e-5)
    assert found.correlation > 0.2
    assert found.sentence == (
        "With 450 test rows, a correlation below 0.26 with what the baseline leaves open (6.8 % of its mean squared "
        "error) would be missed more often than once in five."
    )


def test_a_regression_has_one_threshold_the_difference_that_its_correlation_makes():
    """The optimal forecast of that correlation, on many rows."""
    rng = np.random.default_rng(2)
    for loss in (ROW_LOSSES["mse"], ROW_LOSSES["mae"]):
        targets = rng.standard_normal(400_000)
        whole = float(loss.rows(targets, np.zeros_like(targets)).mean())
        found = detectable(Difference(-0.5, (-0.6, -0.4), 200, NS_PER_DAY), whole, loss, DAYS, DAYS + NS_PER_DAY)
        noise = rng.standard_normal(len(targets))
        mixed = found.correlation * targets + (1 - found.correlation**2) ** 0.5 * noise
        left = float(loss.rows(targets, found.correlation * mixed).mean())
        assert found.share == pytest.approx(1 - left / whole, rel=0.03)
        assert found.difference == pytest.approx(whole - left, rel=0.03)
        assert f"({100 * found.share:.2g} % of its {loss.words})" in found.sentence


def test_too_few_blocks_would_see_nothing():
    found = detectable(Difference(-9.0, None, 9, 50 * NS_PER_DAY), 1.0, ROW_LOSSES["mse"], DAYS, DAYS + 50 * NS_PER_DAY)
    assert (found.difference, found.share, found.correlation) == (None, None, None)
    assert found.sentence == (
        "With 450 test rows, whose labels overlap (they count for at least 9 separate ones), no difference would be "
        "seen, however large."
    )


@pytest.mark.parametrize("interval", [None, (0.0, 0.0)])
def test_losses_that_do_not_vary_say_nothing(interval):
    found = detectable(Difference(0.0, interval, 45, NS_PER_DAY), 1.0, ROW_LOSSES["log_loss"], DAYS, DAYS + 1)
    assert found.difference is None
    assert "cannot be said" in found.sentence
    found = detectable(Difference(0.0, interval, 45, NS_PER_DAY), 0.0, ROW_LOSSES["mse"], DAYS, DAYS + 1)
    assert "correlation below 0.26 with what the baseline leaves open would be missed" in found.sentence
    assert (found.difference, found.share) == (None, None)


def test_few_rows_would_miss_even_a_perfect_forecast():
    days = DAYS[:15]
    found = detectable(Difference(-0.5, (-0.9, -0.1), 15, NS_PER_DAY), 1.0, ROW_LOSSES["mse"], days, days + NS_PER_DAY)
    assert (found.difference, found.share, found.correlation) == (None, None, None)
    assert found.sentence == (
        "With 15 test rows, even a perfect forecast would be missed more often than once in five."
    )


@pytest.mark.parametrize("independent", [0, 9, 10, 17])
def test_where_not_even_a_perfect_correlation_would_be_seen_there_is_none(independent):
    assert least_correlation(independent) is None
    assert least_correlation(30) < 1


def most(spans: list[tuple[int, int]], since: int = -1) -> int:
    """The largest number of spans one after the other, by trying all."""
    return max((1 + most(spans, end) for begin, end in spans if begin >= since and end > since), default=0)


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(1, 5)), max_size=7))
def test_independent_outcomes_are_the_most_that_fit(pairs):
    spans = [(begin, begin + length) for begin, length in pairs]
    begins, ends = (np.array([span[place] for span in spans], dtype=np.int64) for place in (0, 1))
    assert independent_outcomes(begins, ends) == most(spans)


def test_symbols_at_one_time_and_weekends():
    week = np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 11]) * NS_PER_DAY
    ends = np.append(week[1:], 14 * NS_PER_DAY)
    assert independent_outcomes(week, ends) == 10
    assert independent_outcomes(np.tile(week, 3), np.tile(ends, 3)) == 10
    assert independent_outcomes(week, week) == 10
