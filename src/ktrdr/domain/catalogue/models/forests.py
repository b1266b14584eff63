"""Forests: trees that are grown apart from each other, and vote."""

from __future__ import annotations

from functools import partial

from ktrdr.domain.catalogue.models.spec import Advice, ModelType
from ktrdr.domain.catalogue.models.trees import BINS
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CLASS_WEIGHTS

TREES = Parameter(
    "trees",
    "int",
    300,
    low=1,
    high=10_000,
    aliases=("n_estimators", "n_trees", "num_trees"),
    description="trees; more never overfit, they only take longer",
)
_COLUMNS = Parameter(
    "columns",
    "float",
    0.3,
    low=0,
    high=1,
    above=True,
    aliases=("max_features",),
    description="share of the features that each split may choose from, drawn anew",
)
_ROWS = Parameter(
    "rows",
    "float",
    0.7,
    low=0,
    high=1,
    above=True,
    aliases=("max_samples",),
    description="rows that each tree is grown on, as a share of the train rows; drawn with replacement",
)
_forest = partial(
    ModelType,
    parameters=(
        Parameter(
            "min_rows_in_leaf",
            "int",
            50,
            low=1,
            high=1_000_000,
            aliases=("min_samples_leaf",),
            description="train rows that a leaf needs",
        ),
        Parameter("max_depth", "int", 0, low=0, high=64, description="splits from root to leaf at most; 0: any number"),
        BINS,
    ),
    losses={"classification": ("cross_entropy",), "regression": ("mse",)},
    extra="forest",
    advice=Advice(
        simpler="ask for more `min_rows_in_leaf`",
        restrained="lower `max_depth` or `columns`",
        larger="fewer `min_rows_in_leaf`",
        passes="trees",
    ),
)

RANDOM_FOREST = _forest(
    name="random_forest",
    description="Random forest (Breiman 2001), grown by scikit-learn: each tree on rows drawn with replacement, each "
    "split the best of some features.",
    settings=(TREES, _COLUMNS, _ROWS, CLASS_WEIGHTS),
    aliases=("forest", "rf"),
)
EXTRA_TREES = _forest(
    name="extra_trees",
    description="Extremely randomised trees (Geurts, Ernst and Wehenkel 2006), grown by scikit-learn: each tree on all "
    "rows, each split the best of random ones.",
    settings=(TREES, _COLUMNS, CLASS_WEIGHTS),
    aliases=("extremely_randomised_trees", "extremely_randomized_trees"),
)
