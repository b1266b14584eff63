"""Random valid strategy documents."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS, find_indicator
from ktrdr.domain.catalogue.labels import LABELS, find_label
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import LOSSES

TIMEFRAMES = ("5m", "15m", "1h", "4h", "1d")
_NAMES = st.text("abcdefgh_", min_size=1, max_size=5)
_NUMBERS = st.floats(-100, 100, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def memberships(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(MEMBERSHIPS)))
    spec = MEMBERSHIPS[kind]
    count = len(spec.parameters)
    values = sorted(draw(st.lists(_NUMBERS, min_size=count, max_size=count)))
    if spec.check(values):
        values = [abs(value) + 1 for value in values]
    return {"type": kind, "parameters": values}


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Draw an allowed value, not far from the default so that short series do."""
    if parameter.kind == "bool":
        return st.booleans()
    if parameter.choices:
        return st.sampled_from([*parameter.choices, *(choice.upper() for choice in parameter.choices)])
    if parameter.kind == "ints":
        return st.lists(st.integers(1, 16), max_size=2)
    near = parameter.default if isinstance(parameter.default, int | float) else 4
    low = max(parameter.low if parameter.low is not None else near, near / 2)
    high = min(parameter.high if parameter.high is not None else near * 2, near * 2)
    if low >= high:
        return st.just(near)
    if parameter.kind == "int":
        return st.integers(math.ceil(low), math.floor(high))
    return st.floats(low, high).map(lambda value: round(value, 4) or near)


