"""Learnable memberships: exact at the start, in order always, and the same numbers as numpy's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.models.torch.fuzzify import Fuzzify
from ktrdr.adapters.models.torch.shapes import SHAPES
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import Fuzzified
from ktrdr.domain.features.memberships import membership_degrees

WRITTEN = {
    "triangular": (10.0, 30.0, 45.0),
    "trapezoidal": (5.0, 20.0, 40.0, 60.0),
    "gaussian": (50.0, 12.0),
    "bell": (15.0, 2.5, 50.0),
    "sigmoid": (-0.2, 40.0),
    "left_shoulder": (20.0, 35.0),
    "right_shoulder": (65.0, 80.0),
}
KINDS = sorted(WRITTEN)
GRID = np.linspace(-20, 120, 561, dtype=np.float32)


def one(kind: str, *parameters: float) -> Fuzzify:
    return Fuzzify([Fuzzified(0, Membership(kind, parameters or WRITTEN[kind]), ("set", "part"))])


def degrees(layer: Fuzzify, values: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return layer(torch.from_numpy(values)[:, None]).numpy()[:, 0]


def by_numpy(membership: Membership, values: np.ndarray) -> np.ndarray:
    return membership_degrees(membership, values)


def move(layer: Fuzzify, *moves: float) -> None:
    (parameter,) = layer.parameters()
    parameter.data.copy_(torch.tensor(moves)[:, None])


def test_every_kind_of_the_catalogue_is_there():
    assert SHAPES.keys() == MEMBERSHIPS.keys() == WRITTEN.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_before_any_step_a_set_is_the_written_one(kind):
    layer = one(kind)
    assert layer.tuned() == {("set", "part"): Membership(kind, WRITTEN[kind])}
    np.testing.assert_allclose(degrees(layer, GRID), by_numpy(Membership(kind, WRITTEN[kind]), GRID), atol=1e-7)


@st.composite
def memberships(draw: st.DrawFn) -> Membership:
    """Valid parameters in an indicator's own unit: far from 0, wide or narrow, with vertical edges."""
    kind = draw(st.sampled_from(KINDS))
    scale = 10.0 ** draw(st.integers(-4, 6))
    place = scale * draw(st.floats(-1000, 1000))
    widths = [scale * draw(st.one_of(st.just(0.0), st.floats(0.1, 50))) for _ in range(3)]
    if kind in {"gaussian", "bell", "sigmoid"}:
        size = scale * draw(st.floats(0.1, 50))
        steepness = draw(st.floats(0.1, 6))
        slope = draw(st.sampled_from([-1.0, 1.0])) / size
        return Membership(
            kind, {"gaussian": (place, size), "bell": (size, steepness, place), "sigmoid": (slope, place)}[kind]
        )
    feet = np.cumsum([place, *widths]).tolist()
    return Membership(kind, tuple(feet[: len(MEMBERSHIPS[kind].parameters)]))


def around(membership: Membership, tuned: Membership) -> np.ndarray:
    """Values over and beyond both functions, their corners among them, as the float32 that a matrix holds."""
    kind, numbers = membership.type, [*membership.parameters, *tuned.parameters]
    if kind in {"gaussian", "bell", "sigmoid"}:
        shape = [SHAPES[kind].natural(*item.parameters) for item in (membership, tuned)]
        centres, sizes = [item[0] for item in shape], [SHAPES[kind].unit(*item) for item in shape]
        low, high = min(centres) - 5 * max(sizes), max(centres) + 5 * max(sizes)
        numbers = centres
    else:
        low, high = min(numbers), max(numbers)
    room = (high - low) or 1.0
    return np.array([*np.linspace(low - room / 5, high + room / 5, 101), *numbers], dtype=np.float32)


@settings(max_examples=examples(120))
@given(memberships(), st.lists(st.floats(-4, 4), min_size=4, max_size=4))
def test_tuned_sets_mean_the_same_in_torch_and_in_numpy(written, moves):
    layer = one(written.type, *written.parameters)
    move(layer, *moves[: len(written.parameters)])
    (tuned,) = layer.tuned().values()
    values = around(written, tuned)
    np.testing.assert_allclose(degrees(layer, values), by_numpy(tuned, values), atol=1e-6)


