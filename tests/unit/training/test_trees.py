"""Trees as arrays: what is none is refused, and one forward says what a walk down each tree says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.grown import outputs_of, random_trees

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.tree_outputs import TreeOutputs
from ktrdr.domain.training.trees import LAYOUT, Trees

KINDS: dict[str, dict[str, Any]] = {
    "an output a tree": {},
    "all outputs": {"says_all": True},
    "averaged": {"says_all": True, "averaged": True},
    "one output": {"n_outputs": 1},
    "float32": {"precision": "float32"},
    "categories": {"n_sets": 4},
    "one tree": {"n_trees": 1, "n_outputs": 1},
}


def inputs_of(n_rows: int, n_features: int = 5, seed: int = 3) -> Any:
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=(n_rows, n_features)) * 3, 1).astype(np.float32)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("seed", range(5))
def test_outputs_are_those_of_a_walk_down_each_tree_to_the_bit(kind: dict[str, Any], seed: int) -> None:
    trees, inputs = random_trees(seed, **kind), inputs_of(40)
    expected = np.stack([outputs_of(trees, row) for row in inputs])
    assert TreeOutputs(trees)(inputs).tobytes() == expected.tobytes()


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_row_alone_is_the_row_of_a_batch_to_the_bit(kind: dict[str, Any]) -> None:
    outputs, inputs = TreeOutputs(random_trees(1, n_trees=40) if not kind else random_trees(1, **kind)), inputs_of(3000)
    whole = outputs(inputs)
    assert np.concatenate([outputs(inputs[i : i + 1]) for i in range(0, 3000, 97)]).tobytes() == whole[::97].tobytes()
    assert outputs(np.asfortranarray(inputs)).tobytes() == whole.tobytes()
    assert outputs(inputs[:0]).shape == (0, whole.shape[1])


@pytest.mark.parametrize("threshold", [0.1, -0.1, 0.0, 1e300, -1e300, 1e-300, -1e-300, 1e-46, float(np.float32(0.1))])
def test_thresholds_between_float32_numbers_part_what_lies_on_either_side(threshold: float) -> None:
    trees = stump(threshold=threshold)
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
    beside = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    values = np.array([value for value in beside if np.isfinite(value)], dtype=np.float32)[:, None]
    assert TreeOutputs(trees)(values)[:, 0].tolist() == [-1.0 if float(v) <= threshold else 1.0 for v in values[:, 0]]


def stump(**changes: Any) -> Trees:
    """One split of one column: -1 to the left, 1 to the right."""
    made = Trees(
        feature=np.array([0, -1, -1], dtype=np.int32),
        threshold=np.array([changes.pop("threshold", 0.5), 0, 0]),
        left=np.array([1, -1, -1], dtype=np.int32),
        right=np.array([2, -1, -1], dtype=np.int32),
        missing_left=np.array([True, False, False]),
        category=np.full(3, -1, dtype=np.int32),
        categories=np.zeros((0, 0), dtype=np.bool_),
        value=np.array([[0.0], [-1.0], [1.0]]),
        cover=np.array([3.0, 2.0, 1.0]),
        root=np.zeros(1, dtype=np.int32),
        output=np.zeros(1, dtype=np.int32),
        base=np.zeros(1),
        n_features=1,
    )
    return replace(made, **changes)


def put(name: str, place: Any, value: Any) -> Callable[[Trees], dict[str, Any]]:
    def spoil(trees: Trees) -> dict[str, Any]:
        array = getattr(trees, name).copy()
        array[place] = value
        return {name: array}

    return spoil


def whole(name: str, change: Callable[[Any], Any]) -> Callable[[Trees], dict[str, Any]]:
    return lambda trees: {name: change(getattr(trees, name))}


WRONG: dict[str, tuple[Callable[[Trees], dict[str, Any]], str]] = {
    "a child of itself": (put("left", 0, 0), "left must name later nodes"),
    "a child that is not there": (put("right", 0, 3), "right must name later nodes"),
    "a leaf with a child": (put("left", 1, 2), "left must name later nodes"),
    "a child of two sides": (put("left", 0, 2), "every node just once"),
    "a column that is not there": (put("feature", 0, 1), "feature must be -1 to 0, found -1 to 1"),
    "a column below -1": (put("feature", 0, -2), "feature must be"),
    "a split that is a leaf": (put("feature", 0, -1), "left must name"),
    "a root that is not there": (put("root", 0, 9), "every node just once"),
    "a negative root": (put("root", 0, -1), "every node just once"),
    "an output that is not there": (put("output", 0, 1), "output must be 0 to 0"),
    "no tree": (whole("root", lambda root: root[:0]), "root names no tree"),
    "no output": (whole("base", lambda base: base[:0]), "base names no output"),
    "no value": (whole("value", lambda value: value[:, :0]), "value must be 1 wide"),
    "another number of trees": (whole("output", lambda output: np.repeat(output, 2)), "output needs a number a tree"),
    "a category that is not there": (put("category", 0, 0), "category must be -1 to -1"),
    "NaN as a threshold": (put("threshold", 0, np.nan), "threshold holds numbers that are not finite"),
    "an infinite leaf": (put("value", 1, np.inf), "value holds numbers that are not finite"),
    "leaves beyond all bounds": (put("value", slice(1, 3), 1e308), "adds up to more than a float64"),
    "an infinite base": (put("base", 0, -np.inf), "base holds numbers"),
    "a negative cover": (put("cover", 1, -1), "cover must be 0 or more"),
    "a leaf with a threshold": (put("threshold", 1, 0.5), "threshold must be 0"),
    "a split with a value": (put("value", 0, 1), "value must be 0"),
    "too few thresholds": (whole("threshold", lambda array: array[:2]), "threshold needs a row a node"),
    "another kind of number": (whole("left", lambda array: array.astype(np.int64)), "left must be int32"),
    "another shape": (whole("value", lambda array: array[:, 0]), "value must be float64 of 2 dimensions"),
    "an average from a base": (lambda _: {"averaged": True, "base": np.ones(1)}, "base must be 0 where"),
    "another precision": (lambda _: {"precision": "float16"}, "precision must be one of"),
}


@pytest.mark.parametrize(("spoil", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_tree_is_refused(spoil: Callable[[Trees], dict[str, Any]], said: str) -> None:
    trees = stump()
    with pytest.raises(InvalidInput, match=said):
        replace(trees, **spoil(trees))


def test_float32_sums_may_not_overflow() -> None:
    with pytest.raises(InvalidInput, match="more than a float32"):
        stump(precision="float32", value=np.array([[0.0], [3e38], [3e38]]))


def test_arrays_by_name_make_equal_trees() -> None:
    trees = random_trees(2, n_sets=3)
    arrays = trees.arrays
    assert arrays.keys() == LAYOUT.keys()
    again = Trees.from_arrays(arrays, trees.n_features, averaged=False)
    assert TreeOutputs(again)(inputs_of(20)).tobytes() == TreeOutputs(trees)(inputs_of(20)).tobytes()
    del arrays["cover"]
    with pytest.raises(InvalidInput, match="missing: \\['cover'\\]"):
        Trees.from_arrays(arrays, trees.n_features, averaged=False)


def test_other_number_of_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="takes 1 features per row"):
        TreeOutputs(stump())(np.zeros((2, 3), dtype=np.float32))