@st.composite
def indicators(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an indicator with some of its parameters, or one at its defaults where these contradict each other."""
    spec = INDICATORS[draw(st.sampled_from(sorted(INDICATORS)))]
    chosen = (
        draw(st.lists(st.sampled_from(spec.parameters), unique_by=lambda item: item.name, max_size=3))
        if spec.parameters
        else []
    )
    written = {parameter.name: draw(values(parameter)) for parameter in chosen}
    full = {parameter.name: parameter.default for parameter in spec.parameters} | written
    wrong = spec.check is not None and spec.check(full)
    name = draw(st.sampled_from([spec.name, spec.name.upper(), *spec.aliases]))
    return {"type": name} | ({} if wrong else written)


@st.composite
def labels(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a label source and method with some of its parameters."""
    spec = draw(st.sampled_from([spec for specs in LABELS.values() for spec in specs]))
    free = [item for item in spec.parameters if item.name not in {"method", "vol_symbol", "classes"}]
    chosen = draw(st.lists(st.sampled_from(free), unique_by=lambda item: item.name, max_size=3))
    written = {parameter.name: draw(values(parameter)) for parameter in chosen}
    full = {parameter.name: parameter.default for parameter in spec.parameters} | written
    if spec.contradiction(full) is not None:
        written = {}
    return {"source": spec.source} | ({"method": spec.method} if spec.method else {}) | written


@st.composite
def models(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a small network: other types share too few settings to be drawn beside any document."""
    spec = MODEL_TYPES[draw(st.sampled_from(sorted(name for name, spec in MODEL_TYPES.items() if spec.learns_sets)))]
    small = {"sequence_length": 4, "hidden_size": 8, "num_heads": 2, "num_layers": 1, "feedforward_size": 8}
    names = {parameter.name for parameter in spec.parameters}
    architecture = {name: value for name, value in small.items() if name in names}
    free = [parameter for parameter in spec.parameters if parameter.name not in small]
    chosen = draw(st.lists(st.sampled_from(free), unique_by=lambda item: item.name, max_size=3))
    return {"type": spec.name, "architecture": architecture | {item.name: draw(values(item)) for item in chosen}}


@st.composite
def references(draw: st.DrawFn, defined: dict[str, Any]) -> str:
    name = draw(st.sampled_from(sorted(defined)))
    spec = find_indicator(defined[name]["type"])
    outputs = spec.outputs if spec else ()
    return draw(st.sampled_from([name, *(f"{name}.{output}" for output in outputs)]))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document in which every reference holds and every id is its own."""
    timeframes = draw(st.lists(st.sampled_from(TIMEFRAMES), min_size=1, max_size=3, unique=True))
    drawn = draw(st.lists(indicators(), min_size=1, max_size=4))
    defined = {f"i{number}": written for number, written in enumerate(drawn)}
    sets = {
        f"s{number}": {"indicator": draw(references(defined))}
        | ({"learnable": True} if draw(st.integers(0, 3)) == 0 else {})
        | {
            f"m{index}{name}": draw(memberships())
            for index, name in enumerate(draw(st.lists(_NAMES, min_size=1, max_size=3)))
        }
        for number in range(draw(st.integers(1, 3)))
    }
    entries: list[dict[str, Any]] = [
        {"fuzzy_set": name, "timeframes": draw(st.sampled_from(["all", timeframes[0], timeframes]))} for name in sets
    ]
    if draw(st.booleans()):
        normalization = draw(st.sampled_from(["none", "minmax", "zscore"]))
        entries.append({"raw_indicator": draw(references(defined)), "normalization": normalization})
    if draw(st.integers(0, 5)) == 0:
        entries.append({"catalogue": draw(st.sampled_from(sorted(CATALOGUES))), "timeframes": timeframes[0]})
    features = {
        "include_price_context": draw(st.booleans()),
        "include_volume_context": draw(st.booleans()),
        "include_time_context": draw(st.booleans()),
        "include_session_context": draw(st.booleans()),
        "include_symbol_context": draw(st.integers(0, 3)) == 0,
        "lookback_periods": draw(st.integers(1, 3)),
        "scale_features": draw(st.booleans()),
    }
    wanted = draw(labels())
    kind = find_label(wanted["source"], wanted.get("method")).kind
    filters = {
        "min_signal_separation": draw(st.integers(0, 9)),
        "volume_filter": draw(st.sampled_from([True, False, 1.5])),
    }
    training = {
        "labels": wanted,
        "epochs": draw(st.integers(1, 5)),
        "lr_scheduler": draw(st.booleans()),
        "optimizer": draw(st.sampled_from(["adam", "adamw", "sgd", "rmsprop"])),
        "loss": draw(st.sampled_from(LOSSES[kind])),
        "batch_size": 256,
    }
    return {
        "name": draw(
            st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20).filter(str.isprintable)
        ),
        "training_data": {"symbols": "SIM_STOCK", "timeframes": timeframes},
        "indicators": defined,
        "fuzzy_sets": sets,
        "nn_inputs": draw(st.permutations(entries)),
        "model": {**draw(models()), "features": features},
        "decisions": {
            "output_format": kind,
            "confidence_threshold": draw(st.floats(0, 1)),
            "position_awareness": draw(st.booleans()),
            "allow_short_from_flat": draw(st.booleans()),
            "filters": filters,
        },
        "training": training,
    }


def shuffled(value: Any, draw: st.DrawFn) -> Any:
    """Return the document with the keys of every mapping permuted, but for the memberships inside a fuzzy set."""
    if isinstance(value, list):
        return [shuffled(item, draw) for item in value]
    if not isinstance(value, dict):
        return value
    keep = "indicator" in value
    keys = list(value) if keep else draw(st.permutations(list(value)))
    return {key: shuffled(value[key], draw) for key in keys}


@st.composite
def layers(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """Draw other values for some symbols; they may contradict each other, or what the document says."""
    indicators, sets = {}, {}
    for name in draw(st.lists(st.sampled_from(sorted(document["indicators"])), max_size=2, unique=True)):
        spec = find_indicator(document["indicators"][name]["type"])
        chosen = draw(st.sampled_from(spec.parameters)) if spec and spec.parameters else None
        indicators[name] = {} if chosen is None else {chosen.name: draw(values(chosen))}
    fixed = {name for name, written in document["fuzzy_sets"].items() if written.get("learnable")}
    for name in sorted(document["fuzzy_sets"].keys() - fixed):
        names = [key for key in document["fuzzy_sets"][name] if key not in {"indicator", "learnable"}]
        sets[name] = {key: draw(memberships()) for key in draw(st.lists(st.sampled_from(names), max_size=1))}
    wanted = document["training"]["labels"]
    spec = find_label(wanted["source"], wanted.get("method"))
    free = [item for item in spec.parameters if item.name not in {"method", "vol_symbol", "classes"}]
    chosen = draw(st.sampled_from(free))
    return {
        "indicators": indicators,
        "fuzzy_sets": sets,
        "training": {"labels": {chosen.name: draw(values(chosen))}},
        "decisions": {"allow_short_from_flat": draw(st.booleans()), "filters": {"min_signal_separation": 3}},
    }


@st.composite
def overridden(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document with overrides for an asset class and for its symbol, and now and then for all."""
    document = draw(documents())
    overrides = {"asset_classes": {"stock": draw(layers(document))}, "symbols": {"SIM_STOCK": draw(layers(document))}}
    if draw(st.booleans()):
        overrides["defaults"] = draw(layers(document))
    return {**document, "symbol_overrides": overrides}
