"""Laws 1 (order) and 8 (round trip) on random strategies; mutations never crash the parser."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.strategy_documents import documents, shuffled

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.writing.render import render

NOT_MEMBERSHIPS = ("indicator", "learnable")
KERNELS = dict.fromkeys(INDICATORS, "kernel 1")


def digest(document: dict[str, Any]) -> str:
    return contract_hash(feature_contract(resolve(parse(document)), KERNELS))


@given(documents())
def test_a_valid_document_round_trips(document: dict[str, Any]) -> None:
    strategy = parse(document)
    again = parse(render(strategy))
    assert again == strategy
    assert set(again.warnings) <= set(strategy.warnings)
    assert render(again) == render(strategy)
    assert resolve(again) == resolve(strategy)


@given(documents())
def test_ids_are_unique_and_follow_the_written_order(document: dict[str, Any]) -> None:
    features = resolve(parse(document))
    ids = [feature.id for feature in features]
    assert len(set(ids)) == len(ids)
    lags = [feature.lag for feature in features if feature.kind != "context"]
    assert lags == sorted(lags)
    kinds = [feature.kind == "context" for feature in features]
    assert kinds == sorted(kinds)
    expected = []
    for entry in document["nn_inputs"]:
        frames = entry.get("timeframes", "all")
        frames = (
            document["training_data"]["timeframes"]
            if frames == "all"
            else [frames]
            if isinstance(frames, str)
            else frames
        )
        for frame in frames:
            if "raw_indicator" in entry:
                expected.append(f"{frame}_{entry['raw_indicator']}_raw")
            elif "catalogue" in entry:
                expected += [f"{frame}_{column.name}_raw" for column in CATALOGUES[entry["catalogue"]].columns]
            else:
                written = document["fuzzy_sets"][entry["fuzzy_set"]]
                expected += [f"{frame}_{entry['fuzzy_set']}_{name}" for name in written if name not in NOT_MEMBERSHIPS]
    assert ids[: len(expected)] == expected


@given(documents(), st.data())
def test_the_order_of_keys_changes_nothing(document: dict[str, Any], data: st.DataObject) -> None:
    permuted = shuffled(document, data.draw)
    assert parse(permuted) == parse(document)
    assert digest(permuted) == digest(document)


@given(documents(), st.data())
def test_the_order_of_memberships_is_the_contract(document: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(document["fuzzy_sets"])))
    members = [key for key in document["fuzzy_sets"][name] if key not in NOT_MEMBERSHIPS]
    order = data.draw(st.permutations(members))
    permuted = copy.deepcopy(document)
    written = document["fuzzy_sets"][name]
    permuted["fuzzy_sets"][name] = {key: written[key] for key in [*(set(written) - set(order)), *order]}
    before, after = ([feature.id for feature in resolve(parse(item))] for item in (document, permuted))
    assert sorted(before) == sorted(after)
    assert (before == after) == (order == members) == (digest(document) == digest(permuted))


@given(documents(), st.data())
def test_the_order_of_inputs_and_of_timeframes_is_the_contract(document: dict[str, Any], data: st.DataObject) -> None:
    for path in ("nn_inputs", "timeframes"):
        owner = document if path == "nn_inputs" else document["training_data"]
        order = data.draw(st.permutations(owner[path]))
        permuted = copy.deepcopy(document)
        (permuted if path == "nn_inputs" else permuted["training_data"])[path] = order
        if path == "timeframes":
            base = document["training_data"]["timeframes"][0]
            mode = "multi_timeframe" if len(order) > 1 else "single"
            permuted["training_data"]["timeframes"] = {"mode": mode, "list": order, "base_timeframe": base}
        before, after = ([feature.id for feature in resolve(parse(item))] for item in (document, permuted))
        assert sorted(before) == sorted(after)
        assert (before == after) == (digest(document) == digest(permuted))


_JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in _places(item, (*path, key)))]


@settings(max_examples=examples(300))
@given(documents(), st.data())
def test_a_mutated_document_is_read_or_refused_but_never_crashes(document: dict[str, Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(_places(document)[1:]))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = data.draw(_JUNK)
    errors = [problem for problem in problems(document) if problem.severity == "error"]
    if not errors:
        strategy = parse(document)
        assert parse(render(strategy)) == strategy
        return
    with pytest.raises(InvalidStrategy) as caught:
        parse(document)
    assert list(caught.value.problems) == errors
    assert all(problem.message for problem in errors)
