"""Which model serves a symbol, case by case."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from samples.universals import COUNTING, PRICE, RATIO, deployed, instrument, model

from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.artifacts.fallback import Choice, Wanted, choose
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, ModelNotFound
from ktrdr.domain.market.moments import read_moment

DAMAGED = "damaged"
GONE = "gone"


@dataclass
class Shelf:
    """Published versions; a text instead of a manifest is what is wrong with it."""

    models: dict[str, Manifest | str] = field(default_factory=dict)
    versions: list[StoredModel] = field(default_factory=list)

    def put(self, manifest: Manifest, problem: str | None = None) -> None:
        earlier = [version for version in self.versions if version.key == manifest.key]
        stored = StoredModel(manifest.key, len(earlier) + 1, "somewhere", is_latest=True)
        self.versions = [
            replace(version, is_latest=False) if version in earlier else version for version in self.versions
        ]
        self.versions.append(stored)
        self.models[stored.reference] = problem or manifest

    def manifest_of(self, version: StoredModel) -> Manifest:
        found = self.models[version.reference]
        if isinstance(found, Manifest):
            return found
        raise CorruptArtifact("history.json is missing") if found == DAMAGED else ModelNotFound(version.reference)

    def choose(self, symbol: str = "AAPL", volatility: float | None = 0.3, **wishes: Any) -> Choice:
        asset_class = wishes.pop("asset_class", "stock")
        wanted = Wanted("demo", instrument(symbol, asset_class), wishes.pop("timeframe", "1d"), **wishes)
        return choose(wanted, self.versions, self.manifest_of, lambda _: volatility)


def shelf(*models: Manifest) -> Shelf:
    made = Shelf()
    for one in models:
        made.put(one)
    return made


def test_a_universal_model_that_was_trained_on_it_comes_first() -> None:
    there = shelf(model("AAPL"), model(None, {"MSFT": 0.2, "AAPL": 0.3}))
    choice = there.choose()
    assert (choice.kind, choice.stored.reference) == ("universal", "demo/universal_v1")
    assert choice.reason == "universal, and AAPL is among the symbols that it was trained on"
    assert choice.passed_over == ()


def test_the_symbols_own_comes_first_where_it_is_preferred() -> None:
    there = shelf(model("AAPL"), model(None, {"AAPL": 0.3}))
    choice = there.choose(prefer="symbol")
    assert (choice.kind, choice.stored.reference, choice.reason) == (
        *("symbol", "demo/AAPL_1d_v1"),
        "the model of AAPL itself",
    )
    assert there.choose("MSFT", prefer="symbol").kind == "similar"


def test_another_preference_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"universal or symbol.*'own'"):
        shelf(model("AAPL")).choose(prefer="own")


def test_deployment_lets_a_universal_model_cover_a_symbol_that_it_has_not_seen() -> None:
    allowed = model(None, {"MSFT": 0.2}, strategy=deployed("universal"))
    choice = shelf(model("AAPL"), allowed).choose()
    assert choice.kind == "universal"
    assert "its deployment allows AAPL" in choice.reason


@pytest.mark.parametrize(
    "strategy",
    [
        {},
        deployed("training_only"),
        deployed("universal", excluded_symbols=["AAPL"]),
        deployed("universal", asset_classes=["forex"]),
        deployed("group_restricted", asset_classes=["etf"]),
        deployed("universal", supported=["1h"]),
    ],
)
def test_a_universal_model_that_may_not_is_passed_over(strategy: dict[str, Any]) -> None:
    choice = shelf(model("AAPL"), model(None, {"MSFT": 0.2}, strategy=strategy)).choose()
    assert choice.kind == "symbol"
    (said,) = choice.passed_over
    assert said.startswith("demo/universal_v1 may not serve")


def test_an_excluded_symbol_is_not_served_though_it_was_trained_on() -> None:
    there = shelf(model(None, {"AAPL": 0.3}), model(None, {"AAPL": 0.3}, strategy=deployed("universal")))
    assert there.choose().stored.number == 2
    there.put(model(None, {"AAPL": 0.3}, strategy=deployed("universal", excluded_symbols=["AAPL"])))
    with pytest.raises(ModelNotFound, match="universal_v3 may not serve AAPL"):
        there.choose()


def test_an_indicator_that_counts_from_the_first_bar_covers_no_other_symbol() -> None:
    counting = model(None, {"MSFT": 0.2}, strategy=deployed("universal"), feature_contract=[RATIO, COUNTING])
    with pytest.raises(ModelNotFound, match=r"count from the first bar: 1d_nvi_up"):
        shelf(counting).choose()
    assert shelf(counting).choose("MSFT").kind == "universal"


def test_an_index_is_found_under_either_spelling() -> None:
    there = shelf(model("^GSPC", asset_class="index"))
    assert there.choose("GSPC", asset_class="index").kind == "symbol"


def test_the_most_similar_symbol_of_its_class_stands_in() -> None:
    there = shelf(
        model("CALM", {"CALM": 0.1}),
        model("NEAR", {"NEAR": 0.24}),
        model("WILD", {"WILD": 0.36}),
        model("EURUSD", {"EURUSD": 0.3}, asset_class="forex"),
        model("PRICED", {"PRICED": 0.3}, feature_contract=[RATIO, PRICE]),
        model("SILENT", {"SILENT": None}),
        model("HOURLY", {"HOURLY": 0.3}, timeframe="1h"),
    )
    choice = there.choose("NEW", 0.3)  # 0.3 / 0.24 = 1.25, 0.36 / 0.3 = 1.2
    assert (choice.kind, choice.stored.reference) == ("similar", "demo/WILD_1d_v1")
    assert choice.reason.startswith("the model of WILD, the most similar symbol of its asset class")
    assert "0.36 a year, that of NEW is 0.3" in choice.reason
    said = "; ".join(choice.passed_over)
    for words in (
        "demo/EURUSD_1d_v1 is of a symbol of another asset class (forex, not stock)",
        "demo/PRICED_1d_v1 has inputs in the units of its symbol's price or volume: 1d_sma_high",
        "demo/SILENT_1d_v1 does not say how volatile its symbol is",
        "demo/HOURLY_1h_v1 is for 1h bars",
    ):
        assert words in said
    assert there.choose("NEW", 0.29).stored.reference == "demo/NEAR_1d_v1"


@pytest.mark.parametrize("strategy", [deployed("training_only"), deployed("group_restricted", asset_classes=["etf"])])
def test_a_similar_model_whose_deployment_says_otherwise_does_not_stand_in(strategy: dict[str, Any]) -> None:
    with pytest.raises(ModelNotFound, match="AAPL_1d_v1 may not serve NEW"):
        shelf(model("AAPL", strategy=strategy)).choose("NEW")


def test_a_symbol_whose_volatility_is_not_known_is_similar_to_none() -> None:
    with pytest.raises(ModelNotFound, match="cannot be compared: the volatility of NEW is not known"):
        shelf(model("AAPL")).choose("NEW", None)


def test_the_volatility_is_asked_for_only_where_it_decides() -> None:
    there = shelf(model("AAPL"))
    wanted = Wanted("demo", instrument("AAPL"), "1d")

    def never(_: Manifest) -> float:
        raise AssertionError("asked")

    assert choose(wanted, there.versions, there.manifest_of, never).kind == "symbol"


@pytest.mark.parametrize("key", [None, "AAPL"])
def test_as_of_takes_the_newest_that_was_chosen_before(key: str | None) -> None:
    there = shelf(*(model(key, {"AAPL": 0.3}, selected_until=f"202{n}-01-04T21:00:00Z") for n in (1, 3, 2)))
    for moment, number in [("2021-01-05", 1), ("2022-01-04T21:00:01Z", 3), ("2030-01-01", 3)]:
        assert there.choose(as_of=read_moment(moment)).stored.number == number
    choice = there.choose(as_of=read_moment("2022-01-04T21:00Z"))
    assert choice.stored.number == 1  # not at the moment itself
    assert [said.partition(" ")[2] for said in choice.passed_over] == [
        "was chosen by bars up to 2022-01-04T21:00:00Z",
        "was chosen by bars up to 2023-01-04T21:00:00Z",
    ]
    with pytest.raises(ModelNotFound, match=r"chosen before 2021-01-04T21:00:00Z"):
        there.choose(as_of=read_moment("2021-01-04T21:00Z"))


def test_an_older_universal_model_comes_before_the_symbols_own() -> None:
    there = shelf(
        model(None, {"AAPL": 0.3}, selected_until="2019-01-04T21:00:00Z"),
        model("AAPL"),
        model(None, {"AAPL": 0.3}, selected_until="2024-01-04T21:00:00Z"),
    )
    assert there.choose(as_of=read_moment("2023-01-01")).stored.reference == "demo/universal_v1"


@pytest.mark.parametrize(("problem", "words"), [(DAMAGED, "is damaged"), (GONE, "was deleted a moment ago")])
def test_a_version_that_cannot_be_read_is_passed_over(problem: str, words: str) -> None:
    there = shelf(model("AAPL"))
    there.put(model("AAPL"), problem)
    choice = there.choose()
    assert choice.stored.number == 1
    assert words in choice.passed_over[0]


def test_a_latest_version_that_was_deleted_is_said_aloud() -> None:
    there = shelf(model("AAPL"), model("AAPL"))
    del there.versions[1]
    choice = there.choose()
    assert (choice.stored.number, choice.passed_over) == (1, ("demo/AAPL_1d_latest was deleted",))
    there.put(model(None, {"AAPL": 0.3}))
    assert there.choose().passed_over == ()


def test_timeframes_must_be_the_same() -> None:
    there = shelf(model(None, {"AAPL": 0.3}, timeframe="1h"), model("AAPL", timeframe="4h"))
    with pytest.raises(ModelNotFound, match=r"universal_v1 is for 1h bars.*AAPL_4h_v1 is for 4h bars"):
        there.choose()
    assert there.choose(timeframe="1h").kind == "universal"


def test_not_found_lists_what_was_looked_for_in_order() -> None:
    there = shelf(model("MSFT", asset_class="forex"))
    with pytest.raises(ModelNotFound) as caught:
        there.choose(prefer="symbol")
    message = str(caught.value)
    assert message.startswith("no model of 'demo' serves AAPL 1d; looked for, in this order: its own model (there is ")
    assert message.index("its own model") < message.index("a universal model") < message.index("a similar symbol's")
    assert "demo/MSFT_1d_v1 is of a symbol of another asset class" in message


def test_an_unknown_strategy_is_not_found_and_the_nearest_is_named() -> None:
    there = shelf(model("AAPL"))
    with pytest.raises(ModelNotFound, match=r"no model of strategy 'dmo'.*did you mean 'demo'"):
        choose(Wanted("dmo", instrument("AAPL"), "1d"), there.versions, there.manifest_of, lambda _: None)


@pytest.mark.parametrize("strategy", [{}, deployed("universal"), deployed("group_restricted", asset_classes=["stock"])])
def test_another_symbols_model_stands_in_where_nothing_forbids_it(strategy: dict[str, Any]) -> None:
    assert shelf(model("AAPL", strategy=strategy)).choose("NEW").kind == "similar"


def test_each_model_is_compared_by_the_volatility_asked_for_it() -> None:
    there = shelf(model("CALM", {"CALM": 0.1}), model("WILD", {"WILD": 0.4}), model("MUTE", {"MUTE": 0.2}))
    then = {"CALM": 0.3, "WILD": 0.3, "MUTE": None}
    wanted = Wanted("demo", instrument("NEW"), "1d")
    choice = choose(wanted, there.versions, there.manifest_of, lambda manifest: then[str(manifest.symbol)])
    assert choice.stored.reference == "demo/WILD_1d_v1"
    assert choice.passed_over == ("demo/MUTE_1d_v1 cannot be compared: the volatility of NEW is not known",)


def test_a_latest_version_of_a_similar_symbol_that_was_deleted_is_said_aloud() -> None:
    there = shelf(model("MSFT"), model("MSFT"))
    del there.versions[1]
    choice = there.choose("AAPL")
    assert choice.stored.reference == "demo/MSFT_1d_v1"
    assert choice.passed_over == ("demo/MSFT_1d_latest was deleted",)


def test_a_timeframe_fits_however_it_is_spelled() -> None:
    there = shelf(model(None, {"AAPL": 0.3}, timeframe="60m", strategy=deployed(supported=["1h"])))
    assert there.choose(timeframe="1h").kind == "universal"
    assert shelf(model("AAPL", timeframe="24h")).choose(timeframe="1d").kind == "symbol"
