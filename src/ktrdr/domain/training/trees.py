"""Decision trees as flat arrays, whoever has grown them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Floats, Int32s
from ktrdr.domain.errors import InvalidInput

Precision = Literal["float32", "float64"]
LAYOUT: Mapping[str, tuple[type[np.generic], int]] = {
    "feature": (np.int32, 1),
    "threshold": (np.float64, 1),
    "left": (np.int32, 1),
    "right": (np.int32, 1),
    "missing_left": (np.bool_, 1),
    "category": (np.int32, 1),
    "categories": (np.bool_, 2),
    "value": (np.float64, 2),
    "cover": (np.float64, 1),
    "root": (np.int32, 1),
    "output": (np.int32, 1),
    "base": (np.float64, 1),
}
"""Every array of `Trees`: kind of number and number of dimensions."""
_OF_NODES = ("feature", "threshold", "left", "right", "missing_left", "category", "value", "cover")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """All nodes of all trees, one tree after the other.

    At a node that is no leaf a row goes left if its value is at most the threshold, or its category is in the node's
    set; a NaN goes where `missing_left` says.

    Attributes
    ----------
    feature : ndarray of int32, shape (n_nodes,)
        Column that the node asks for; -1 for a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        0 for leaves and for nodes that ask for a category.
    left, right : ndarray of int32, shape (n_nodes,)
        Children, which always come after their parent; -1 for a leaf.
    missing_left : ndarray of bool, shape (n_nodes,)
    category : ndarray of int32, shape (n_nodes,)
        Row of `categories` that goes left; -1 where a threshold decides.
    categories : ndarray of bool, shape (n_sets, n_categories)
        A category that is not among them goes right.
    value : ndarray of float64, shape (n_nodes, width)
        What a leaf says: of one output, or of all. 0 for other nodes.
    cover : ndarray of float64, shape (n_nodes,)
        What the train rows that came through the node weigh, as its grower counts them.
    root : ndarray of int32, shape (n_trees,)
    output : ndarray of int32, shape (n_trees,)
        Which output each tree adds to; 0 where its leaves say something of all outputs.
    base : ndarray of float64, shape (n_outputs,)
        What the trees are added to; 0 where they are averaged.
    precision : str
        In which numbers they are added up, one tree after the other.
    averaged : bool
        Whether the sum is divided by the number of trees.
    n_features : int
        Number of input columns.

    Raises
    ------
    InvalidInput
        If an array is not of its kind and shape, a number is not finite, or the nodes are not trees: each is a root,
        or the child of one node before it.
    """

    feature: Int32s
    threshold: Floats
    left: Int32s
    right: Int32s
    missing_left: Bools
    category: Int32s
    categories: Bools
    value: Floats
    cover: Floats
    root: Int32s
    output: Int32s
    base: Floats
    n_features: int
    precision: Precision = "float64"
    averaged: bool = False

    def __post_init__(self) -> None:
        self._check_shapes()
        self._check_nodes()
        self._check_numbers()

    @classmethod
    def from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], n_features: int, precision: Precision = "float64", *, averaged: bool
    ) -> Trees:
        """Return the trees whose `arrays` gave these.

        Raises
        ------
        InvalidInput
            If there are others than those of `LAYOUT`, or they are no trees.
        """
        if arrays.keys() != LAYOUT.keys():
            missing, unknown = sorted(LAYOUT.keys() - arrays.keys()), sorted(arrays.keys() - LAYOUT.keys())
            raise InvalidInput(f"trees: arrays that are missing: {missing[:3]}, that trees have not: {unknown[:3]}")
        return cls(**arrays, n_features=n_features, precision=precision, averaged=averaged)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All arrays by name."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name in LAYOUT}

    @property
    def is_leaf(self) -> Bools:
        """Which nodes are leaves, shape (n_nodes,)."""
        leaves: Bools = self.feature < 0
        return leaves

    @property
    def says_all(self) -> bool:
        """Whether a leaf says something of every output."""
        return bool(self.value.shape[1] > 1)

    def _check_shapes(self) -> None:
        for name, (kind, n_dimensions) in LAYOUT.items():
            found = getattr(self, name)
            if found.dtype != kind or found.ndim != n_dimensions:
                wanted = f"{np.dtype(kind)} of {n_dimensions} dimensions"
                _refuse(name, f"must be {wanted}, found {found.dtype} of {found.ndim}")
        for name in _OF_NODES:
            _require(len(getattr(self, name)) == len(self.feature), name, f"needs a row a node, of {len(self.feature)}")
        _require(len(self.root) > 0, "root", "names no tree")
        _require(len(self.output) == len(self.root), "output", f"needs a number a tree, of {len(self.root)}")
        _require(len(self.base) > 0, "base", "names no output")
        is_plain = bool(len(self.categories)) or self.categories.shape == (0, 0)
        _require(is_plain, "categories", "must be (0, 0) in shape where there are no sets")
        allowed = {1, len(self.base)}
        _require(self.value.shape[1] in allowed, "value", f"must be {' or '.join(map(str, sorted(allowed)))} wide")
        _require(self.precision in get_args(Precision), "precision", f"must be one of {get_args(Precision)}")

    def _check_nodes(self) -> None:
        is_leaf, count = self.is_leaf, len(self.feature)
        inner = ~is_leaf
        _require_within("feature", self.feature, -1, self.n_features)
        for name in ("left", "right"):
            child = getattr(self, name)
            is_after = (child > np.arange(count)) & (child < count)
            _require(np.where(is_leaf, child == -1, is_after).all(), name, "must name later nodes, and -1 in leaves")
        reached = np.concatenate([self.root, self.left[inner], self.right[inner]])
        is_once = len(reached) == count and np.array_equal(np.sort(reached), np.arange(count))
        _require(is_once, "root", "and children must name every node just once")
        _require_within("output", self.output, 0, 1 if self.says_all else len(self.base))
        _require_within("category", self.category, -1, len(self.categories))
        by_category = self.category >= 0
        _require(not (is_leaf & by_category).any(), "category", "must be -1 in leaves")
        _require(not self.threshold[is_leaf | by_category].any(), "threshold", "must be 0 where it decides nothing")
        _require(not self.value[inner].any(), "value", "must be 0 where there is no leaf")

    def _check_numbers(self) -> None:
        for name in ("threshold", "value", "cover", "base"):
            _require(np.isfinite(getattr(self, name)).all(), name, "holds numbers that are not finite")
        _require((self.cover >= 0).all(), "cover", "must be 0 or more")
        _require(not (self.averaged and self.base.any()), "base", "must be 0 where trees are averaged")
        with np.errstate(over="ignore"):
            largest = np.abs(self.value).sum() + np.abs(self.base).sum()
        _require(largest <= np.finfo(self.precision).max, "value", f"adds up to more than a {self.precision} can hold")


def _refuse(name: str, wrong: str) -> None:
    raise InvalidInput(f"trees: {name} {wrong}")


def _require(is_right: Any, name: str, wanted: str) -> None:
    if not is_right:
        _refuse(name, wanted)


def _require_within(name: str, numbers: Int32s, low: int, end: int) -> None:
    if len(numbers) and not low <= numbers.min() <= numbers.max() < end:
        _refuse(name, f"must be {low} to {end - 1}, found {numbers.min()} to {numbers.max()}")
