"""Exact contributions of trees, path by path: the Shapley values of what their leaves say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ktrdr.domain.arrays import Bools, Float32s, Floats, Int32s, Int64s
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.trees import Trees

_CELLS = 2_000_000
"""Numbers of one array that is held at a time: rows times places on paths."""


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """The ways to all leaves. A step is a branch that is taken, a place is what a path asks of one feature.

    Attributes
    ----------
    leaves : ndarray of int64, shape (n_leaves,)
        Their nodes.
    nodes, goes_left : ndarray, shape (n_steps,)
        The branching node of each step, and whether it goes left there; those of one place stand together.
    first_step : ndarray of int64, shape (n_places,)
        Where the steps of each place begin; places of one leaf stand together.
    leaf, feature : ndarray of int64, shape (n_places,)
    share : ndarray of float64, shape (n_places,)
        Which part of the train rows that come there takes the steps of the place.
    """

    leaves: Int64s
    nodes: Int64s
    goes_left: Bools
    first_step: Int64s
    leaf: Int64s
    feature: Int64s
    share: Floats


def tree_shap(trees: Trees, inputs: Float32s) -> Contributions:
    """Return what each input adds to what the trees say.

    Parameters
    ----------
    trees : Trees
    inputs : ndarray of float32, shape (n_rows, n_features)
        NaN goes where each node says.

    Returns
    -------
    Contributions
        Of the sum of the trees; of their mean where they are averaged, which for several outputs are probabilities.

    Notes
    -----
    The game is the path-dependent one: a feature that is not known goes both ways, as the train rows did by `cover`.
    Along one path it is the product of what its features say, 1 or 0 where known and their share where not, so that
    the Shapley value of a feature is ``(known - share)`` times the integral over t from 0 to 1 of the product of
    ``share (1 - t) + known t`` of the others: a polynomial, which Gauss-Legendre integrates exactly.

    References
    ----------
    Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees, Nature
    Machine Intelligence 2. Owen (1972), Multilinear extensions of games, Management Science 18(5).
    """
    paths, n_outputs = _paths(trees), len(trees.base)
    spoken = _spoken(trees, paths.leaves)
    values = np.zeros((len(inputs), trees.n_features, n_outputs))
    step = max(_CELLS // max(len(paths.nodes), 1), 1)
    for start in range(0, len(inputs) if len(paths.leaf) else 0, step):
        rows = slice(start, start + step)
        values[rows] = _by_feature(_of_places(trees, paths, inputs[rows]), paths, spoken, trees.n_features)
    reached = np.ones(len(paths.leaves))
    np.multiply.at(reached, paths.leaf, paths.share)
    divisor = len(trees.root) if trees.averaged else 1
    base = (trees.base + reached @ spoken) / divisor
    rounding = float(np.finfo(trees.precision).eps) * len(trees.root) * float(np.abs(spoken).max())
    unit: Literal["raw", "probability"] = "probability" if trees.averaged and n_outputs > 1 else "raw"
    return Contributions(values / divisor, np.tile(base, (len(inputs), 1)), "tree_shap", 1e-6 + rounding, unit)


def _paths(trees: Trees) -> _Paths:
    parent, is_left = np.full(len(trees.feature), -1, dtype=np.int64), np.zeros(len(trees.feature), dtype=np.bool_)
    inner = np.flatnonzero(trees.feature >= 0)
    parent[trees.left[inner]], parent[trees.right[inner]] = inner, inner
    is_left[trees.left[inner]] = True
    leaves = np.flatnonzero(trees.feature < 0)
    leaf, child = np.concatenate([np.zeros((2, 0), dtype=np.int64), *_climbed(parent, leaves)], axis=1)
    nodes = parent[child]
    above = trees.cover[nodes]
    share = np.divide(trees.cover[child], above, out=np.full(len(child), 0.5), where=above > 0)
    place = leaf * trees.n_features + trees.feature[nodes]
    order = np.argsort(place, kind="stable")
    places, first = np.unique(place[order], return_index=True)
    shares = np.multiply.reduceat(share[order], first) if len(first) else share
    steps = nodes[order], is_left[child][order], first
    return _Paths(leaves, *steps, places // trees.n_features, places % trees.n_features, shares)


def _climbed(parent: Int64s, leaves: Int64s) -> Iterator[Int64s]:
    """Yield, level by level, numbers of leaves and the nodes on their ways up, shape (2, n)."""
    leaf, node = np.arange(len(leaves), dtype=np.int64), leaves
    while len(node):
        going = parent[node] >= 0
        leaf, node = leaf[going], node[going]
        yield np.stack([leaf, node])
        node = parent[node]


def _spoken(trees: Trees, leaves: Int64s) -> Floats:
    """Return what each leaf adds to each output, shape (n_leaves, n_outputs)."""
    if trees.value.shape[1] > 1:
        return trees.value[leaves]
    spoken = np.zeros((len(leaves), len(trees.base)))
    spoken[np.arange(len(leaves)), _output_of_nodes(trees)[leaves]] = trees.value[leaves, 0]
    return spoken


def _output_of_nodes(trees: Trees) -> Int64s:
    found = np.zeros(len(trees.feature), dtype=np.int64)
    nodes, outputs = trees.root, trees.output
    while len(nodes):
        found[nodes] = outputs
        inner = trees.feature[nodes] >= 0
        nodes, outputs = nodes[inner], np.tile(outputs[inner], 2)
        nodes = np.concatenate([trees.left[nodes], trees.right[nodes]])
    return found


def _of_places(trees: Trees, paths: _Paths, inputs: Float32s) -> Floats:
    """Return the Shapley value of each place for a leaf that says 1, shape (n_places, n_rows)."""
    taken = _goes_left(trees, paths.nodes, inputs) == paths.goes_left[:, None]
    known = np.logical_and.reduceat(taken, paths.first_step, axis=0)
    found = np.empty(known.shape)
    begins, counts = np.unique(paths.leaf, return_index=True, return_counts=True)[1:]
    for count in np.unique(counts):
        places = begins[counts == count][:, None] + np.arange(count)
        found[places] = _shapley(known[places], paths.share[places][:, :, None])
    return found


def _goes_left(trees: Trees, nodes: Int64s, inputs: Float32s) -> Bools:
    """Return which rows go left at each node, shape (n_nodes, n_rows)."""
    values = inputs.T[trees.feature[nodes]]
    left = values <= trees.threshold[nodes][:, None]
    asks = np.flatnonzero(trees.category[nodes] >= 0)
    if len(asks):
        left[asks] = _in_sets(trees, trees.category[nodes[asks]][:, None], values[asks])
    goes: Bools = np.where(np.isnan(values), trees.missing_left[nodes][:, None], left)
    return goes


def _in_sets(trees: Trees, sets: Int32s, values: Floats | Float32s) -> Bools:
    n_categories = trees.categories.shape[1]
    there = (values > -1) & (values < n_categories)
    numbers = np.where(there, values, 0).astype(np.int64)
    among: Bools = trees.categories[sets, numbers] & there if n_categories else there
    return among


def _shapley(known: Bools, share: Floats) -> Floats:
    """Return the Shapley values of a product of features, shape (n_leaves, n_places, n_rows) as `known` has."""
    count = known.shape[1]
    nodes, weights = np.polynomial.legendre.leggauss((count + 1) // 2)
    others = np.zeros(known.shape)
    for t, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        factors = share * (1 - t) + known * t
        before, after = np.ones((2, *known[:, 0].shape))
        parts = np.full(known.shape, weight)
        for place in range(count):
            parts[:, place] *= before
            parts[:, count - 1 - place] *= after
            before, after = before * factors[:, place], after * factors[:, count - 1 - place]
        others += parts
    return (known - share) * others


def _by_feature(found: Floats, paths: _Paths, spoken: Floats, n_features: int) -> Floats:
    """Return the sums over all places of each feature, shape (n_rows, n_features, n_outputs)."""
    order = np.argsort(paths.feature, kind="stable")
    asked, first = np.unique(paths.feature[order], return_index=True)
    values = np.zeros((found.shape[1], n_features, spoken.shape[1]))
    for output in range(spoken.shape[1]):
        said = found[order] * spoken[paths.leaf[order], output][:, None]
        values[:, asked, output] = np.add.reduceat(said, first, axis=0).T
    return values
