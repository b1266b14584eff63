"""Sliding sums, means, deviations and slopes against exact arithmetic over each window."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.market.windows import window_deviation, window_mean, window_slope, window_sum

NAN = np.nan


def exact(values: np.ndarray, period: int) -> list[tuple[float, float, float]]:
    """Sum, mean and population deviation of each whole window, rounded once."""
    rows = []
    for end in range(period, len(values) + 1):
        window = [Fraction(value) for value in values[end - period : end].tolist()]
        mean = sum(window) / period
        rows.append((sum(window), mean, sqrt(sum((value - mean) ** 2 for value in window) / period)))
    return [tuple(map(float, row)) for row in rows]


def falling() -> np.ndarray:
    """A price that falls from 1e9 to 10 at once and trembles on."""
    draw = np.random.default_rng(3)
    return np.where(np.arange(150) < 70, 1e9, 10.0) * np.exp(draw.normal(0, 0.001, 150))


def bursts() -> np.ndarray:
    """Small numbers with one of 1e12 now and then."""
    draw = np.random.default_rng(4)
    return draw.normal(0, 1, 150) + np.where(np.arange(150) % 31 == 5, 1e12, 0.0)


@pytest.mark.parametrize("period", [1, 2, 3, 7, 50, 149, 150, 151])
@pytest.mark.parametrize("values", [falling(), bursts(), 1e9 + falling() * 1e-9], ids=["falling", "bursts", "level"])
def test_every_value_is_that_of_its_own_window(values, period):
    found = np.column_stack([window_sum(values, period), window_mean(values, period), window_deviation(values, period)])
    assert np.isnan(found[: period - 1]).all()
    expected = np.reshape(exact(values, period), (-1, 3))
    deviation = expected[:, 2]
    largest = np.array([np.abs(values[end : end + period]).max() for end in range(len(deviation))])
    np.testing.assert_array_less(np.abs(found[period - 1 :, 0] - expected[:, 0]), 1e-15 * period**2 * largest)
    np.testing.assert_array_less(np.abs(found[period - 1 :, 1] - expected[:, 1]), 1e-15 * period * largest)
    np.testing.assert_allclose(found[period - 1 :, 2], deviation, rtol=1e-12)
    if period > 1:
        place = np.arange(period) - (period - 1) / 2
        centred = [values[end : end + period] - values[end] for end in range(len(deviation))]
        slope = [place @ window / (place @ place) for window in centred]
        error = np.abs(window_slope(values, period)[period - 1 :] - np.array(slope))
        np.testing.assert_array_less(error, 1e-14 * period * (deviation + 1e-300))
        sample = window_deviation(values, period, sample=True)[period - 1 :]
        np.testing.assert_allclose(sample, deviation * sqrt(period / (period - 1)), rtol=1e-12)


@settings(max_examples=examples(50))
@given(
    st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), max_size=30),
    st.floats(-1e12, 1e12, allow_subnormal=False),
    st.integers(1, 12),
)
def test_equal_values_give_exactly_themselves_whatever_stood_before(before, value, period):
    values = np.array([*before, *[value] * (period + 3)])
    assert window_mean(values, period)[-4:].tolist() == [value] * 4
    assert window_deviation(values, period)[-4:].tolist() == [0.0] * 4
    assert window_sum(np.where(np.arange(len(values)) < len(before), values, 0.0), period)[-4:].tolist() == [0.0] * 4


def test_a_nan_spoils_its_own_windows_alone():
    values = np.array([NAN, 1e300, -3.7e10, 1e-3, 0.0, 0.0, 0.0, 5.0])
    np.testing.assert_array_equal(window_sum(values, 3)[[2, 6, 7]], [NAN, 0.0, 5.0])
    for function in (window_sum, window_mean, window_deviation, window_slope):
        for row in range(9):
            values = np.arange(9.0)
            values[row] = NAN
            spoilt = np.isnan(function(values, 3))
            assert np.flatnonzero(spoilt).tolist() == sorted({0, 1, *range(row, min(row + 3, 9))})
