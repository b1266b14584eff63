"""Decision trees as flat arrays, whoever has grown them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ktrdr.domain.arrays import Bools, Floats, Int32s


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
        What the trees are added to.
    precision : str
        In which numbers they are added up, one tree after the other.
    averaged : bool
        Whether the sum is divided by the number of trees.
    n_features : int
        Number of input columns.
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
    precision: Literal["float32", "float64"] = "float64"
    averaged: bool = False
