"""Models that are made of several models."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.catalogue.models.spec import Advice, Architecture, ModelType
from ktrdr.domain.catalogue.parameters import Parameter

METHODS: Mapping[str, tuple[str, ...]] = {
    "voting": ("vote", "prior"),
    "stacking": ("folds", "l2"),
    "blending": ("prior",),
}
"""Ways of combining, and which keys of ``combine`` each has."""

_METHOD = Parameter(
    "method",
    "str",
    "voting",
    choices=tuple(METHODS),
    missing=("dynamic",),
    description="how members become one forecast",
)
_VOTE = Parameter(
    "vote",
    "str",
    "soft",
    choices=("soft", "hard"),
    description="voting: the weighted mean of the forecasts, or the shares of the votes for the most probable class",
)
_FOLDS = Parameter(
    "folds", "int", 4, low=2, high=20, description="stacking: pieces of later train rows that members forecast unseen"
)
_L2 = Parameter(
    "l2", "float", 0.01, low=0, above=True, high=1e6, description="stacking: pull of the coefficients towards 0"
)
_PRIOR = Parameter(
    "prior",
    "bool",
    True,
    description="voting, blending: the class shares (or the mean) of the train rows are a member, too",
)


def owners_of_key(name: str) -> tuple[str, ...]:
    """Return the ways of combining that have a key."""
    return tuple(method for method, keys in METHODS.items() if name in keys)


def _of_other_methods(combine: Architecture) -> dict[str, str]:
    own = METHODS.get(str(combine.get("method")), ())
    return {
        item.name: f"is no key of {combine.get('method')}; it belongs to {', '.join(owners_of_key(item.name))}"
        for item in (_VOTE, _FOLDS, _L2, _PRIOR)
        if item.name not in own
    }


ENSEMBLE = ModelType(
    name="ensemble",
    description="Several models whose forecasts become one: by voting, by stacking on walk-forward folds of the train "
    "rows (Wolpert 1992), or by blending on the validation rows (Breiman 1996).",
    parameters=(_METHOD, _VOTE, _FOLDS, _L2, _PRIOR),
    advice=Advice(
        simpler="take fewer or simpler members",
        restrained="restrain the members, or blend instead of stacking",
        larger="members that differ more from each other",
        passes="members",
    ),
    losses={"classification": ("cross_entropy",), "regression": ("mse",)},
    section="combine",
    of_members=True,
    idle=_of_other_methods,
    members=(
        {"type": "mlp", "architecture": {"hidden_layers": [32, 16], "dropout": 0.2}},
        {"type": "gru", "architecture": {"sequence_length": 32, "hidden_size": 32, "num_layers": 1}},
    ),
    starter={"method": "blending"},
)
