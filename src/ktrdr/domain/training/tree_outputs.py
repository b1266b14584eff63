"""The one forward pass of decision trees: all trees at once, level by level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Float32s, Floats, Int32s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.trees import Trees

_AT_ONCE = 1 << 15
"""Pairs of row and tree that go down together: their numbers stay in the cache."""


class TreeOutputs:
    """What trees say of rows, to the bits of who has grown them.

    Parameters
    ----------
    trees : Trees

    Notes
    -----
    Values are compared as float32: a threshold becomes the largest float32 that is not above it, which no float32 can
    tell from the threshold. NaN becomes the infinity that goes where NaN goes. What trees say is added up one tree
    after the other, in the numbers that `Trees.precision` names, so that a row's outputs are its own to the last bit.
    """

    def __init__(self, trees: Trees) -> None:
        self.trees = trees
        count, is_leaf = len(trees.feature), trees.is_leaf
        depths = _depths(trees)
        self._order = np.argsort(-depths, kind="stable")
        self._rank = np.argsort(self._order, kind="stable")
        self._starts = 2 * trees.root[self._order].astype(np.intp)
        self._deeper = [int((depths > level).sum()) for level in range(int(depths.max(initial=0)))]
        own = np.arange(count, dtype=np.int32)
        sides = np.stack([np.where(is_leaf, own, trees.left), np.where(is_leaf, own, trees.right)], axis=1)
        self._next = (2 * sides.astype(np.intp)).reshape(-1)
        self._column = np.repeat(np.where(is_leaf, 0, 2 * trees.feature.astype(np.intp) + trees.missing_left), 2)
        self._threshold = np.repeat(_not_above(trees.threshold), 2)
        self._set = np.repeat(trees.category, 2) if len(trees.categories) else None
        self._goes_left = np.pad(trees.categories, ((0, 1), (0, 1)))
        number = np.dtype(trees.precision)
        self._value, self._base = trees.value.astype(number), trees.base.astype(number)
        self._of_output = [
            np.flatnonzero(trees.output == (0 if trees.says_all else output)) for output in range(len(trees.base))
        ]

    def __call__(self, inputs: Float32s) -> Floats:
        """Return the outputs, shape (n_rows, n_outputs), of inputs of shape (n_rows, n_features).

        Raises
        ------
        InvalidInput
            If the number of columns is not that of the trees.
        """
        n_features = self.trees.n_features
        if inputs.ndim != 2 or inputs.shape[1] != n_features:
            raise InvalidInput(f"model: takes {n_features} features per row, found shape {inputs.shape}")
        outputs = np.empty((len(inputs), len(self._base)))
        most = max(_AT_ONCE // len(self._starts), 1)
        for start in range(0, len(inputs), most):
            leaves = self.leaves(inputs[start : start + most])
            outputs[start : start + most] = self._sums(leaves)
        return outputs

    def leaves(self, inputs: Float32s) -> NDArray[np.intp]:
        """Return the leaf that each row reaches in each tree, as the number of its node, shape (n_trees, n_rows)."""
        values = _both_ways(inputs)
        offsets = np.arange(len(inputs)) * (2 * self.trees.n_features)
        at = np.repeat(self._starts[:, None], len(inputs), axis=1)
        for count in self._deeper:
            here = at[:count]
            found = values.take(self._column.take(here) + offsets)
            goes_right = found > self._threshold.take(here)
            if self._set is not None:
                goes_right = self._by_category(found, self._set.take(here), goes_right)
            at[:count] = self._next.take(here + goes_right)
        return at.take(self._rank, axis=0) >> 1

    def _by_category(self, found: Float32s, chosen: Int32s, goes_right: Bools) -> Bools:
        last = self._goes_left.shape[1] - 1
        category = np.where((found > -1) & (found < last), found, last).astype(np.intp)
        is_left = self._goes_left[chosen, category] | (found == -np.inf)
        return np.where(chosen < 0, goes_right, ~is_left)

    def _sums(self, leaves: NDArray[np.intp]) -> NDArray[np.floating]:
        n_rows = leaves.shape[1]
        sums = np.empty((n_rows, len(self._base)), dtype=self._base.dtype)
        for output, (base, trees) in enumerate(zip(self._base, self._of_output, strict=True)):
            column = self._value[:, output if self.trees.says_all else 0]
            said = np.empty((len(trees) + 1, n_rows), dtype=self._base.dtype)
            said[0] = base
            column.take(leaves[trees], out=said[1:])
            sums[:, output] = np.add.accumulate(said, axis=0)[-1]
        return sums / len(self._starts) if self.trees.averaged else sums


def _depths(trees: Trees) -> NDArray[np.intp]:
    """Return how many nodes lie above the deepest leaf of each tree."""
    depths = np.zeros(len(trees.root), dtype=np.intp)
    nodes, of_tree, level = trees.root, np.arange(len(trees.root)), 0
    while len(nodes):
        depths[of_tree] = level
        is_inner = ~trees.is_leaf[nodes]
        nodes, of_tree = nodes[is_inner], np.tile(of_tree[is_inner], 2)
        nodes, level = np.concatenate([trees.left[nodes], trees.right[nodes]]), level + 1
    return depths


def _not_above(thresholds: Floats) -> Float32s:
    """Return the largest float32 at or below each threshold."""
    with np.errstate(over="ignore"):
        near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _both_ways(inputs: Float32s) -> Float32s:
    """Return every column twice, side by side: with NaN as what goes right, and as what goes left."""
    values = np.repeat(inputs, 2, axis=1).astype(np.float32, copy=False)
    is_missing = np.isnan(values)
    if is_missing.any():
        values[:, ::2][is_missing[:, ::2]] = np.inf
        values[:, 1::2][is_missing[:, 1::2]] = -np.inf
    return values
