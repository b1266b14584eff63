"""Models that were really trained, found again for a symbol and served along the one path."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.universals import deployed, instrument

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.storage.folder import read_artifact
from ktrdr.application.use_cases.load_model import LoadRequest
from ktrdr.application.use_cases.predict import Forecast, PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.symbol_files import PooledSymbol, symbol_configs_json, symbols_json
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.profile import SymbolProfile, profile_of
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import Container, make_container

GOLDEN = Path(__file__).parents[1] / "golden/schema_3"
SEEDS = {"CALM": (3, 0.001), "NEAR": (4, 0.002), "WILD": (5, 0.006), "PAIR": (6, 0.002)}


def walk(symbol: str, rows: int = 1500, timeframe: str = "5m") -> Bars:
    seed, spread = SEEDS[symbol]
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, spread, rows)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * Timeframe(timeframe).ns
    return Bars(symbol, Timeframe(timeframe), stamps, open_, high, low, close, rng.uniform(1, 9, rows))


def document(symbol: str, **changes: Any) -> dict[str, Any]:
    """Return a strategy of one rsi, whose values mean the same for every symbol."""
    made = changed("training_data.symbols", symbol)
    made["nn_inputs"] = [{"fuzzy_set": "rsi", "timeframes": "all"}]
    return {**made, **changes}


def train(container: Container, written: dict[str, Any]) -> str:
    request = TrainingRequest(parse(written), importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    return str(model.stored.reference)


def facts(symbol: str) -> Any:
    return replace(instrument(symbol, "forex" if symbol == "PAIR" else "crypto"), calendar="24/7")


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    built = make_container(models_dir=tmp_path_factory.mktemp("loading"))
    built.data_repository.override(providers.Object(MemoryRepository(map(walk, SEEDS), map(facts, SEEDS))))
    built.model_storage.override(providers.Object(MemoryStorage()))
    for symbol in ("CALM", "WILD", "PAIR"):
        train(built, document(symbol))
    return built


def forecast(container: Container, model: str, symbol: str, **options: Any) -> Forecast:
    return container.predict().execute(PredictRequest(model, symbol, 50, **options))  # type: ignore[no-any-return]


def test_a_strategys_name_finds_the_symbols_own_model(container: Container, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="ktrdr"):
        found = forecast(container, "small", "WILD", timeframe="5m")
    named = forecast(container, "small/WILD_5m_v1", "WILD")
    assert np.array_equal(found.outputs, named.outputs)
    assert (found.reason, named.reason) == ("the model of WILD itself", None)
    assert found.notes[0] == "small/WILD_5m_v1 is used: the model of WILD itself"
    (logged,) = [record for record in caplog.records if record.message == "model chosen"]
    assert (logged.model, logged.reason) == ("small/WILD_5m_v1", found.reason)  # type: ignore[attr-defined]


def test_other_bars_than_those_of_training_are_said(container: Container) -> None:
    same = forecast(container, "small/CALM_5m_v1", "CALM").notes
    assert not [note for note in same if "those in training" in note]
    bars = walk("CALM")
    for other, words in (
        (replace(bars, source="mine.csv"), "from mine.csv and begin 2024-01-01"),
        (bars.take(slice(500, None)), "from memory and begin 2024-01-02"),
    ):
        with container.data_repository.override(providers.Object(MemoryRepository([other], [facts("CALM")]))):
            notes = forecast(container, "small/CALM_5m_v1", "CALM").notes
        (note,) = [note for note in notes if "those in training" in note]
        assert note.startswith(f"CALM 5m: these bars are {words}")


def test_a_similar_symbols_model_stands_in_and_says_so(container: Container) -> None:
    found = forecast(container, "small", "NEAR", timeframe="5m")
    loaded = container.load_model().execute(LoadRequest("small", "NEAR", "5m"))
    assert (loaded.reference, loaded.kind) == ("small/CALM_5m_v1", "similar")  # 0.002 / 0.001 < 0.006 / 0.002
    assert found.manifest.symbol == "CALM"
    assert found.symbol == "NEAR"
    assert "most similar symbol" in str(found.reason)
    assert any("small/PAIR_5m_v1 is of a symbol of another asset class" in note for note in found.notes)
    with pytest.raises(InvalidInput, match="may not serve NEAR"):
        forecast(container, "small/CALM_5m_v1", "NEAR")


def test_the_same_outputs_as_where_the_model_is_allowed_outright(container: Container) -> None:
    allowed = train(container, document("CALM", name="allowed", **deployed("universal")))
    outright = forecast(container, allowed, "NEAR")
    found = forecast(container, "small", "NEAR", timeframe="5m")
    assert np.array_equal(found.outputs, outright.outputs)
    assert np.array_equal(found.matrix.values, outright.matrix.values)


def test_nothing_stands_in_where_deployment_says_training_only_or_prices_go_in(container: Container) -> None:
    train(container, document("CALM", name="bound", **deployed("training_only")))
    train(container, {**changed("training_data.symbols", "CALM"), "name": "priced"})
    for strategy, words in (("bound", "is training_only"), ("priced", "price or volume: 5m_macd_down, 5m_macd_up")):
        with pytest.raises(ModelNotFound, match=words):
            forecast(container, strategy, "NEAR", timeframe="5m")


def test_as_of_takes_what_was_chosen_before(container: Container) -> None:
    for end in ("2024-01-04", "2024-01-05"):
        dated = document("CALM", name="dated")
        dated["training_data"] |= {"end_date": end}
        train(container, dated)
    storage = container.model_storage()
    first, second = (storage.load(f"dated/CALM_5m_v{n}").manifest.selected_until for n in (1, 2))
    assert first < second

    def at(as_of: str | None) -> str:
        found = container.load_model().execute(LoadRequest("dated", "CALM", "5m", as_of))
        return str(found.reference)

    assert (at(None), at("2025-01-01"), at(second)) == ("dated/CALM_5m_v2", "dated/CALM_5m_v2", "dated/CALM_5m_v1")
    with pytest.raises(ModelNotFound, match="chosen before"):
        at(first)
    assert forecast(container, "dated", "CALM", timeframe="5m", as_of=second).manifest.version == 1


def test_the_profile_is_frozen_at_the_train_end(container: Container) -> None:
    manifest = container.model_storage().load("small/WILD_5m_v1").manifest
    until = from_iso(manifest.fitted_until)
    assert manifest.symbols is not None
    kept = SymbolProfile.from_dict(manifest.symbols["WILD"])
    known = walk("WILD").known_at <= until
    assert kept == profile_of(facts("WILD"), walk("WILD").take(known), until)
    assert kept.bars == known.sum() < 1500
    assert kept.volatility == pytest.approx(0.006 * np.sqrt(365.25 * 288), rel=0.1)
    assert kept.liquidity_tier == "low"


def test_a_universal_model_serves_its_symbols_by_the_bars_that_each_was_trained_on(container: Container) -> None:
    storage = container.model_storage()
    single = storage.load("small/CALM_5m_v1")
    rows = {"train": 9, "validation": 9, "test": 9}
    profiles = {name: storage.load(f"small/{name}_5m_v1").manifest.symbols[name] for name in ("CALM", "WILD")}
    pooled = replace(
        single.manifest,
        symbol=None,
        timeframe=None,
        training_symbols=["CALM", "WILD"],
        symbols=profiles,
        strategy={**single.manifest.strategy, "name": "pooled"},
        strategy_name="pooled",
    )
    symbols = {
        name: PooledSymbol.of(facts(name), SymbolProfile.from_dict(profiles[name]), rows, {"5m": origin})
        for name, origin in (("CALM", "native"), ("WILD", "1m"))
    }
    files = {"symbols.json": symbols_json(symbols), "symbol_configs.json": symbol_configs_json({})}
    storage.publish(Artifact(pooled, {**single.blobs, **files}))
    found = forecast(container, "pooled", "CALM", timeframe="5m")
    assert found.reason == "universal, and CALM is among the symbols that it was trained on"
    assert np.array_equal(found.outputs, forecast(container, "small/CALM_5m_v1", "CALM").outputs)
    with pytest.raises(InvalidInput, match=r"trained on 2 symbols \(CALM, WILD\); say which one"):
        container.predict().execute(PredictRequest("pooled/universal_v1"))
    with pytest.raises(LookupError, match="no 1m bars of WILD"):
        forecast(container, "pooled/universal_latest", "WILD")
    with pytest.raises(InvalidInput, match="may not serve NEAR"):
        forecast(container, "pooled/universal_latest", "NEAR")


def test_a_model_of_the_first_schema_is_found_and_served_but_is_similar_to_none() -> None:
    container = make_container()
    container.model_storage.override(providers.Singleton(MemoryStorage))
    golden = read_artifact(GOLDEN)
    container.model_storage().publish(golden)
    name, key = golden.manifest.strategy_name, golden.manifest
    loaded = container.load_model().execute(LoadRequest(name, str(key.symbol), str(key.timeframe)))
    assert loaded.kind == "symbol"
    assert loaded.artifact.blobs == golden.blobs
    with pytest.raises(ModelNotFound):
        container.load_model().execute(LoadRequest(name, "MSFT", str(key.timeframe)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "small/CALM_5m_v1", "timeframe": "5m"}, "is one model"),
        ({"model": "small/CALM_5m_v1", "as_of": "2024-01-01"}, "is one model"),
        ({"model": "small", "timeframe": "5m"}, r"give a symbol \(--symbol\)"),
        ({"model": "small", "symbol": "CALM", "timeframe": "5m", "prefer": "mine"}, "universal or symbol"),
    ],
)
def test_requests_that_contradict_themselves_are_refused(
    container: Container, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        container.predict().execute(PredictRequest(**options))


def test_a_strategy_without_models_is_named_with_those_that_have_some(container: Container) -> None:
    with pytest.raises(ModelNotFound, match=r"no model of strategy 'smal'; there are models of .*small"):
        forecast(container, "smal", "CALM", timeframe="5m")


def test_what_was_guessed_of_the_symbol_is_said_with_the_choice_and_once(container: Container, tmp_path: Path) -> None:
    built = make_container(models_dir=tmp_path)
    built.data_repository.override(providers.Object(MemoryRepository(map(walk, SEEDS))))
    built.model_storage.override(providers.Object(container.model_storage()))
    loaded = built.load_model().execute(LoadRequest("small", "WILD", "5m"))
    assert loaded.inferred[0] == (
        "WILD is taken for stock by the calendar XNYS (America/New_York), because nothing in its name or bars says "
        "otherwise"
    )
    assert loaded.sentences[-1:] == loaded.inferred
    assert container.load_model().execute(LoadRequest("small", "WILD", "5m")).inferred == ()
    notes = forecast(built, "small", "WILD", timeframe="5m").notes
    assert [notes.count(said) for said in loaded.inferred] == [1]
