"""Drawn Shapley values, lines, groups and ranks against what is known by hand."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import numpy as np
import pytest

from ktrdr.domain.evaluation.explaining.dependence import dependence, inputs_of
from ktrdr.domain.evaluation.explaining.group_importance import group_importance
from ktrdr.domain.evaluation.explaining.grouping import Groups, grouped
from ktrdr.domain.evaluation.explaining.lime import lime
from ktrdr.domain.evaluation.explaining.naming import Meaning
from ktrdr.domain.evaluation.explaining.shapley import shapley_sampling
from ktrdr.domain.evaluation.explaining.stability import agreement, rank_intervals, ranks_in_words

RNG = np.random.default_rng(0)


def curved(samples: Any) -> Any:
    last, first = samples[:, -1].astype(float), samples[:, 0].astype(float)
    return last[:, 0] * last[:, 1] + np.sin(last[:, 2]) + 0.5 * last[:, 3] ** 2 * first[:, 0]


def by_subsets(function: Any, sample: Any, background: Any) -> Any:
    """Shapley values against the mean over a background, every subset of columns tried."""
    count = sample.shape[1]

    def game(known: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, :, list(known)] = sample[:, list(known)]
        return float(function(mixed).mean())

    found = np.zeros(count)
    for player in range(count):
        others = [one for one in range(count) if one != player]
        for size in range(count):
            for chosen in combinations(others, size):
                gain = game((*chosen, player)) - game(chosen)
                found[player] += gain / (count * comb(count - 1, size))
    return found


def test_drawn_shapley_values_add_up_and_come_to_those_of_all_subsets() -> None:
    sample, background = RNG.normal(size=(2, 4)).astype(np.float32), RNG.normal(size=(6, 2, 4)).astype(np.float32)
    found = shapley_sampling(curved, sample, background, np.arange(4), 3000, np.random.default_rng(1))
    every = by_subsets(curved, sample, background)
    assert found.base + found.values.sum() == pytest.approx(curved(sample[None])[0], abs=1e-5)
    assert found.starts + found.draws.sum(axis=1) == pytest.approx(np.full(3000, curved(sample[None])[0]), abs=1e-5)
    assert (np.abs(found.values - every) < 4 * found.errors + 1e-9).all()
    assert found.errors.max() < 0.05
    few = shapley_sampling(curved, sample, background, np.arange(4), 9, np.random.default_rng(2))
    again = shapley_sampling(curved, sample, background, np.arange(4), 9, np.random.default_rng(2))
    assert few.draws.tolist() == again.draws.tolist()


def test_columns_of_one_player_join_together() -> None:
    sample, background = np.ones((1, 3), dtype=np.float32), np.zeros((4, 1, 3), dtype=np.float32)
    found = shapley_sampling(
        lambda rows: rows[:, 0].prod(axis=1).astype(float), sample, background, np.array([0, 0, 1]), 4, RNG
    )
    assert found.values.tolist() == [0.5, 0.5]


def test_a_line_finds_the_slopes_of_a_linear_function() -> None:
    slopes, spread = np.array([2.0, -1.0, 0.0, 0.5]), np.array([1.0, 3.0, 2.0, 0.0])
    sample = RNG.normal(size=(3, 4)).astype(np.float32)
    found = lime(lambda rows: rows[:, -1].astype(float) @ slopes, sample, spread, range(5))
    assert found.slope == pytest.approx(slopes * spread, abs=2e-3)
    assert found.fit.min() > 0.999
    assert (found.in_common, found.unstable) == (1.0, False)


def test_a_line_through_what_is_not_linear_is_called_unstable() -> None:
    found = lime(
        lambda rows: np.sign(rows[:, -1].astype(float).prod(axis=1)),
        np.zeros((1, 8), dtype=np.float32),
        np.ones(8),
        range(5),
    )
    assert found.unstable
    assert found.fit.mean() < 0.5


def test_columns_of_one_name_and_columns_that_move_together_stand_in_one_group() -> None:
    base = RNG.normal(size=(200, 3)).astype(np.float32)
    noise = 0.05 * RNG.normal(size=200).astype(np.float32)
    values = np.column_stack([base[:, 0], base[:, 1], -base[:, 0] + noise, base[:, 2], np.ones(200)]).astype(np.float32)
    values[3, 1] = np.nan
    found = grouped(["rsi", "rsi", "macd", "time", "flat"], values)
    assert found.names == ("rsi + macd", "time", "flat")
    assert found.of_column.tolist() == [0, 0, 0, 1, 2]
    assert found.summed(np.arange(5.0)).tolist() == [3.0, 3.0, 4.0]
    assert grouped(["rsi", "rsi", "macd", "time", "flat"], values, 0.9999).names == ("rsi", "macd", "time", "flat")


def test_a_chain_of_correlations_is_one_group() -> None:
    step = RNG.normal(size=(4000, 3))
    one = step[:, 0]
    two, three = one + 0.4 * step[:, 1], one + 0.4 * step[:, 1] + 0.45 * step[:, 2]
    values = np.column_stack([one, two, three]).astype(np.float32)
    assert abs(np.corrcoef(values[:, 0], values[:, 2])[0, 1]) < 0.9
    assert grouped(["a", "b", "c"], values).names == ("a + b + c",)


def test_ranks_that_cannot_be_told_apart_are_ranges() -> None:
    draws = np.column_stack(
        [RNG.normal(9, 0.1, 50), RNG.normal(3, 1, 50), RNG.normal(3, 1, 50), RNG.normal(0, 0.1, 50)]
    )
    assert ranks_in_words(rank_intervals(draws)) == ("1", "2-3", "2-3", "4")
    assert ranks_in_words(rank_intervals(RNG.normal(size=(30, 3)) * 0.01)) == ("-", "-", "-")
    assert ranks_in_words(rank_intervals(np.array([[3.0, 1.0, 2.0]]))) == ("1", "3", "2")
    assert ranks_in_words(rank_intervals(np.array([[3.0, 1.0, 1.0 + 1e-9]]), 1e-6)) == ("1", "2-3", "2-3")
    shared = RNG.normal(size=(40, 1)) * 5  # what moves both alike does not hide their difference
    assert ranks_in_words(rank_intervals(shared + np.array([[1.0, 0.5]]))) == ("1", "2")


def test_draws_agree_or_not() -> None:
    same = np.tile(np.arange(8.0), (3, 1))
    assert agreement(same) == (1.0, pytest.approx(1.0))
    assert agreement(np.stack([np.arange(8.0), -np.arange(8.0)]), 4) == (0.0, pytest.approx(-1.0))


def test_shuffling_a_group_costs_what_it_says() -> None:
    samples = RNG.normal(size=(2000, 1, 3)).astype(np.float32)
    truth = samples[:, 0, 0] + samples[:, 0, 1]
    groups = Groups(("both", "none"), np.array([0, 0, 1]))
    found = group_importance(
        lambda rows: (rows[:, 0, 0] + rows[:, 0, 1] - truth).astype(float) ** 2, samples, groups, 5, RNG
    )
    assert found.loss == 0.0
    assert found.mean == pytest.approx([4.0, 0.0], abs=0.3)  # the squared difference of two draws of variance 2
    assert rank_intervals(found.rises).tolist() == [[1, 1], [2, 2]]


MEANINGS = (
    Meaning("a_low", "ind", "a", "a is low", "1h", 0),
    Meaning("a_high", "ind", "a", "a is high", "1h", 0),
    Meaning("b", "other", "b", "b", "", 0),
    Meaning("a_low_1", "ind", "a", "a is low", "1h", 1),
    Meaning("a_high_1", "ind", "a", "a is high", "1h", 1),
)


def test_dependence_is_the_mean_of_single_lines_made_by_a_loop() -> None:
    which = inputs_of(MEANINGS)
    assert [(one.name, one.terms) for one in which] == [("a on 1h", ("low", "high")), ("b", ())]
    assert which[0].columns.tolist() == [[0, 1], [3, 4]]
    samples, observed = RNG.uniform(0, 1, (7, 2, 5)).astype(np.float32), RNG.uniform(0, 1, (40, 5)).astype(np.float32)

    def outputs(rows: Any) -> Any:
        return np.stack([rows[:, :, 2].sum(axis=1) * rows[:, -1, 0], rows[:, -1, 4]], axis=1).astype(float)

    found = dependence(outputs, samples, observed, observed * 10, which[1])
    assert found is not None
    for place, value in enumerate(found.places):
        by_hand = [[2 * value / 10 * row[-1, 0], row[-1, 4]] for row in samples]
        assert found.lines[place] == pytest.approx(np.array(by_hand), abs=1e-5)
    assert found.mean == pytest.approx(found.lines.mean(axis=1))
    assert (np.diff(found.places) > 0).all()
    both = dependence(outputs, samples, observed, observed, which[0])
    assert both is not None
    assert 0 <= both.places[0] < both.places[-1] <= 1
    assert both.lines[:, :, 1].std(axis=1).max() < 1e-6  # the lags move with it


def test_what_never_changes_has_no_dependence_and_what_was_never_seen_is_counted() -> None:
    samples = RNG.normal(size=(20, 1, 2)).astype(np.float32)
    two = inputs_of((Meaning("x", "x", "x", "x", "", 0), Meaning("y", "y", "y", "y", "", 0)))
    flat = np.column_stack([np.ones(30), RNG.normal(size=30)]).astype(np.float32)
    assert dependence(lambda rows: rows[:, 0], samples, flat, flat, two[0]) is None
    line = np.linspace(-1, 1, 60)
    together = np.column_stack([line, line]).astype(np.float32)
    apart = dependence(lambda rows: rows[:, 0], together[::3, None], together, together, two[0])
    assert apart is not None
    assert apart.outside > 0.8
    near = RNG.uniform(-1, 1, (300, 2)).astype(np.float32)
    inside = dependence(lambda rows: rows[:, 0], near[::10, None], near, near, two[0])
    assert inside is not None
    assert inside.outside < 0.3
