"""From a strategy back to a document that parses to an equal strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.strategy.document import (
    Decisions,
    Indicator,
    MemberModel,
    NetworkInput,
    Strategy,
    SymbolChoice,
    TrainingData,
)
from ktrdr.domain.strategy.members import of_member
from ktrdr.domain.strategy.reading.effects import idle_defaults
from ktrdr.domain.strategy.writing.overrides import overrides_document


def render(strategy: Strategy) -> dict[str, Any]:
    """Return the effective strategy as plain values, in the order of the grammar.

    Every default is written out but those that change nothing here, such as the patience of a stopping switched off.
    """
    document: dict[str, Any] = {"name": strategy.name, "description": strategy.description or None}
    document |= {"version": strategy.version, "scope": strategy.scope}
    document["training_data"] = _training_data(strategy.training_data)
    document["indicators"] = {name: _indicator(item) for name, item in strategy.indicators.items()}
    document["context_data"] = [_context_source(source) for source in strategy.context_data] or None
    document["fuzzy_sets"] = {
        name: {"indicator": item.reference.text}
        | ({"learnable": True} if item.learnable else {})
        | {part.name: {"type": part.type, "parameters": list(part.parameters)} for part in item.memberships}
        for name, item in strategy.fuzzy_sets.items()
    }
    document["nn_inputs"] = [_entry(entry) for entry in strategy.nn_inputs]
    document["model"] = _model(strategy)
    document["decisions"] = _decisions(strategy.decisions)
    document["training"] = _training(strategy)
    document["symbol_overrides"] = overrides_document(strategy.symbol_overrides)
    document["quality"] = strategy.quality.as_dict() or None
    for path, default in idle_defaults(strategy).items():
        _leave_out(document, path, default)
    return {name: value for name, value in (document | dict(strategy.kept)).items() if value is not None}


def _leave_out(document: dict[str, Any], path: str, value: Any) -> None:
    *sections, name = path.split(".")
    for section in sections:
        document = document.get(section, {})
    if name in document and document[name] == value:
        del document[name]


def settings_document(strategy: Strategy) -> dict[str, Any]:
    """Return every effective setting with its origin."""
    return {item.path: {"value": item.value, "origin": item.origin} for item in strategy.settings}


def _training_data(data: TrainingData) -> dict[str, Any]:
    frames = data.timeframes
    document: dict[str, Any] = {
        "symbols": _symbols(data.symbols),
        "timeframes": {
            "mode": "multi_timeframe" if len(frames.timeframes) > 1 else "single",
            "list": list(frames.timeframes),
            "base_timeframe": frames.base,
            "source": frames.source,
        },
        "history_required": data.history_required,
        "start_date": data.start,
        "end_date": data.end,
        "extended_hours": data.extended_hours,
        **({} if data.alignment == "all_hours" else {"alignment": data.alignment}),
    }
    return {name: value for name, value in document.items() if value is not None}


def _symbols(choice: SymbolChoice) -> dict[str, Any]:
    document: dict[str, Any] = {"mode": choice.mode, "list": list(choice.symbols)}
    if choice.criteria is not None:
        criteria = {"asset_class": list(choice.criteria.asset_classes), "max_symbols": choice.criteria.max_symbols}
        document["selection_criteria"] = {name: value for name, value in criteria.items() if value}
    return document


def _indicator(indicator: Indicator) -> dict[str, Any]:
    """Return type and parameters of one indicator, and the series it reads if not the bars."""
    source = {} if indicator.data_source is None else {"data_source": indicator.data_source}
    return {"type": indicator.type, **indicator.parameters, **source}


def _context_source(source: ContextSource) -> dict[str, Any]:
    return {"id": source.id, "provider": source.provider, "series": source.name, "alignment": source.alignment}


def _entry(entry: NetworkInput) -> dict[str, Any]:
    document: dict[str, Any] = {entry.kind: entry.name, "timeframes": list(entry.timeframes)}
    if entry.kind != "fuzzy_set":
        document["normalization"] = entry.normalization
    return document


def _decisions(decisions: Decisions) -> dict[str, Any]:
    document: dict[str, Any] = {
        "output_format": decisions.output_format,
        "confidence_threshold": decisions.confidence_threshold,
        "position_awareness": decisions.position_awareness,
        "allow_short_from_flat": decisions.allow_short_from_flat,
        "filters": {
            "min_signal_separation": decisions.min_signal_separation,
            **({} if decisions.volume_filter is None else {"volume_filter": decisions.volume_filter}),
        },
    }
    if decisions.output_format == "regression":
        costs = {"round_trip_cost": decisions.round_trip_cost, "min_edge_multiplier": decisions.min_edge_multiplier}
        document["cost_model"] = costs
    return document


def _model(strategy: Strategy) -> dict[str, Any]:
    model = strategy.model
    features: dict[str, Any] = {
        "include_price_context": model.context.price is not None,
        "include_volume_context": model.context.volume is not None,
        "include_time_context": model.context.time,
        "include_symbol_context": model.context.symbol,
        "lookback_periods": model.lookback_periods,
        "scale_features": model.scaling != "none",
    }
    if model.context.session:
        features["include_session_context"] = True
    if model.scaling != "none":
        features["scaling_method"] = model.scaling
    for name, values in (("price_context", model.context.price), ("volume_context", model.context.volume)):
        if values is not None:
            features[name] = dict(values)
    members = {"members": [_member(strategy, item) for item in model.members]} if model.members else {}
    section = model_type(model.type).section
    return {"type": model.type, section: dict(model.architecture), **members, "features": features}


def _member(strategy: Strategy, member: MemberModel) -> dict[str, Any]:
    """Return an entry of ``model.members``, without what changes nothing in it."""
    alone = of_member(strategy, member)
    document: dict[str, Any] = {"name": member.name, "type": member.type, "architecture": dict(member.architecture)}
    whole = {"model": document, "training": nested(member.training)}
    for path, default in idle_defaults(alone).items():
        _leave_out(whole, path, default)
    document |= {"training": whole["training"], "seed": member.seed}
    document |= {"inputs": list(member.inputs)} if member.inputs else {}
    document |= {"symbol": member.symbol} if member.symbol else {}
    return document | ({"weight": member.weight} if strategy.model.architecture["method"] == "voting" else {})


def _training(strategy: Strategy) -> dict[str, Any]:
    split = strategy.split
    document: dict[str, Any] = {
        "method": "supervised",
        "labels": {"source": strategy.labels.source} | _given(strategy.labels.parameters),
        "data_split": {
            "train": split.train,
            "validation": split.validation,
            "test": split.test,
            "embargo_bars": split.embargo_bars,
        },
    }
    return document | nested(strategy.training)


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by dotted name as sections have them."""
    document: dict[str, Any] = {}
    for path, value in settings.items():
        section, _, name = path.partition(".")
        if name:
            document.setdefault(section, {})[name] = value
        else:
            document[section] = value
    return document


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}
