"""Random valid strategy documents."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS

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


@st.composite
def references(draw: st.DrawFn, indicators: dict[str, Any]) -> str:
    name = draw(st.sampled_from(sorted(indicators)))
    outputs = INDICATORS[indicators[name]["type"]].outputs
    return draw(st.sampled_from([name, *(f"{name}.{output}" for output in outputs)]))


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a document in which every reference holds and every id is its own."""
    timeframes = draw(st.lists(st.sampled_from(TIMEFRAMES), min_size=1, max_size=3, unique=True))
    kinds = draw(st.lists(st.sampled_from(sorted(INDICATORS)), min_size=1, max_size=4))
    indicators = {f"i{number}": {"type": kind} for number, kind in enumerate(kinds)}
    sets = {
        f"s{number}": {"indicator": draw(references(indicators))}
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
        entries.append({"raw_indicator": draw(references(indicators)), "normalization": normalization})
    features = {
        "include_price_context": draw(st.booleans()),
        "include_volume_context": draw(st.booleans()),
        "include_time_context": draw(st.booleans()),
        "lookback_periods": draw(st.integers(1, 3)),
        "scale_features": draw(st.booleans()),
    }
    labels = draw(
        st.sampled_from(
            [
                {"source": "zigzag", "zigzag_threshold": 0.02, "label_lookahead": 10},
                {"source": "zigzag", "method": "segments", "zigzag_threshold": {"atr": 3.0}},
                {"source": "forward_return", "horizon": 5, "entry": "next_open"},
            ]
        )
    )
    return {
        "name": draw(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable() and text.strip())),
        "training_data": {"symbols": "SIM_STOCK", "timeframes": timeframes},
        "indicators": indicators,
        "fuzzy_sets": sets,
        "nn_inputs": draw(st.permutations(entries)),
        "model": {
            "type": "mlp",
            "architecture": {"hidden_layers": draw(st.lists(st.integers(1, 64), max_size=3))},
            "features": features,
        },
        "decisions": {"confidence_threshold": draw(st.floats(0, 1))},
        "training": {"labels": labels, "epochs": draw(st.integers(1, 5)), "lr_scheduler": draw(st.booleans())},
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