@settings(max_examples=examples(60))
@given(memberships(), st.lists(st.floats(-1e4, 1e4), min_size=4, max_size=4))
def test_a_tuned_set_is_one_that_could_be_written(written, moves):
    layer = one(written.type, *written.parameters)
    move(layer, *moves[: len(written.parameters)])
    (tuned,) = layer.tuned().values()
    assert MEMBERSHIPS[written.type].check(tuned.parameters) is None
    if written.type in {"triangular", "trapezoidal", "left_shoulder", "right_shoulder"}:
        was, now = ([low == high for low, high in pairwise(item.parameters)] for item in (written, tuned))
        assert all(after for before, after in zip(was, now, strict=True) if before)


@settings(max_examples=examples(15))
@given(st.sampled_from(KINDS), st.integers(0, 1000))
def test_order_is_kept_after_many_wild_steps(kind, seed):
    layer, rng = one(kind), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.3)
    values = torch.rand(64, 1, generator=rng) * 140 - 20
    for _ in range(60):
        optimizer.zero_grad()
        wanted = torch.rand(64, 1, generator=rng)
        ((layer(values) - wanted) ** 2).sum().backward()
        optimizer.step()
    (tuned,) = layer.tuned().values()
    assert MEMBERSHIPS[kind].check(tuned.parameters) is None
    assert tuned.parameters != WRITTEN[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_the_slopes(kind):
    layer, step = one(kind), 1e-5
    (parameter,) = layer.parameters()
    parameter.data = torch.full_like(parameter.data, 0.25, dtype=torch.float64)
    values = torch.linspace(-3.3, 103.7, 41, dtype=torch.float64)[:, None]
    slopes = torch.autograd.functional.jacobian(
        lambda moves: torch.func.functional_call(layer, {f"moves.{kind}": moves}, (values,))[:, 0], parameter.data
    )
    for place in range(len(parameter)):
        ends = []
        for sign in (1, -1):
            moved = parameter.data.clone()
            moved[place] += sign * step
            ends.append(torch.func.functional_call(layer, {f"moves.{kind}": moved}, (values,))[:, 0])
        np.testing.assert_allclose(slopes[:, place, 0], (ends[0] - ends[1]) / (2 * step), atol=1e-6)
        assert slopes[:, place].abs().max() > 0.05


def test_no_gradient_is_lost_far_away_or_on_a_corner():
    """What the optimizer is given is a number, also where a power or a division could run out of range."""
    values = torch.tensor([-1e30, -1e6, 0.0, 10.0, 30.0, 40.0, 45.0, 50.0, 1e6, 1e30])[:, None]
    for kind in KINDS:
        layer = one(kind)
        layer(values).sum().backward()
        (parameter,) = layer.parameters()
        assert torch.isfinite(parameter.grad).all(), kind


def test_a_vertical_edge_stays_one_and_its_peak_counts():
    layer = one("triangular", 0.0, 0.0, 10.0)
    assert degrees(layer, np.array([-0.01, 0.0, 5.0, 10.0], dtype=np.float32)).tolist() == [0.0, 1.0, 0.5, 0.0]
    move(layer, 0.5, 2.0, 0.0)
    assert layer.tuned() == {("set", "part"): Membership("triangular", (2.5, 2.5, 12.5))}


def test_sizes_are_multiplied_and_places_shifted_by_the_sets_own_width():
    layer = one("gaussian", 50.0, 12.0)
    move(layer, 0.25, 0.75)
    assert layer.tuned()["set", "part"].parameters == (53.0, 24.0)
    move(layer, 0.0, -0.75)
    assert layer.tuned()["set", "part"].parameters == (50.0, 6.0)


def test_features_come_in_grammar_order_and_timeframes_share_a_set():
    low, high = Membership("triangular", (0.0, 20.0, 40.0)), Membership("right_shoulder", (60.0, 80.0))
    plan = [
        Fuzzified(0, low, ("rsi", "low")),
        Fuzzified(0, high, ("rsi", "high")),
        Fuzzified(1),
        Fuzzified(2, low, ("rsi", "low")),
        Fuzzified(2, high, ("rsi", "high")),
    ]
    layer = Fuzzify(plan)
    row = torch.tensor([[10.0, -3.5, 70.0]])
    np.testing.assert_allclose(layer(row).detach(), [[0.5, 0, -3.5, 0, 0.5]])
    np.testing.assert_allclose(layer(row.expand(4, 2, 3)).detach()[3, 1], [0.5, 0, -3.5, 0, 0.5])
    assert sum(parameter.numel() for parameter in layer.parameters()) == 3 + 2
    assert list(layer.tuned()) == [("rsi", "low"), ("rsi", "high")]
