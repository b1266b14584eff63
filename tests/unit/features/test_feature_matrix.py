"""Rows of the matrix: what is dropped, counted, refused, and what is a view."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.features import random_bars

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.matrix import FeatureMatrix

NAN, INF = np.nan, np.inf


def columns(*values: list[float]) -> np.ndarray:
    return np.array(values, dtype=np.float32).T


def usable(values: np.ndarray) -> FeatureMatrix:
    ids = [f"f{place}" for place in range(values.shape[1])]
    return FeatureMatrix.of_usable_rows(values, ids, random_bars(len(values)))


def test_leading_rows_are_warmup_and_the_rest_is_a_view():
    values = columns([NAN, 1, 2, 3], [NAN, NAN, 5, 6])
    matrix = usable(values)
    assert matrix.values.tolist() == [[2, 5], [3, 6]]
    assert (matrix.warmup_rows, matrix.unusable_rows) == (2, 0)
    assert matrix.base_rows.tolist() == [2, 3]
    assert matrix.stamps.tolist() == random_bars(4).stamps[2:].tolist()
    assert matrix.known_at.tolist() == random_bars(4).known_at[2:].tolist()
    assert np.shares_memory(matrix.values, values)


@pytest.mark.parametrize("gap", [NAN, INF, -INF])
def test_later_gaps_are_dropped_and_counted_apart(gap):
    matrix = usable(columns([NAN, 1, 2, gap, 4], [1, 2, gap, 4, 5]))
    assert matrix.values.tolist() == [[1, 2], [4, 5]]
    assert (matrix.warmup_rows, matrix.unusable_rows) == (1, 2)
    assert matrix.base_rows.tolist() == [1, 4]
    assert matrix.values.flags.f_contiguous


def test_where_no_row_is_usable_all_are_warmup():
    for values in (columns([NAN, NAN], [1, 2]), columns([NAN, 1], [1, NAN]), columns([], [])):
        matrix = usable(values)
        assert len(matrix) == 0
        assert (matrix.warmup_rows, matrix.unusable_rows) == (len(values), 0)


def test_a_matrix_without_features_keeps_every_row():
    assert len(usable(np.empty((3, 0), dtype=np.float32))) == 3


def test_a_long_warmup_is_found_across_blocks():
    values = columns([NAN] * 2050 + [1.0] * 10)
    assert usable(values).warmup_rows == 2050


entries = st.sampled_from([1.0, 2.0, NAN, INF, -INF, 3e38])


@given(st.lists(st.tuples(entries, entries), max_size=12))
def test_rows_and_counts_agree_with_a_loop(rows):
    matrix = usable(np.array(rows, dtype=np.float32).reshape(len(rows), 2))
    good = [place for place, row in enumerate(rows) if np.isfinite(row).all()]
    assert matrix.base_rows.tolist() == good
    np.testing.assert_array_equal(matrix.values, np.array([rows[place] for place in good], np.float32).reshape(-1, 2))
    assert matrix.warmup_rows == (good[0] if good else len(rows))
    assert matrix.warmup_rows + matrix.unusable_rows + len(matrix) == len(rows)


def test_a_value_that_is_not_finite_is_refused_by_name():
    moments = np.arange(2, dtype=np.int64)
    for value in (NAN, INF, -INF):
        with pytest.raises(InvalidInput, match="column 'b' holds values that are not finite"):
            FeatureMatrix(columns([1, 2], [1, value]), ("a", "b"), moments, moments, moments)


def test_values_whose_sum_overflows_are_finite_all_the_same():
    assert len(usable(columns([3e38, 3e38, 3e38]))) == 3


@pytest.mark.parametrize(("ids", "moments"), [(("a",), 2), (("a", "a"), 2), (("a", "b"), 3)])
def test_shapes_and_ids_that_disagree_are_refused(ids, moments):
    index = np.arange(moments, dtype=np.int64)
    with pytest.raises(InvalidInput):
        FeatureMatrix(columns([1, 2], [3, 4]), ids, index, index, index)


def test_select_reorders_warns_of_extra_columns_and_names_missing_ones():
    matrix = usable(columns([1, 2], [3, 4], [5, 6]))
    with pytest.warns(UserWarning, match=r"dropped 1 columns that nobody asked for: \['f1'\]"):
        chosen = matrix.select(["f2", "f0"])
    assert chosen.ids == ("f2", "f0")
    assert chosen.values.tolist() == [[5, 1], [6, 2]]
    assert matrix.select(matrix.ids) is matrix
    with pytest.raises(InvalidInput, match=r"lacks 'f22' \(1 missing\); did you mean 'f2'\?"):
        matrix.select(["f22"])


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([False, True, True]), np.array([1, 2])], ids=type)
def test_take_keeps_columns_contiguous(rows):
    matrix = usable(columns([1, 2, 3], [4, 5, 6])).take(rows)
    assert matrix.values.tolist() == [[2, 5], [3, 6]]
    assert matrix.base_rows.tolist() == [1, 2]
    assert all(column.flags.c_contiguous for column in matrix.values.T)
