"""Memberships against scikit-fuzzy, where it has the function."""

from __future__ import annotations

import numpy as np
import pytest
import skfuzzy

from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees

VALUES = np.linspace(-30.0, 130.0, 1601)


def s_shape(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """A right shoulder is a trapezoid that never falls."""
    return skfuzzy.trapmf(x, [low, high, 1e9, 1e9])


def z_shape(x: np.ndarray, low: float, high: float) -> np.ndarray:
    return skfuzzy.trapmf(x, [-1e9, -1e9, low, high])


@pytest.mark.parametrize(
    ("kind", "parameters", "theirs"),
    [
        ("triangular", (0.0, 20.0, 35.0), lambda x: skfuzzy.trimf(x, [0, 20, 35])),
        ("triangular", (0.0, 0.0, 10.0), lambda x: skfuzzy.trimf(x, [0, 0, 10])),
        ("triangular", (0.0, 10.0, 10.0), lambda x: skfuzzy.trimf(x, [0, 10, 10])),
        ("trapezoidal", (0.0, 20.0, 30.0, 70.0), lambda x: skfuzzy.trapmf(x, [0, 20, 30, 70])),
        ("trapezoidal", (0.0, 0.0, 10.0, 10.0), lambda x: skfuzzy.trapmf(x, [0, 0, 10, 10])),
        ("gaussian", (50.0, 12.5), lambda x: skfuzzy.gaussmf(x, 50, 12.5)),
        ("bell", (15.0, 2.5, 50.0), lambda x: skfuzzy.gbellmf(x, 15, 2.5, 50)),
        ("sigmoid", (0.3, 50.0), lambda x: skfuzzy.sigmf(x, 50, 0.3)),
        ("sigmoid", (-0.3, 50.0), lambda x: skfuzzy.sigmf(x, 50, -0.3)),
        ("left_shoulder", (20.0, 40.0), lambda x: z_shape(x, 20, 40)),
        ("right_shoulder", (60.0, 80.0), lambda x: s_shape(x, 60, 80)),
    ],
)
def test_degrees_are_those_of_scikit_fuzzy(kind, parameters, theirs):
    ours = membership_degrees(Membership(kind, parameters), VALUES)
    np.testing.assert_allclose(ours, theirs(VALUES), atol=2e-6)
