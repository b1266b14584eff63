"""Kernels of the statistical indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel

STATISTICAL: Mapping[str, tuple[Kernel, ...]] = {}
