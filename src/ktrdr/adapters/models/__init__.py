"""Model libraries behind the ModelTrainer port: one file a library, one row a model type."""

from __future__ import annotations

from collections.abc import Mapping

_TORCH = "ktrdr.adapters.models.torch.trainer:TorchTrainer"
_LINEAR = "ktrdr.adapters.models.linear.trainer:LinearTrainer"
_VOLATILITY = "ktrdr.adapters.models.volatility.trainer:VolatilityTrainer"

MODELS: Mapping[str, str] = {
    "mlp": _TORCH,
    "lstm": _TORCH,
    "gru": _TORCH,
    "transformer": _TORCH,
    "logistic": _LINEAR,
    "ridge": _LINEAR,
    "lightgbm": "ktrdr.adapters.models.trees.lightgbm:LightGBMTrainer",
    "xgboost": "ktrdr.adapters.models.trees.xgboost:XGBoostTrainer",
    "random_forest": "ktrdr.adapters.models.trees.forest:RandomForestTrainer",
    "extra_trees": "ktrdr.adapters.models.trees.forest:ExtraTreesTrainer",
    "garch": _VOLATILITY,
    "ewma": _VOLATILITY,
    "har": _VOLATILITY,
    "hybrid": "ktrdr.adapters.models.volatility.hybrid:HybridTrainer",
    "ensemble": "ktrdr.adapters.models.ensemble.trainer:EnsembleTrainer",
}
"""Model type to its trainer, ``module:Class``, imported on first use; the class takes the device that is asked for."""
