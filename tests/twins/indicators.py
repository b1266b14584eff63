"""What the formulas of indicators are made of, as plain loops over lists; and the columns they read."""

from __future__ import annotations

import math

import numpy as np
from samples.features import complete, indicator_outputs

from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars

NAN = math.nan


def mean(values):
    return sum(values) / len(values)


def windowed(function, period, *columns, first=None):
    """`function` of the last `period` values of each column; NaN before `first`."""
    first = period - 1 if first is None else first
    rows = range(first, len(columns[0]))
    return [NAN] * first + [function(*(column[t - period + 1 : t + 1] for column in columns)) for t in rows]


def exponential(values, period, first, alpha=None):
    """Average begun with the mean of the `period` values of which the last stands at `first`."""
    alpha = 2 / (period + 1) if alpha is None else alpha
    out = [NAN] * len(values)
    out[first] = mean(values[first - period + 1 : first + 1])
    for t in range(first + 1, len(values)):
        out[t] = out[t - 1] + (values[t] - out[t - 1]) * alpha
    return out


def wilder(values, period, first):
    return exponential(values, period, first, 1 / period)


def linear_weights(values):
    return sum((place + 1) * value for place, value in enumerate(values)) / sum(range(1, len(values) + 1))


def weighted(values, period, first):
    return windowed(linear_weights, period, values, first=first)


def true_ranges(b):
    h, low, c = b["high"], b["low"], b["close"]
    return [NAN] + [max(h[t], c[t - 1]) - min(low[t], c[t - 1]) for t in range(1, len(c))]


def typical_prices(b):
    return [mean(prices) for prices in zip(b["high"], b["low"], b["close"], strict=True)]


def population_deviation(values):
    return math.sqrt(mean([(value - mean(values)) ** 2 for value in values]))


def shifted(values, bars):
    return ([NAN] * bars + values)[: len(values)]


def combined(function, *columns):
    return [function(*row) for row in zip(*columns, strict=True)]


def assert_formula(formula, name, given, bars: Bars, rtol=1e-9, atol=1e-9):
    """Compare every output of an indicator with its formula, warm-up included."""
    parameters = complete(name, **given)
    columns = {column: getattr(bars, column).tolist() for column in ("open", "high", "low", "close", "volume")}
    columns["source"] = price_column(bars, parameters.get("source", "close")).tolist()
    columns["session"] = price_column(bars, "session").tolist()
    expected = formula(columns, parameters)
    outputs = indicator_outputs(name, parameters, bars)
    assert list(outputs) == list(expected)
    for output, values in outputs.items():
        scale = np.nanmax(np.abs(values))
        np.testing.assert_allclose(values, expected[output], rtol=rtol, atol=atol * scale, err_msg=output)
