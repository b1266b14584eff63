"""Student's quantiles, and what few blocks make of an interval, against scipy."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats

from ktrdr.domain.evaluation.significance import MAX_BLOCKS, MIN_BLOCKS, student_quantile, widening


@pytest.mark.parametrize("probability", [0.8, 0.9, 0.975])
@pytest.mark.parametrize("degrees", [MIN_BLOCKS - 1, 10, 12, 20, 33, 60, MAX_BLOCKS - 1, 10_000])
def test_quantiles_are_those_of_scipy(probability, degrees):
    z = NormalDist().inv_cdf(probability)
    exact = stats.t.ppf(probability, degrees)

    assert student_quantile(z, degrees) == pytest.approx(exact, abs=1e-3)
    next_term = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * degrees**4)
    assert student_quantile(z, degrees) + next_term == pytest.approx(exact, abs=10 / degrees**5 + 1e-11)


def test_quantiles_are_odd_and_fall_to_the_normal_one():
    falling = [student_quantile(1.96, degrees) for degrees in range(9, 300)]

    assert falling == sorted(falling, reverse=True)
    assert falling[-1] > 1.96
    assert student_quantile(-1.96, 9) == -student_quantile(1.96, 9)
    assert student_quantile(0.0, 9) == 0.0


@pytest.mark.parametrize("blocks", [10, 11, 25, 200])
@pytest.mark.parametrize("dependence", [0.5, 1.0, 1.7])
def test_widening_by_hand(blocks, dependence):
    """Variances of one and two block lengths, each made unbiased; dependence below 1 is not believed."""
    rng = np.random.default_rng(blocks)
    short, long = rng.standard_normal(2000), rng.standard_normal(2000) * dependence**0.5
    one = np.var(short) / (1 - 1 / blocks)
    two = np.var(long) / (1 - 1 / (blocks // 2))
    missed = max((2 * two - one) / one, 1.0)
    student = stats.t.ppf(0.975, blocks - 1) / stats.norm.ppf(0.975)

    assert widening(short, long, blocks) == pytest.approx(np.sqrt(missed / (1 - 1 / blocks)) * student, rel=1e-3)
