"""Loading with fallback, against a twin that ranks every version at once."""

from __future__ import annotations

from math import log
from typing import Any

import pandas as pd
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.universals import PRICE, RATIO, deployed, instrument, model

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.artifacts.fallback import Choice, Wanted, choose
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import ModelNotFound
from ktrdr.domain.market.moments import read_moment

SYMBOLS = ("AAPL", "MSFT", "KO")
VOLATILITIES = {"AAPL": 0.31, "MSFT": 0.22, "KO": 0.15}
CLASSES = {"AAPL": "stock", "MSFT": "stock", "KO": "etf"}
Published = tuple[StoredModel, Manifest, dict[str, Any]]

DEPLOYMENTS = st.sampled_from(
    [
        {},
        {"mode": "training_only"},
        {"mode": "universal"},
        {"mode": "universal", "excluded_symbols": ["AAPL"]},
        {"mode": "universal", "supported": ["1h"]},
        {"mode": "group_restricted", "asset_classes": ["stock"]},
    ]
)


@st.composite
def shelves(draw: st.DrawFn) -> list[Published]:
    numbers: dict[Any, int] = {}
    found = []
    for _ in range(draw(st.integers(1, 7))):
        key = draw(st.sampled_from([None, *SYMBOLS]))
        rules, timeframe = draw(DEPLOYMENTS), draw(st.sampled_from(["1d", "1d", "1h"]))
        names = [key] if key else draw(st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
        year, units = draw(st.integers(2018, 2022)), draw(st.booleans())
        made = model(
            key,
            {name: VOLATILITIES[name] for name in names},
            timeframe=timeframe,
            asset_class=CLASSES[names[0]],
            selected_until=f"{year}-06-01T00:00:00Z",
            feature_contract=[RATIO, PRICE] if units else [RATIO],
            strategy=deployed(**rules),
        )
        numbers[made.key] = numbers.get(made.key, 0) + 1
        found.append((StoredModel(made.key, numbers[made.key], "", is_latest=False), made, rules))
    return [(StoredModel(v.key, v.number, "", v.number == numbers[v.key]), *rest) for v, *rest in found]  # type: ignore[misc]


WANTED = st.builds(
    lambda symbol, timeframe, year, prefer: Wanted(
        "demo",
        instrument(symbol, CLASSES[symbol]),
        timeframe,
        None if year is None else read_moment(f"{year}-01-01"),
        prefer,
    ),
    st.sampled_from(SYMBOLS),
    st.sampled_from(["1d", "1h"]),
    st.none() | st.integers(2018, 2024),
    st.sampled_from(["universal", "symbol"]),
)


def run(wanted: Wanted, shelf: list[Published]) -> Choice | None:
    manifests = {version.reference: made for version, made, _ in shelf}
    try:
        return choose(
            wanted,
            [version for version, *_ in shelf],
            lambda version: manifests[version.reference],
            lambda _: VOLATILITIES[wanted.symbol],
        )
    except ModelNotFound:
        return None


def fits(wanted: Wanted, made: Manifest) -> bool:
    timeframe = made.strategy["training_data"]["timeframes"]["base_timeframe"]
    selected = pd.Timestamp(made.selected_until).value
    return timeframe == wanted.timeframe and (wanted.as_of is None or selected < wanted.as_of)


def allows(rules: dict[str, Any], wanted: Wanted, *, trained: bool, stands_in: bool = False) -> bool:
    if wanted.symbol in rules.get("excluded_symbols", ()) or wanted.timeframe not in rules.get(
        "supported", ["1d", "1h"]
    ):
        return False
    if trained or (stands_in and not rules):
        return True
    classes = rules.get("asset_classes", ["stock", "etf"])
    return rules.get("mode", "training_only") != "training_only" and CLASSES[wanted.symbol] in classes


def twin(wanted: Wanted, shelf: list[Published]) -> str | None:
    """Every version gets a rank, or none; the lowest wins."""
    newest: dict[Any, int] = {}
    for version, made, _ in shelf:
        if fits(wanted, made):
            newest[version.key] = max(newest.get(version.key, 0), version.number)
    order = {"universal": 0, "symbol": 1} if wanted.prefer == "universal" else {"symbol": 0, "universal": 1}
    barred = {  # an exclusion holds for older versions, too
        version.key: version.number
        for version, made, rules in sorted(shelf, key=lambda one: one[0].number)
        if fits(wanted, made) and wanted.symbol in rules.get("excluded_symbols", ())
    }
    ranked = []
    for version, made, rules in shelf:
        own, pooled = version.key.symbol == wanted.symbol, version.key.symbol is None
        if not fits(wanted, made):
            continue
        if own or pooled:
            first = barred.get(version.key, 0) < version.number
            if first and allows(rules, wanted, trained=wanted.symbol in made.training_symbols):
                ranked.append((order["universal" if pooled else "symbol"], -version.number, "", version.reference))
            continue
        alike = CLASSES[str(version.key.symbol)] == CLASSES[wanted.symbol] and PRICE not in made.feature_contract
        if alike and version.number == newest[version.key] and allows(rules, wanted, trained=False, stands_in=True):
            distance = abs(log(VOLATILITIES[str(version.key.symbol)] / VOLATILITIES[wanted.symbol]))
            ranked.append((2, distance, version.key.stem, version.reference))
    return min(ranked)[-1] if ranked else None


@settings(max_examples=examples(300))
@given(WANTED, shelves())
def test_the_choice_is_that_of_the_twin(wanted: Wanted, shelf: list[Published]) -> None:
    choice = run(wanted, shelf)
    assert (choice.stored.reference if choice else None) == twin(wanted, shelf)


@settings(max_examples=examples(60))
@given(WANTED, shelves(), st.randoms())
def test_the_order_of_versions_changes_nothing(wanted: Wanted, shelf: list[Published], random: Any) -> None:
    shuffled = list(shelf)
    random.shuffle(shuffled)
    assert run(wanted, shuffled) == run(wanted, shelf)


@settings(max_examples=examples(60))
@given(WANTED, shelves())
def test_what_was_chosen_is_still_chosen_where_all_that_was_passed_over_is_gone(
    wanted: Wanted, shelf: list[Published]
) -> None:
    choice = run(wanted, shelf)
    if choice is None:
        return
    named = {said.split()[0] for said in choice.passed_over}
    assert choice.stored.reference not in named
    left = [one for one in shelf if one[0].reference not in named]
    again = run(wanted, left)
    assert again is not None
    assert (again.stored, again.kind, again.reason) == (choice.stored, choice.kind, choice.reason)
