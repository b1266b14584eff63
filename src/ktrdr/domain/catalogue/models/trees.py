"""Gradient boosting: trees, each grown on what those before it have left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from ktrdr.domain.catalogue.models.spec import Advice, ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CLASS_WEIGHTS, EARLY_STOPPING, FITTING

BINS = Parameter(
    "bins",
    "int",
    63,
    low=2,
    high=255,
    aliases=("max_bin", "max_bins", "n_bins"),
    description="into how many bins the train rows of a feature are cut before trees are grown",
)
_SHARED = {item.name: item for item in FITTING}
_HUBER_DELTA = _SHARED["huber_delta"]
ROUNDS = Parameter(
    "rounds",
    "int",
    300,
    low=1,
    high=10_000,
    aliases=("n_estimators", "num_boost_round", "num_iterations", "n_rounds", "num_trees"),
    description="rounds of trees at most: one tree, or one a class where there are three or more",
)
_BOOSTING = (
    ROUNDS,
    replace(
        _SHARED["learning_rate"],
        default=0.05,
        high=1,
        aliases=("eta", "shrinkage_rate"),
        description="how much of each tree counts",
    ),
    Parameter(
        "columns",
        "float",
        0.5,
        low=0,
        high=1,
        above=True,
        aliases=("feature_fraction", "colsample_bytree"),
        description="share of the features that each tree may use, drawn anew",
    ),
    Parameter(
        "rows",
        "float",
        0.7,
        low=0,
        high=1,
        above=True,
        aliases=("subsample", "bagging_fraction"),
        description="share of the train rows that each round is grown on, drawn anew",
    ),
    Parameter(
        "l2",
        "float",
        5.0,
        low=0,
        high=1_000_000,
        aliases=("reg_lambda", "lambda_l2"),
        description="pull of the leaves towards 0",
    ),
    CLASS_WEIGHTS,
)
_DEFAULTS: Mapping[str, object] = {"patience": 30, "min_delta": 0.0}
_STOPPING = tuple(
    replace(
        item,
        default=_DEFAULTS.get(item.name, item.default),
        description=item.description.replace("epochs", "rounds").replace("an epoch", "a round"),
    )
    for item in EARLY_STOPPING
)
_boosting = partial(
    ModelType,
    settings=_BOOSTING,
    sections={"early_stopping": _STOPPING},
    losses={"classification": ("cross_entropy",), "regression": ("mse",)},
)

LIGHTGBM = _boosting(
    name="lightgbm",
    description="Gradient boosting by LightGBM (Ke et al. 2017): each tree grows the leaf that promises most.",
    parameters=(
        Parameter(
            "leaves",
            "int",
            15,
            low=2,
            high=1024,
            aliases=("num_leaves", "max_leaves", "max_leaf_nodes"),
            description="leaves of a tree at most",
        ),
        Parameter(
            "min_rows_in_leaf",
            "int",
            200,
            low=1,
            high=1_000_000,
            aliases=("min_data_in_leaf", "min_child_samples", "min_samples_leaf"),
            description="train rows that a leaf needs",
        ),
        BINS,
    ),
    settings=(*_BOOSTING, _HUBER_DELTA),
    losses={"classification": ("cross_entropy",), "regression": ("mse", "huber")},
    aliases=("lgbm", "lgb", "light_gbm", "gbdt", "gradient_boosting"),
    extra="lightgbm",
    starter={"leaves": 15},
    advice=Advice(
        simpler="grow fewer `leaves`, or ask for more `min_rows_in_leaf`",
        restrained="raise `l2`, or lower `columns`",
        larger="more `leaves`, fewer `min_rows_in_leaf`",
        passes="rounds",
    ),
)
XGBOOST = _boosting(
    name="xgboost",
    description="Gradient boosting by XGBoost (Chen and Guestrin 2016): trees grow level by level.",
    parameters=(
        Parameter("max_depth", "int", 4, low=1, high=16, aliases=("depth",), description="splits above a leaf at most"),
        Parameter(
            "min_child_weight",
            "float",
            50.0,
            low=0,
            high=1_000_000,
            description="second derivatives of the loss that a leaf needs: of a row 1 in a regression, at most 1/4 for "
            "two classes and 1/2 for more",
        ),
        BINS,
    ),
    aliases=("xgb", "xg_boost"),
    extra="xgboost",
    starter={"max_depth": 4},
    advice=Advice(
        simpler="lower `max_depth`, or raise `min_child_weight`",
        restrained="raise `l2`, or lower `columns`",
        larger="a larger `max_depth`, a smaller `min_child_weight`",
        passes="rounds",
    ),
)
