"""Fuzzy sets fitted to values: by value on known distributions, and laws on any."""

from __future__ import annotations

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.features.quantile_fit import fit_to_quantiles
from ktrdr.domain.features.set_use import measure_use
from ktrdr.domain.strategy.document import MembershipFunction

EVEN = np.linspace(0.0, 100.0, 100_001)
THREE = (
    MembershipFunction("low", "triangular", (0, 20, 40)),
    MembershipFunction("middle", "triangular", (30, 50, 70)),
    MembershipFunction("high", "triangular", (60, 80, 100)),
)
WRITTEN = {
    "triangular": (-1.0, 0.0, 1.0),
    "trapezoidal": (-2.0, -1.0, 1.0, 2.0),
    "gaussian": (0.0, 1.0),
    "bell": (1.0, 2.0, 0.0),
    "sigmoid": (1.0, 0.0),
    "left_shoulder": (-1.0, 1.0),
    "right_shoulder": (-1.0, 1.0),
}


def of_kinds(*kinds: str) -> tuple[MembershipFunction, ...]:
    return tuple(MembershipFunction(f"m{place}", kind, WRITTEN[kind]) for place, kind in enumerate(kinds))


def degree(kind: str, parameters: tuple[float, ...], at: float) -> float:
    return float(membership_degrees(Membership(kind, parameters), np.array([at]))[0])


def test_thirds_of_an_even_distribution() -> None:
    fitted = fit_to_quantiles(THREE, EVEN)
    assert fitted == (
        pytest.approx((-16.7, 16.7, 50.0)),
        pytest.approx((16.7, 50.0, 83.3)),
        pytest.approx((50.0, 83.3, 116.7)),
    )


def test_shoulders_and_trapezoids_of_an_even_distribution() -> None:
    kinds = ("left_shoulder", "trapezoidal", "right_shoulder")
    assert fit_to_quantiles(of_kinds(*kinds), EVEN) == ((25.0, 41.7), (25.0, 41.7, 58.3, 75.0), (58.3, 75.0))


def test_a_normal_distribution_has_its_quantiles() -> None:
    values = np.random.default_rng(1).normal(10.0, 2.0, 200_000)
    fitted = fit_to_quantiles(of_kinds("left_shoulder", "right_shoulder"), values)
    assert fitted is not None
    quartile = 0.318639  # of the standard normal at 0.625
    assert fitted[0] == pytest.approx((10 - 2 * quartile, 10 + 2 * quartile), abs=0.03)
    assert fitted[1] == fitted[0]


def test_an_outer_plateau_that_is_wide_enough_stays() -> None:
    written = (MembershipFunction("low", "trapezoidal", (-5, -5, 10, 20)), THREE[2])
    fitted = fit_to_quantiles(written, EVEN)
    assert fitted is not None
    assert fitted[0][:2] == (-5, -5)
    narrow = (MembershipFunction("low", "trapezoidal", (10, 15, 20, 30)), THREE[2])
    fitted = fit_to_quantiles(narrow, EVEN)
    assert fitted is not None
    assert degree("trapezoidal", fitted[0], 0.0) == 1.0


def test_order_along_the_axis_is_what_was_written_not_the_order_of_names() -> None:
    fitted = fit_to_quantiles(THREE[::-1], EVEN)
    assert fitted is not None
    assert fitted[::-1] == fit_to_quantiles(THREE, EVEN)


def test_few_distinct_values_get_their_own_peaks() -> None:
    values = np.array([0.0] * 96 + [100.0] * 2 + [-100.0] * 2)
    assert fit_to_quantiles(THREE, values) == ((-100, -100, 0), (-100, 0, 100), (0, 100, 100))


@pytest.mark.parametrize("values", [[], [1.0, 1.0], [np.nan, 2.0, np.inf]])
def test_nothing_is_proposed_without_two_values(values: list[float]) -> None:
    assert fit_to_quantiles(THREE, np.array(values)) is None


@pytest.mark.parametrize("kind", WRITTEN)
def test_every_kind_crosses_its_neighbour_at_a_half(kind: str) -> None:
    low, high = ("sigmoid", (-1.0, -3.0)) if kind == "sigmoid" else (kind, WRITTEN[kind]), (kind, WRITTEN[kind])
    pair = (MembershipFunction("a", *low), MembershipFunction("b", *high))
    if kind in {"left_shoulder", "right_shoulder"}:
        pair = of_kinds("left_shoulder", "right_shoulder")
    fitted = fit_to_quantiles(pair, EVEN)
    assert fitted is not None
    assert [degree(item.type, numbers, 50.0) for item, numbers in zip(pair, fitted, strict=True)] == pytest.approx(
        [0.5, 0.5], abs=2e-3
    )


@settings(max_examples=examples(150))
@given(
    st.lists(st.sampled_from(sorted(WRITTEN)), min_size=1, max_size=6),
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=40),
    st.integers(1, 5),
)
def test_proposals_are_valid_and_ordered(kinds: list[str], values: list[float], repeats: int) -> None:
    data = np.array(values * repeats)
    written = of_kinds(*kinds)
    fitted = fit_to_quantiles(written, data)
    if len(set(values)) < 2:
        assert fitted is None
        return
    assert fitted is not None
    assert [MEMBERSHIPS[kind].check(numbers) for kind, numbers in zip(kinds, fitted, strict=True)] == [None] * len(
        kinds
    )
    peaks = [numbers[1] for kind, numbers in zip(kinds, fitted, strict=True) if kind == "triangular"]
    assert peaks == sorted(peaks)


@settings(max_examples=examples(60))
@given(st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_no_proposed_membership_is_dead_and_every_row_is_covered(count: int, seed: int) -> None:
    values = np.random.default_rng(seed).gamma(2.0, 3.0, 500)
    fitted = fit_to_quantiles(of_kinds(*["triangular"] * count), values)
    assert fitted is not None
    use = measure_use(
        [MembershipFunction(str(place), "triangular", numbers) for place, numbers in enumerate(fitted)],
        values.astype(np.float32),
    )
    assert use.uncovered == 0.0
    assert not any(item.dead or item.constant for item in use.memberships)
    assert min(item.strongest for item in use.memberships) > 0.5 / count


def test_use_by_value() -> None:
    use = measure_use(
        [
            MembershipFunction("a", "triangular", (0, 1, 2)),
            MembershipFunction("b", "triangular", (1, 2, 3)),
            MembershipFunction("never", "triangular", (8, 9, 10)),
        ],
        np.array([0.5, 1.5, 2.5, 5.0], dtype=np.float32),
    )
    assert use.uncovered == 0.25
    a, b, never = use.memberships
    assert (a.mean, a.highest, a.strongest, a.dead) == (0.25, 0.5, 0.5, False)
    assert (b.mean, b.strongest) == (0.25, 0.5)
    assert never.dead
    assert not never.constant
    always = measure_use([MembershipFunction("always", "left_shoulder", (20, 30))], np.ones(3, dtype=np.float32))
    assert always.memberships[0].constant
