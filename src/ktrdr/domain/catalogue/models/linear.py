"""Linear models: the honest yardstick that anything larger must beat."""

from __future__ import annotations

from functools import partial

from ktrdr.domain.catalogue.models.spec import Advice, ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CLASS_WEIGHTS

_L2 = Parameter(
    "l2",
    "float",
    0.1,
    low=1e-8,
    high=1e6,
    aliases=("alpha", "ridge_penalty"),
    description="pull of the weights towards 0: l2 / 2 times their sum of squares, over standardised inputs, is added "
    "to the mean loss of a row; intercepts are free",
)
_linear = partial(
    ModelType,
    parameters=(),
    advice=Advice(
        simpler="feed fewer features",
        restrained="raise `l2`",
        larger="a smaller `l2`, or a model that is not linear,",
        passes="l2",
    ),
)

LOGISTIC = _linear(
    name="logistic",
    description="Multinomial logistic regression with an L2 penalty: the mean cross entropy is made as small as it "
    "gets, in one go and without any draw.",
    settings=(_L2, CLASS_WEIGHTS),
    losses={"classification": ("cross_entropy",)},
    aliases=("logistic_regression",),
)
RIDGE = _linear(
    name="ridge",
    description="Least squares with an L2 penalty (Hoerl and Kennard 1970), solved in closed form.",
    settings=(_L2,),
    losses={"regression": ("mse",)},
    aliases=("ridge_regression",),
)
