"""Overrides by symbol on random strategies: other values in the same places, and never another feature."""

from __future__ import annotations

import copy
from typing import Any

from effort import examples
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from samples.strategy_documents import overridden, shuffled

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.strategy.writing.render import render

WHOM = (("SIM_STOCK", "stock"), ("SIM_STOCK", "forex"), ("OTHER", "stock"), ("OTHER", "crypto"))
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 40), st.floats(), st.text(max_size=3),
    st.lists(st.floats(-9, 9), max_size=4), st.dictionaries(st.sampled_from(["type", "a"]), st.integers(), max_size=2),
)  # fmt: skip


def merged(document: dict[str, Any], symbol: str, asset_class: str) -> dict[str, Any]:
    """Return what one would write by hand for one symbol."""
    own = copy.deepcopy(document)
    overrides = own.pop("symbol_overrides")
    chosen = [overrides.get("defaults"), overrides["asset_classes"].get(asset_class), overrides["symbols"].get(symbol)]
    for layer in copy.deepcopy([item for item in chosen if item]):
        merge(own["indicators"], layer["indicators"], 1)
        merge(own["fuzzy_sets"], layer["fuzzy_sets"], 1)
        merge(own["training"]["labels"], layer["training"]["labels"], 0)
        merge(own["decisions"], layer["decisions"], 1)
    return own


def merge(target: dict[str, Any], source: dict[str, Any], depth: int) -> None:
    for name, value in source.items():
        if depth and isinstance(value, dict):
            merge(target[name], value, depth - 1)
        else:
            target[name] = value


def ids(strategy: Strategy) -> list[str]:
    return [feature.id for feature in resolve(strategy)]


def read(document: dict[str, Any]) -> Strategy:
    try:
        return parse(document)
    except InvalidInput:
        assume(False)
        raise


@settings(max_examples=examples(60))
@given(overridden())
def test_a_symbol_has_what_one_would_write_for_it_alone(document: dict[str, Any]) -> None:
    strategy = read(document)
    for symbol, asset_class in WHOM:
        try:
            by_hand = parse(merged(document, symbol, asset_class))
        except InvalidInput:
            by_hand = None
        try:
            own = strategy_for(strategy, symbol, asset_class)
        except InvalidInput:
            own = None
        assert own == by_hand
        if own is not None:
            assert ids(own) == ids(strategy)
            assert strategy_for(own, symbol, asset_class) == own
            assert parse(render(own)) == own


@settings(max_examples=examples(60))
@given(overridden(), st.data())
def test_overrides_round_trip_and_the_order_of_their_keys_changes_nothing(
    document: dict[str, Any], data: st.DataObject
) -> None:
    strategy = read(document)
    assert parse(render(strategy)) == strategy
    shuffled_overrides = shuffled(document["symbol_overrides"], data.draw)
    assert parse({**document, "symbol_overrides": shuffled_overrides}) == strategy


@settings(max_examples=examples(150))
@given(overridden(), st.data())
def test_whatever_is_written_as_an_override_is_refused_or_leaves_the_features(
    document: dict[str, Any], data: st.DataObject
) -> None:
    place, path = document["symbol_overrides"], []
    while isinstance(place, dict) and place and (not path or data.draw(st.integers(0, 3))):
        path.append(data.draw(st.sampled_from([*place, "indicators", "new", "nn_inputs"])))
        inner = place.get(path[-1])
        if not isinstance(inner, dict) or not inner:
            break
        place = inner
    place[path[-1]] = data.draw(JUNK)
    if any(problem.severity == "error" for problem in problems(document)):
        return
    strategy = parse(document)
    for symbol, asset_class in WHOM:
        try:
            own = strategy_for(strategy, symbol, asset_class)
        except InvalidInput:
            continue
        assert ids(own) == ids(strategy)
