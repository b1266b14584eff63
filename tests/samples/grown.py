"""Trees of random splits, and what they say, row by row: the plainest way to run down a tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from ktrdr.domain.training.trees import Precision, Trees

_LEAF = (-1, 0.0, -1, -1, False, -1)


def random_trees(
    seed: int,
    n_trees: int = 7,
    n_features: int = 5,
    n_outputs: int = 3,
    *,
    says_all: bool = False,
    n_sets: int = 0,
    precision: Precision = "float64",
    averaged: bool = False,
) -> Trees:
    """Trees of 1 to 9 leaves, split at random numbers; each third split asks for a category where there are sets."""
    rng = np.random.default_rng(seed)
    nodes: list[tuple[Any, ...]] = []
    roots = []
    for _ in range(n_trees):
        roots.append(len(nodes))
        nodes.append(_LEAF)
        leaves = [roots[-1]]
        for _ in range(rng.integers(0, 9)):
            parent = leaves.pop(rng.integers(len(leaves)))
            by_category = n_sets and rng.random() < 1 / 3
            chosen = int(rng.integers(n_sets)) if by_category else -1
            threshold = 0.0 if by_category else float(rng.normal())
            children = (len(nodes), len(nodes) + 1)
            nodes[parent] = (int(rng.integers(n_features)), threshold, *children, bool(rng.random() < 0.5), chosen)
            nodes += [_LEAF, _LEAF]
            leaves += children
    feature, threshold, left, right, missing_left, category = (np.array(column) for column in zip(*nodes, strict=True))
    width = n_outputs if says_all else 1
    is_leaf = feature < 0
    value = np.where(is_leaf[:, None], rng.normal(size=(len(nodes), width)), 0.0)
    return Trees(
        feature.astype(np.int32),
        threshold,
        left.astype(np.int32),
        right.astype(np.int32),
        missing_left,
        category.astype(np.int32),
        rng.random((n_sets, 6 if n_sets else 0)) < 0.5,
        value.astype(precision).astype(np.float64),
        rng.uniform(1, 9, len(nodes)),
        np.array(roots, dtype=np.int32),
        np.arange(n_trees, dtype=np.int32) % (1 if says_all else n_outputs),
        rng.normal(size=n_outputs).astype(precision).astype(np.float64) * (not averaged),
        n_features,
        precision,
        averaged,
    )


def leaf_of(trees: Trees, root: int, row: Any) -> int:
    """The leaf that one row reaches."""
    node = root
    while trees.feature[node] >= 0:
        value = float(row[trees.feature[node]])
        if np.isnan(value):
            goes_left = bool(trees.missing_left[node])
        elif trees.category[node] >= 0:
            known = trees.categories[trees.category[node]]
            goes_left = -1 < value < len(known) and bool(known[int(value)])
        else:
            goes_left = value <= trees.threshold[node]
        node = int(trees.left[node] if goes_left else trees.right[node])
    return node


def outputs_of(trees: Trees, row: Any) -> Any:
    """What the trees say of one row, one tree after the other."""
    number = np.dtype(trees.precision).type
    sums = [number(base) for base in trees.base]
    for root, output in zip(trees.root, trees.output, strict=True):
        said = trees.value[leaf_of(trees, int(root), row)]
        for place in range(len(sums)) if trees.says_all else [output]:
            sums[place] += number(said[place if trees.says_all else 0])
    return np.array([total / number(len(trees.root)) if trees.averaged else total for total in sums], dtype=np.float64)
