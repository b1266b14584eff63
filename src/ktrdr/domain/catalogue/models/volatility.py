"""Models of volatility: they read the returns of the bars themselves."""

from __future__ import annotations

from functools import partial
from typing import Any

from ktrdr.domain.catalogue.models.networks import GRU, LSTM, MLP, TRANSFORMER
from ktrdr.domain.catalogue.models.spec import Advice, Architecture, ModelType, Window
from ktrdr.domain.catalogue.parameters import Parameter

LEAST_RETURNS = 500
"""Train returns that the parameters of a GARCH model take."""
ALMOST_INTEGRATED = 0.9999
"""Where alpha and beta sum to this or more, a shock never fades, and there is no volatility to return to."""
DECAY = 0.94
"""Of the weight of a bar's squared return, from bar to bar (J.P. Morgan 1996)."""
HAR_BARS = (1, 5, 22)
"""Over how many bars absolute returns are averaged: a day, a week, a month of daily bars (Corsi 2009)."""

_RESCALE = Parameter(
    "rescale",
    "str",
    "squared_error",
    choices=("squared_error", "qlike", "none"),
    description="one factor on the forecasts, the best on the train rows by that loss; the root of a forecast variance "
    "lies above the mean of the standard deviation of a few returns",
)
_MEMORY = Parameter(
    "memory", "int", 500, low=10, high=5000, description="returns that the variance of a row is computed from"
)

_of_returns = partial(
    ModelType,
    losses={"regression": ("mse",)},
    labels=("volatility",),
    reads_returns=True,
    reads_inputs=False,
    standardised=False,
    window=lambda architecture: Window(architecture["memory"], "memory", unbroken=1),
    advice=Advice(
        simpler="take ewma, which has nothing to fit",
        restrained="write a longer history",
        larger="hybrid, whose network reads inputs too,",
    ),
)


def _some_lag(architecture: Architecture) -> tuple[str, str] | None:
    if max(architecture["p"], architecture["q"]) < architecture["memory"]:
        return None
    return "memory", f"{architecture['memory']} must be above p {architecture['p']} and q {architecture['q']}"


GARCH = _of_returns(
    name="garch",
    description="GARCH(p, q) of returns with mean zero (Bollerslev 1986), by maximum likelihood on the train returns "
    "of each symbol, then filtered forward without refitting. The forecast is the root of the mean variance of the "
    "bars that the label looks ahead.",
    parameters=(
        Parameter("p", "int", 1, low=1, high=5, description="lags of the squared return (alpha)"),
        Parameter("q", "int", 1, low=0, high=5, description="lags of the variance (beta); 0: an ARCH model"),
        Parameter(
            "distribution",
            "str",
            "normal",
            choices=("normal", "student_t"),
            aliases=("dist",),
            description="of the returns divided by their volatility",
        ),
        _MEMORY,
        _RESCALE,
    ),
    losses={"regression": ("likelihood",)},
    check=_some_lag,
    extra="volatility",
)
EWMA = _of_returns(
    name="ewma",
    description="Exponentially weighted mean of squared returns (J.P. Morgan 1996): the same for every bar ahead.",
    parameters=(
        Parameter(
            "decay", "float", DECAY, low=0, high=1, above=True, aliases=("lambda",), description="from bar to bar"
        ),
        _MEMORY,
        _RESCALE,
    ),
)
HAR = _of_returns(
    name="har",
    description="Heterogeneous autoregression (Corsi 2009): least squares of the label itself on the mean absolute "
    "returns of the last bars, over several spans.",
    parameters=(
        Parameter(
            "spans", "ints", list(HAR_BARS), low=1, high=5000, description="bars over which returns are averaged"
        ),
    ),
    check=lambda architecture: _distinct(architecture["spans"]),
    window=lambda architecture: Window(max(architecture["spans"]), "spans", unbroken=1),
)


_MEMBERS: dict[str, dict[str, ModelType]] = {
    "base": {model.name: model for model in (GARCH, EWMA, HAR)},
    "residual": {model.name: model for model in (MLP, LSTM, GRU, TRANSFORMER)},
}


def member(architecture: Architecture, name: str) -> tuple[ModelType, Architecture]:
    """Return type and architecture of a model within a hybrid: its ``base``, or its ``residual``."""
    written = dict(architecture[name])
    return _MEMBERS[name][written.pop("type")], written


def _within(name: str, description: str, default: ModelType, **changes: Any) -> Parameter:
    types = _MEMBERS[name]
    values = {item.name: item.default for item in default.parameters} | {"type": default.name} | changes
    models = {model.name: model.parameters for model in types.values()}
    return Parameter(name, "model", values, description=description, models=models)


def _contradiction(architecture: Architecture) -> tuple[str, str] | None:
    for name in _MEMBERS:
        model, own = member(architecture, name)
        found = model.check(own)
        if found is not None:
            return name, " ".join(found)
    return None


def _read_by_both(architecture: Architecture) -> Window:
    (base, own), (residual, its) = (member(architecture, name) for name in _MEMBERS)
    returns, rows = base.window(own), residual.window(its) or Window(1, "")
    assert returns is not None
    longest, name = (returns, "base") if returns.length >= rows.length else (rows, "residual")
    return Window(longest.length, f"{name}.{longest.parameter}", rows.break_at_session, rows.length)


HYBRID = ModelType(
    name="hybrid",
    description="A model of volatility from returns, times the exponential of what a network of the inputs says of the "
    "log ratio between what followed and that forecast, times one factor.",
    parameters=(
        _within("base", "what forecasts from the returns", GARCH),
        _within("residual", "the network that corrects it", LSTM, sequence_length=20, hidden_size=32, num_layers=1),
        Parameter("target", "str", "log_ratio", choices=("log_ratio",), description="what the network is fitted to"),
        Parameter(
            "rescale",
            "str",
            "validation",
            choices=("validation", "none"),
            description="one factor on the forecasts, the best on the validation rows by QLIKE",
        ),
    ),
    settings=LSTM.settings,
    sections=LSTM.sections,
    losses={"regression": LSTM.losses["regression"]},
    labels=("volatility",),
    reads_returns=True,
    standardised=False,
    check=_contradiction,
    window=_read_by_both,
    advice=LSTM.advice,
    extra="volatility",
)


def _distinct(spans: list[int]) -> tuple[str, str] | None:
    if spans and len(set(spans)) == len(spans):
        return None
    return "spans", f"must name at least one number of bars, each once; found {spans}"
