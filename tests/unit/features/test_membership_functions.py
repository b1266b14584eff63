"""Memberships by value, against a scalar loop, and the messages of their specifications."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.catalogue.memberships import MEMBERSHIPS, SHORTHAND
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees


def degree(kind: str, parameters: tuple[float, ...], x: float) -> float:
    return float(membership_degrees(Membership(kind, parameters), x))


@pytest.mark.parametrize(
    ("kind", "parameters", "x", "expected"),
    [
        ("triangular", (0, 0, 10), 0, 1),
        ("triangular", (0, 0, 10), -1e-9, 0),
        ("triangular", (0, 0, 10), 2.5, 0.75),
        ("triangular", (0, 10, 10), 10, 1),
        ("triangular", (0, 10, 10), 10.001, 0),
        ("triangular", (0, 10, 30), 5, 0.5),
        ("triangular", (0, 10, 30), 20, 0.5),
        ("triangular", (0, 10, 30), 0, 0),
        ("triangular", (0, 10, 30), 30, 0),
        ("triangular", (0, 10, 30), -5, 0),
        ("triangular", (5, 5, 5), 5, 1),
        ("triangular", (5, 5, 5), 5.1, 0),
        ("trapezoidal", (0, 0, 10, 10), 0, 1),
        ("trapezoidal", (0, 0, 10, 10), 10, 1),
        ("trapezoidal", (0, 0, 10, 10), -0.1, 0),
        ("trapezoidal", (0, 0, 10, 10), 10.1, 0),
        ("trapezoidal", (0, 4, 6, 10), 1, 0.25),
        ("trapezoidal", (0, 4, 6, 10), 5, 1),
        ("trapezoidal", (0, 4, 6, 10), 9, 0.25),
        ("gaussian", (50, 10), 50, 1),
        ("gaussian", (50, 10), 60, math.exp(-0.5)),
        ("bell", (2, 4, 6), 6, 1),
        ("bell", (2, 4, 6), 8, 0.5),
        ("bell", (2, 4, 6), 4, 0.5),
        ("bell", (2, 4, 6), 1e300, 0),
        ("sigmoid", (2, 1), 1, 0.5),
        ("sigmoid", (2, 1), 2, 1 / (1 + math.exp(-2))),
        ("sigmoid", (-2, 1), 2, 1 / (1 + math.exp(2))),
        ("sigmoid", (2, 1), -1e300, 0),
        ("left_shoulder", (10, 20), -99, 1),
        ("left_shoulder", (10, 20), 10, 1),
        ("left_shoulder", (10, 20), 12.5, 0.75),
        ("left_shoulder", (10, 20), 20, 0),
        ("left_shoulder", (10, 10), 10, 1),
        ("left_shoulder", (10, 10), 10.1, 0),
        ("right_shoulder", (10, 20), 10, 0),
        ("right_shoulder", (10, 20), 12.5, 0.25),
        ("right_shoulder", (10, 20), 99, 1),
        ("right_shoulder", (10, 10), 10, 1),
        ("right_shoulder", (10, 10), 9.9, 0),
    ],
)
def test_degrees_by_value(kind, parameters, x, expected):
    assert degree(kind, parameters, x) == pytest.approx(expected, abs=1e-15)


def scalar_degree(kind, parameters, x):
    """The definitions, one value at a time."""
    if math.isnan(x):
        return math.nan
    if kind == "triangular":
        a, b, c = parameters
        return scalar_degree("trapezoidal", (a, b, b, c), x)
    if kind == "trapezoidal":
        a, b, c, d = parameters
        if x < a or x > d:
            return 0.0
        if x < b:
            return (x - a) / (b - a)
        return 1.0 if x <= c else (d - x) / (d - c)
    if kind == "left_shoulder":
        return scalar_degree("trapezoidal", (-math.inf, -math.inf, *parameters), x)
    if kind == "right_shoulder":
        return scalar_degree("trapezoidal", (*parameters, math.inf, math.inf), x)
    if kind == "gaussian":
        mu, sigma = parameters
        return math.exp(-((x - mu) ** 2) / (2 * sigma**2))
    if kind == "bell":
        a, b, c = parameters
        return 1 / (1 + abs((x - c) / a) ** (2 * b))
    slope, centre = parameters
    return 1 / (1 + math.exp(-slope * (x - centre)))


@st.composite
def memberships(draw: st.DrawFn) -> Membership:
    kind = draw(st.sampled_from(sorted(MEMBERSHIPS)))
    number = st.integers(-40, 40).map(lambda value: value / 2)
    if kind == "gaussian":
        return Membership(kind, (draw(number), draw(st.floats(0.1, 50))))
    if kind == "bell":
        return Membership(kind, (draw(st.floats(0.1, 50)), draw(st.floats(0.5, 5)), draw(number)))
    if kind == "sigmoid":
        return Membership(kind, (draw(st.floats(0.01, 5)), draw(number)))
    count = len(MEMBERSHIPS[kind].parameters)
    return Membership(kind, tuple(sorted(draw(st.lists(number, min_size=count, max_size=count)))))


values = st.lists(
    st.integers(-60, 60).map(lambda value: value / 2) | st.floats(-30, 30) | st.just(math.nan), max_size=30
)


@given(memberships(), values)
def test_columns_agree_with_a_scalar_loop(membership, xs):
    assert MEMBERSHIPS[membership.type].check(membership.parameters) is None
    degrees = membership_degrees(membership, xs)
    expected = [scalar_degree(membership.type, membership.parameters, x) for x in xs]
    np.testing.assert_allclose(degrees, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(degrees, [float(membership_degrees(membership, x)) for x in xs])


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from(sorted(MEMBERSHIPS)), st.lists(finite, min_size=4, max_size=4), st.lists(finite, max_size=8))
def test_degrees_lie_between_0_and_1_for_any_numbers_that_pass_the_check(kind, numbers, xs):
    spec = MEMBERSHIPS[kind]
    parameters = tuple(sorted(numbers)[: len(spec.parameters)])
    if spec.check(parameters) is None:
        degrees = membership_degrees(Membership(kind, parameters), xs)
        assert ((degrees >= 0) & (degrees <= 1)).all()


@pytest.mark.parametrize("kind", ["triangular", "gaussian"])
def test_long_columns_are_written_chunk_by_chunk_into_the_given_one(kind):
    draw = np.random.default_rng(5)
    xs = draw.normal(50, 30, 70_011)
    xs[[0, 32_767, 32_768, 70_010]] = np.nan
    membership = Membership(kind, (20.0, 50.0, 80.0) if kind == "triangular" else (50.0, 12.0))
    out = np.full(len(xs), -1, dtype=np.float32)
    assert membership_degrees(membership, xs, out=out) is out
    expected = np.array([scalar_degree(kind, membership.parameters, x) for x in xs]).astype(np.float32)
    np.testing.assert_allclose(out, expected, atol=2**-23)
    assert np.flatnonzero(np.isnan(out)).tolist() == [0, 32_767, 32_768, 70_010]


def test_shapes_are_kept_and_the_input_is_not_touched():
    xs = np.linspace(0, 10, 12).reshape(3, 4)
    before = xs.copy()
    assert membership_degrees(Membership("triangular", (0, 5, 10)), xs).shape == (3, 4)
    np.testing.assert_array_equal(xs, before)
    assert membership_degrees(Membership("triangular", (0, 5, 10)), []).shape == (0,)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("triangular", (30, 20, 10), "triangular must be in order a <= b <= c; found [30, 20, 10]"),
        ("triangular", (1, 2), "triangular takes 3 numbers [a, b, c]; found 2"),
        ("trapezoidal", (0, 2, 1, 3), "trapezoidal must be in order a <= b <= c <= d; found [0, 2, 1, 3]"),
        ("gaussian", (5, 0), "gaussian needs sigma above 0; found [5, 0]"),
        ("gaussian", (math.nan, 1), "gaussian takes numbers from -1e+30 to 1e+30; found [nan, 1]"),
        ("triangular", (0, 1, 1e31), "triangular takes numbers from -1e+30 to 1e+30; found [0, 1, 1e+31]"),
        ("bell", (0, 1, 2), "bell needs a and b above 0; found [0, 1, 2]"),
        ("sigmoid", (0, 1), "sigmoid needs a slope other than 0; found [0, 1]"),
        ("left_shoulder", (2, 1), "left_shoulder must be in order a <= b; found [2, 1]"),
        ("right_shoulder", (), "right_shoulder takes 2 numbers [a, b]; found 0"),
    ],
)
def test_what_contradicts_itself_is_said(kind, parameters, message):
    assert MEMBERSHIPS[kind].check(parameters) == message


@pytest.mark.parametrize(("count", "kind"), [(3, "triangular"), (4, "trapezoidal"), (2, "gaussian")])
def test_bare_lists(count, kind):
    assert SHORTHAND[count] == kind
    assert len(MEMBERSHIPS[kind].parameters) == count


def test_there_are_no_other_bare_lists():
    assert sorted(SHORTHAND) == [2, 3, 4]
    assert all(name == spec.name for name, spec in MEMBERSHIPS.items())
