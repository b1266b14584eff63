"""The functions that compute each indicator of the catalogue: one row an indicator, in the file of its category.

Where TA-Lib has the function, its values are the reference: float64, NaN until the first value, and the first k values
on the first k bars bit for bit. TA-Lib begins an average of no movement with 0, so that a flat market gives 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.adapters.features.kernels import bare_talib as bare_talib
from ktrdr.adapters.features.kernels.kernel import LIBRARY, Kernel
from ktrdr.adapters.features.kernels.momentum import MOMENTUM
from ktrdr.adapters.features.kernels.pattern import PATTERN
from ktrdr.adapters.features.kernels.scaled import scaled
from ktrdr.adapters.features.kernels.statistical import STATISTICAL
from ktrdr.adapters.features.kernels.trend import TREND
from ktrdr.adapters.features.kernels.volatility import VOLATILITY
from ktrdr.adapters.features.kernels.volume import VOLUME
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.indicators.scale import SCALE, scale_of
from ktrdr.domain.errors import InvalidInput, did_you_mean

__all__ = ["KERNELS", "LIBRARY", "Kernel", "kernels_for", "kernels_of"]

KERNELS: Mapping[str, tuple[Kernel, ...]] = {**TREND, **MOMENTUM, **VOLATILITY, **VOLUME, **PATTERN, **STATISTICAL}
"""Kernels of each indicator; several where its outputs are separate functions, so that only the used ones run."""


def kernels_of(indicator: str) -> tuple[Kernel, ...]:
    """Return the kernels of an indicator.

    Raises
    ------
    InvalidInput
        If there are none.
    """
    if indicator not in KERNELS:
        raise InvalidInput(f"no kernel computes indicator {indicator!r}{did_you_mean(indicator, KERNELS)}")
    return KERNELS[indicator]


def kernels_for(indicator: str, parameters: Mapping[str, Any]) -> tuple[Kernel, ...]:
    """Return the kernels of an indicator, scaled where its parameters say so; see `IndicatorSpec.columns`."""
    scale, kernels = scale_of(parameters), kernels_of(indicator)
    if scale == SCALE.default:
        return kernels
    every = INDICATORS[indicator].outputs or ("",)
    return tuple(scaled(kernel, indicator, kernel.outputs or every, scale) for kernel in kernels)
