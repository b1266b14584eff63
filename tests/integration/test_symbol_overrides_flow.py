"""Values of their own for some symbols: gathered, labelled, kept, held to and served by them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.predictors import Trained, bars_of, feed_of, replayed
from samples.prepared import prepare_one, prepare_pool

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.serving.opened import decided_on, serve
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.show_model import ShownModel
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.artifacts.symbol_files import SYMBOL_CONFIGS, read_symbol_configs, symbol_configs_json
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Execution, Mode
from ktrdr.entrypoints.cli.model_text import show_text
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ("ONE_STOCK", "SIM_CRYPTO", "TWO_STOCK")
MARKET = repository_of("simulated", (*SYMBOLS, "NEW_CRYPTO", "NEW_STOCK"), Timeframe("5m"), bars=700)
OVERRIDES: dict[str, Any] = {
    "asset_classes": {
        "crypto": {
            "indicators": {"rsi_14": {"period": 40}},
            "training": {"labels": {"zigzag_threshold": {"atr": 0.3}, "label_lookahead": 6}},
            "decisions": {"confidence_threshold": 0.99},
        }
    },
    "symbols": {"TWO_STOCK": {"fuzzy_sets": {"rsi": {"neutral": [45, 50, 55]}}}},
}


def document(**more: Any) -> dict[str, Any]:
    base = changed("training_data", {"symbols": list(SYMBOLS), "timeframes": "5m", "history_required": 50})
    base["training"] |= {"epochs": 1, "batch_size": 64}
    base["deployment"] = {"target_symbols": {"mode": "universal"}}
    return {**base, "symbol_overrides": OVERRIDES} | more


def by_hand(symbol: str) -> dict[str, Any]:
    """Return the document that one would write for one symbol."""
    own = document()
    del own["symbol_overrides"]
    if symbol.endswith("CRYPTO"):
        own = changed("indicators.rsi_14.period", 40, own)
        own = changed("training.labels.zigzag_threshold", {"atr": 0.3}, own)
        own = changed("training.labels.label_lookahead", 6, own)
        own = changed("decisions.confidence_threshold", 0.99, own)
    if symbol == "TWO_STOCK":
        own = changed("fuzzy_sets.rsi.neutral", [45, 50, 55], own)
    return own


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    built = make_container(models_dir=tmp_path_factory.mktemp("models"))
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


@pytest.fixture(scope="module")
def universal(container: Container) -> Any:
    request = TrainingRequest(parse(document()), mode=Mode.UNIVERSAL, importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    return model, container.model_storage().load(model.stored.reference)


def alone(container: Container, symbol: str) -> Any:
    return prepare_one(MARKET, container.feature_engineer(), parse(by_hand(symbol)), symbol)


def test_each_symbol_of_a_pool_has_its_own_features_and_labels(container: Container) -> None:
    prepared = prepare_pool(MARKET, container.feature_engineer(), parse(document()), SYMBOLS)
    pool = prepared.pool
    for symbol in SYMBOLS:
        prepared_alone = alone(container, symbol)
        own = prepared_alone.only
        rows = np.arange(len(pool))[pool.rows_of(symbol)]
        np.testing.assert_array_equal(pool.values[rows], own.matrix.values)
        ends = own.labels.end_rows[own.matrix.base_rows]
        known = own.market.base_bars.known_at
        labelled = ends != NO_LABEL
        np.testing.assert_array_equal(pool.label_end[rows][labelled], known[ends[labelled]])
        np.testing.assert_array_equal(pool.labels_of(rows[labelled]), own.labels.values[own.matrix.base_rows][labelled])
        assert all(prepared.history.bars[name] >= bars for name, bars in prepared_alone.history.bars.items())
    (note,) = [text for text in prepared.notes if text.startswith("SIM_CRYPTO has its own values: ")]
    assert "indicators.rsi_14.period 40" in note
    assert note.endswith("(symbol_overrides.asset_classes.crypto)")


@pytest.mark.parametrize(("given", "warned"), [([], True), (["ONE_STOCK"], True), (["ONE_STOCK", "SIM_CRYPTO"], False)])
def test_inputs_in_units_of_price_are_warned_about_unless_the_symbols_have_their_own(
    container: Container, given: list[str], warned: bool
) -> None:
    macd = {"ONE_STOCK": {"down": [-0.1, -0.05, 0], "up": [0, 0.05, 0.1]}}
    macd["SIM_CRYPTO"] = {"down": [-0.3, -0.1, 0], "up": [0, 0.1, 0.3]}
    own = {symbol: {"fuzzy_sets": {"macd": macd[symbol]}} for symbol in given}
    written = document(symbol_overrides={"symbols": own})
    prepared = prepare_pool(MARKET, container.feature_engineer(), parse(written), SYMBOLS)
    assert any("5m_macd_down" in warning for warning in prepared.warnings) == warned


def test_the_model_keeps_what_each_symbol_has_otherwise(universal: Any) -> None:
    _, artifact = universal
    configs = read_symbol_configs(artifact)
    assert configs.keys() == {"SIM_CRYPTO", "TWO_STOCK"}
    assert configs["SIM_CRYPTO"]["asset_class"] == "crypto"
    assert configs["SIM_CRYPTO"]["overrides"] == {
        "indicators.rsi_14.period": 40,
        "training.labels.zigzag_threshold": {"atr": 0.3},
        "training.labels.label_lookahead": 6,
        "decisions.confidence_threshold": 0.99,
    }
    entries = configs["SIM_CRYPTO"]["feature_contract"]
    assert [entry["id"] for entry in entries] == ["5m_rsi_oversold", "5m_rsi_neutral", "5m_rsi_overbought"]
    assert {entry["parameters"]["period"] for entry in entries} == {40}
    assert [entry["id"] for entry in configs["TWO_STOCK"]["feature_contract"]] == ["5m_rsi_neutral"]
    manifest = artifact.manifest
    assert {entry["parameters"].get("period") for entry in manifest.feature_contract} == {14, None}
    assert manifest.strategy["symbol_overrides"]["asset_classes"]["crypto"]["indicators"] == {"rsi_14": {"period": 40}}


def test_people_are_shown_what_each_symbol_has_otherwise(universal: Any) -> None:
    _, artifact = universal
    table = show_text(ShownModel(artifact)).split("\nsymbols (3)\n")[1].splitlines()[1:4]
    shown = {line.split()[0]: line.rstrip() for line in table}
    assert shown["ONE_STOCK"].endswith(" -")
    assert shown["TWO_STOCK"].endswith(" fuzzy_sets.rsi.neutral")
    assert "indicators.rsi_14.period, training.labels.zigzag_threshold" in shown["SIM_CRYPTO"]


def test_each_symbol_is_served_by_its_own_values(container: Container, universal: Any) -> None:
    _, artifact = universal
    opened = OpenedModel.of(artifact, container.model_trainer().restore(artifact), "x")
    for symbol in (*SYMBOLS, "NEW_CRYPTO", "NEW_STOCK"):
        served = serve(MARKET, container.feature_engineer(), opened, symbol)
        expected = alone(container, symbol).only.matrix
        np.testing.assert_array_equal(served.matrix.values, expected.values[-len(served.matrix) :])
        decided = decided_on(served, np.arange(len(served.matrix)))
        sure = decided.outputs.max(axis=1) >= parse(by_hand(symbol)).decisions.confidence_threshold
        assert not decided.decisions.trades[~sure].any()
        note = [text for text in served.market.notes if "has its own values" in text]
        assert len(note) == (symbol not in {"ONE_STOCK", "NEW_STOCK"})


def test_bar_by_bar_it_has_the_bits_of_the_batch(container: Container, universal: Any) -> None:
    trained = Trained(container, universal[0].stored.reference, "SIM_CRYPTO")
    served, rows, decided = trained.batch()
    predictor = trained.predictor()
    said = replayed(predictor, feed_of(bars_of(trained, predictor), "5m"))
    assert np.stack([item.features for item in said]).tobytes() == np.ascontiguousarray(served.matrix.values).tobytes()
    assert [item.action for item in said] == decided.decisions.actions[rows].tolist()


def test_predict_shows_the_memberships_of_the_symbol(container: Container, universal: Any) -> None:
    model, _ = universal
    request = PredictRequest(model.stored.reference, symbol="TWO_STOCK", last=20)
    forecast = container.predict().execute(request)
    np.testing.assert_array_equal(forecast.matrix.values, alone(container, "TWO_STOCK").only.matrix.values[-20:])


def test_a_symbol_stays_what_it_was_in_training(container: Container, universal: Any) -> None:
    _, artifact = universal
    opened = OpenedModel.of(artifact, container.model_trainer().restore(artifact), "x")
    assert opened.for_symbol("SIM_CRYPTO", "stock").strategy.indicators["rsi_14"].parameters["period"] == 40
    assert opened.for_symbol("NEW", "crypto").strategy.indicators["rsi_14"].parameters["period"] == 40
    assert opened.for_symbol("NEW", "stock").strategy.indicators["rsi_14"].parameters["period"] == 14


def tampered(artifact: Any, configs: dict[str, Any]) -> Any:
    return replace(artifact, blobs={**artifact.blobs, SYMBOL_CONFIGS: symbol_configs_json(configs)})


def test_other_features_than_in_training_are_refused(container: Container, universal: Any) -> None:
    _, artifact = universal
    configs = json.loads(artifact.blobs[SYMBOL_CONFIGS])
    configs["SIM_CRYPTO"]["feature_contract"][1]["parameters"]["period"] = 41
    opened = OpenedModel.of(tampered(artifact, configs), container.model_trainer().restore(artifact), "x")
    with pytest.raises(InvalidInput, match=r"features of SIM_CRYPTO .* feature 2 \('5m_rsi_neutral'\): parameters was"):
        serve(MARKET, container.feature_engineer(), opened, "SIM_CRYPTO")
    serve(MARKET, container.feature_engineer(), opened, "ONE_STOCK")


STRANGE = [
    {},
    {"asset_class": "crypto", "overrides": {}, "feature_contract": [1]},
    {"asset_class": "crypto", "overrides": {}, "feature_contract": [{"id": ["x"]}]},
    {"asset_class": "crypto", "overrides": 1, "feature_contract": []},
]


@pytest.mark.parametrize("config", STRANGE)
def test_configs_that_no_training_writes_are_refused(container: Container, universal: Any, config: Any) -> None:
    _, artifact = universal
    with pytest.raises(InvalidInput, match=r"symbol_configs\.json: 'SIM_CRYPTO' must hold"):
        OpenedModel.of(tampered(artifact, {"SIM_CRYPTO": config}), container.model_trainer().restore(artifact), "x")


def test_verify_finds_configs_that_the_strategy_does_not_say(tmp_path: Path, universal: Any) -> None:
    _, artifact = universal
    container = make_container(models_dir=tmp_path)
    container.model_storage.override(providers.Object(MemoryStorage()))
    storage = container.model_storage()
    good = storage.publish(artifact)
    configs = json.loads(artifact.blobs[SYMBOL_CONFIGS])
    del configs["TWO_STOCK"]
    bad = storage.publish(tampered(artifact, configs))
    checks = container.verify_models().execute([good.reference, bad.reference])
    assert [check.problems for check in checks] == [
        (),
        ("symbol_configs.json does not hold what the strategy's symbol_overrides say",),
    ]


# --- one model each ---------------------------------------------------------------------------------------------------


def train_each(container: Container, written: dict[str, Any]) -> dict[str, Any]:
    request = TrainingRequest(parse(written), mode=Mode.MULTI, importance=False, execution=Execution(1, resume=True))
    result = container.training_orchestrator().execute(request)
    return {model.stored.key.symbol: model for model in result.models}


def test_the_model_of_one_symbol_is_that_of_its_own_strategy(container: Container) -> None:
    models = train_each(container, document(name="each"))
    storage = container.model_storage()
    for symbol, model in models.items():
        manifest = storage.load(model.stored.reference).manifest
        (twin,) = train_each(
            container, changed("training_data.symbols", [symbol], by_hand(symbol) | {"name": "twin"})
        ).values()
        other = storage.load(twin.stored.reference)
        assert manifest.contract_hash == other.manifest.contract_hash == contract_hash(manifest.feature_contract)
        assert manifest.strategy | {"name": "twin"} == other.manifest.strategy
        assert storage.load(model.stored.reference).blobs == other.blobs
    crypto = storage.load(models["SIM_CRYPTO"].stored.reference).manifest
    assert crypto.settings["indicators.rsi_14.period"] == {
        "value": 40,
        "origin": "symbol_overrides.asset_classes.crypto",
    }


def test_only_symbols_whose_values_have_changed_are_trained_again(container: Container) -> None:
    train_each(container, document(name="again"))
    overrides = changed("asset_classes.crypto.indicators.rsi_14.period", 41, OVERRIDES)
    kept = {
        symbol: model.kept
        for symbol, model in train_each(container, document(name="again", symbol_overrides=overrides)).items()
    }
    assert kept == {"ONE_STOCK": True, "SIM_CRYPTO": False, "TWO_STOCK": True}
