"""Causal scaling of an indicator in units of price or volume, so that it means the same for every symbol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter

ATR_BARS = 14
ROLLING_BARS = 250
"""Bars that the two kinds of scaling look back on, the one itself included."""
SCALE = Parameter(
    "scale",
    "str",
    "none",
    choices=("none", "atr", "rolling"),
    description=(
        f"makes values comparable between symbols: in units of ATR({ATR_BARS}), or as distance from their own mean "
        f"over {ROLLING_BARS} bars in standard deviations"
    ),
)
_LEVELS = frozenset(
    {
        "sma", "ema", "wma", "dema", "tema", "kama", "hma", "parabolicsar", "ichimoku", "bbands", "keltnerchannels",
        "donchianchannels", "vwap",
    }
)  # fmt: skip
_LEVEL_OUTPUTS = {("supertrend", "trend")}
_PURE_OUTPUTS = {("supertrend", "direction")}


def scale_of(parameters: Mapping[str, Any]) -> str:
    """Return ``none``, ``atr`` or ``rolling``."""
    return str(parameters.get(SCALE.name, SCALE.default))


def is_level(indicator: str, output: str) -> bool:
    """Return whether an output is a price, of which the close is taken first, and not a difference of prices."""
    return indicator in _LEVELS or (indicator, output) in _LEVEL_OUTPUTS


def has_no_unit(indicator: str, output: str) -> bool:
    """Return whether an output of an indicator in units of price has none itself, and so stays as it is."""
    return (indicator, output) in _PURE_OUTPUTS


def contradiction(scale: str, unit: str, indicator: str) -> str | None:
    """Return why a scale does not fit an indicator of this unit (`IndicatorSpec.scale`); None where it does."""
    if scale == "atr" and unit != "price":
        units = "units of volume" if unit == "volume" else "no unit"
        return f"atr divides prices by a price, and {indicator} has {units}; allowed: none, rolling"
    return None
