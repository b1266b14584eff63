"""Model libraries behind the ModelTrainer port: one file a library, one row a model type."""

from __future__ import annotations

from collections.abc import Mapping

_TORCH = "ktrdr.adapters.models.torch.trainer:TorchTrainer"

MODELS: Mapping[str, str] = {
    "mlp": _TORCH,
    "lstm": _TORCH,
    "gru": _TORCH,
    "transformer": _TORCH,
    "ensemble": "ktrdr.adapters.models.ensemble.trainer:EnsembleTrainer",
}
"""Model type to its trainer, ``module:Class``, imported on first use; the class takes the device that is asked for."""
