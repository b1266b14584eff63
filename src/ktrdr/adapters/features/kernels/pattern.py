"""Kernels of the pattern indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel

PATTERN: Mapping[str, tuple[Kernel, ...]] = {}
