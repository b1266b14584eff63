"""Kernels of the volume indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel, talib_kernel

VOLUME: Mapping[str, tuple[Kernel, ...]] = {
    "mfi": (talib_kernel("MFI", timeperiod="period"),),
}
