"""Values as people read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

NOTHING = "–"
_NAMES = {
    "var_95": "VaR 95 %",
    "cvar_95": "CVaR 95 %",
    "mse": "MSE",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "brier": "Brier score",
    "macro_f1": "macro F1",
    "f1": "F1",
    "class_shares": "train class shares",
    "majority": "train majority class",
    "zero": "forecast of 0",
    "qlike": "QLIKE",
    "ewma": "EWMA",
    "har": "HAR",
}
_SHARES = ("accuracy", "error_rate")


def words(name: str) -> str:
    """Return a key as words: ``log_loss`` as "log loss"."""
    plain = name.removesuffix("_itself")
    said = _NAMES.get(plain, plain.replace("_", " "))
    return said if plain == name else f"{said}, taken at its word"


def figure(value: float | None, name: str = "") -> str:
    """Return a number with about four digits; shares (accuracies) in percent, a dash for None."""
    if value is None:
        return NOTHING
    if name.endswith(_SHARES):
        return percent(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4f}" if 0.01 <= abs(value) < 100 or value == 0 or name == "r2" else f"{value:.4g}"


def percent(value: float | None) -> str:
    """Return a fraction in percent."""
    return NOTHING if value is None else f"{value:.1%}"


def marked(text: str) -> Markup:
    """Return a sentence whose `words between backticks` are code."""
    plain, *code = str(text).split("`")
    pieces = [escape(plain)]
    for index, piece in enumerate(code):
        pieces.append(Markup("<code>{}</code>").format(piece) if index % 2 == 0 else escape(piece))
    return Markup("").join(pieces)


def date(moment: str) -> str:
    """Return an ISO moment as day and, unless midnight, minute (UTC)."""
    day, _, clock = moment.partition("T")
    return day if clock[:5] in {"", "00:00"} else f"{day} {clock[:5]}"


def setting(value: Any) -> str:
    """Return a setting as it would stand in a strategy file, in one line."""
    if isinstance(value, list):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def feature_source(entry: Mapping[str, Any]) -> str:
    """Return what a feature is computed from, out of its entry in the feature contract."""
    if "indicator" not in entry:
        source = ", ".join(f"{key} {setting(value)}" for key, value in entry.get("context", {}).items())
    else:
        parameters = ", ".join(f"{key} {setting(value)}" for key, value in entry.get("parameters", {}).items())
        output = f".{entry['output']}" if entry.get("output") else ""
        source = f"{entry['indicator']}({parameters}){output} on {entry.get('timeframe', '')}"
    if membership := entry.get("membership"):
        source += f" → {membership['type']} {setting(membership['parameters'])}"
    if entry.get("normalization", "none") != "none":
        source += f" → {entry['normalization']}"
    return source + (f", {entry['lag']} bars before" if entry.get("lag") else "")
