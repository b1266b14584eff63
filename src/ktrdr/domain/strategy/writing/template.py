"""A first strategy from a few wishes: a document that is valid, trains, and is meant to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.catalogue.indicators import find_indicator
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.models import MODEL_TYPES, find_model_type, spellings
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.errors import InvalidInput

_RANGES: Mapping[str, tuple[float, float]] = {
    "rsi": (0, 100),
    "stochastic": (0, 100),
    "mfi": (0, 100),
    "williamsr": (-100, 0),
}
"""Indicators that get a fuzzy set, with their smallest and largest value; the others are fed raw and scaled."""

_SHAPES: Mapping[str, tuple[float, ...]] = {
    "low": (0, 0, 0.3, 0.45),
    "middle": (0.35, 0.5, 0.65),
    "high": (0.55, 0.7, 1, 1),
}
_SCALES: Mapping[str, str] = {"price": "atr", "volume": "rolling"}
"""What makes an indicator in such units mean the same at every price level, and for every symbol."""

_ZIGZAG = {"zigzag_threshold": {"atr": 1.0}, "label_lookahead": 20}


@dataclass(frozen=True, slots=True)
class Template:
    """What a new strategy shall name; indicators are ``type`` or ``type:parameter=value:...``."""

    name: str
    symbol: str
    timeframes: Sequence[str]
    model: str
    labels: str
    indicators: Sequence[str]


def new_document(wishes: Template) -> dict[str, Any]:
    """Return the document; names that are not known are left for the parser to refuse.

    Raises
    ------
    InvalidInput
        If an indicator's parameters are not written as ``parameter=value``.
    """
    kind = _model_type(wishes.model)
    indicators = _indicators(wishes.indicators if kind.reads_inputs else ())
    fuzzy = {name: item["type"] for name, item in indicators.items() if _canonical(item["type"]) in _RANGES}
    inputs = [
        {"fuzzy_set": name, "timeframes": "all"}
        if name in fuzzy
        else {"raw_indicator": name, "timeframes": "all", "normalization": "zscore"}
        for name in indicators
    ]
    frames = list(wishes.timeframes)
    several = {"mode": "multi_timeframe", "list": frames, "base_timeframe": frames[0]} if len(frames) > 1 else None
    document: dict[str, Any] = {
        "name": wishes.name,
        "description": "Say here what it is meant to find.",
        "version": "3.0",
        "training_data": {
            "symbols": {"mode": "single", "symbol": wishes.symbol},
            "timeframes": several or {"mode": "single", "timeframe": frames[0] if frames else ""},
            "history_required": 200,
        },
        "indicators": indicators,
        "fuzzy_sets": {name: {"indicator": name} | _memberships(kind) for name, kind in fuzzy.items()},
        "nn_inputs": inputs,
        "model": {"type": wishes.model, **_parts(kind)},
        "decisions": _decisions(wishes.labels),
        "training": {
            "labels": {"source": wishes.labels} | (_ZIGZAG if wishes.labels == "zigzag" else {}),
            "data_split": {"train": 0.7, "validation": 0.15, "test": 0.15},
            **_training(wishes.model),
        },
    }
    return {name: value for name, value in document.items() if value not in ({}, [])}


def _indicators(written: Sequence[str]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for text in written:
        kind, *parts = text.split(":")
        name, number = kind.casefold(), 2
        while name in named:
            name, number = f"{kind.casefold()}_{number}", number + 1
        named[name] = {"type": kind, **_scale(kind), **dict(_parameter(part, text) for part in parts)}
    return named


def _scale(kind: str) -> dict[str, str]:
    spec = find_indicator(kind)
    scale = None if spec is None else _SCALES.get(spec.scale)
    return {} if scale is None else {"scale": scale}


def _parameter(part: str, text: str) -> tuple[str, Any]:
    name, mark, value = part.partition("=")
    if not name or not mark:
        raise InvalidInput(f"indicator {text!r}: write its parameters as rsi:period=21, found {part!r}")
    for convert in (int, float):
        try:
            return name, convert(value)
        except ValueError:
            continue
    return name, value


def _memberships(kind: str) -> dict[str, list[float]]:
    low, high = _RANGES[_canonical(kind)]
    return {name: [round(low + share * (high - low), 6) for share in shares] for name, shares in _SHAPES.items()}


def _canonical(kind: str) -> str:
    spec = find_indicator(kind)
    return "" if spec is None else spec.name


def _decisions(source: str) -> dict[str, Any]:
    spec = LABELS[source][0] if source in LABELS else None
    if spec is None or spec.kind == "classification":
        return {"output_format": "classification", "confidence_threshold": 0.5}
    trades = {} if "none" in spec.actions else {"cost_model": {"round_trip_cost": 0.001}}
    return {"output_format": "regression", **trades}


def _parts(model: ModelType) -> dict[str, Any]:
    members = {"members": [dict(member) for member in model.members]} if model.of_members else {}
    return {**members, model.section: dict(model.starter)}


def _training(kind: str) -> dict[str, Any]:
    model = _model_type(kind)
    wished = {"epochs": 50, "early_stopping": {"enabled": True, "patience": 10}, "seed": 42}
    types = [model, *(_model_type(member["type"]) for member in model.members)]
    known = {name for item in types for name in spellings(item, "training")}
    return {name: value for name, value in wished.items() if name in known}


def _model_type(kind: str) -> ModelType:
    return find_model_type(kind) or next(iter(MODEL_TYPES.values()))
