"""One model from many symbols, through the orchestrator and the real container."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_one, prepare_pool

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.training.folds import symbol_folds
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.symbol_files import read_symbol_configs, read_symbols, symbol_problems
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import plan_training
from ktrdr.domain.training.request import COMBINATIONS, Execution, Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ("ONE_STOCK", "SIM_CRYPTO", "TWO_STOCK")
MARKET = repository_of("simulated", (*SYMBOLS, "NEW_STOCK"), Timeframe("5m"), bars=700)


def document(**training: Any) -> dict[str, Any]:
    base = changed("training_data", {"symbols": list(SYMBOLS), "timeframes": "5m", "history_required": 50})
    base["training"] |= {"epochs": 2, "batch_size": 64} | training
    return base


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path / "models")
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


def train(container: Container, written: dict[str, Any], **options: Any) -> Any:
    chosen = {"mode": Mode.UNIVERSAL, "importance": False} | options
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(written), **chosen)).models
    return model, container.model_storage().load(model.stored.reference)


def pooled(container: Container, written: dict[str, Any], held_out: tuple[str, ...] = ()) -> Any:
    symbols = [symbol for symbol in SYMBOLS if symbol not in held_out]
    return prepare_pool(MARKET, container.feature_engineer(), parse(written), symbols, held_out)


def test_a_universal_model_is_published_with_its_symbols(container: Container) -> None:
    model, artifact = train(container, document())
    manifest = artifact.manifest
    assert model.stored.reference == "small/universal_v1"
    assert (manifest.symbol, manifest.timeframe) == (None, None)
    assert manifest.training_symbols == sorted(SYMBOLS)
    assert {item["symbol"] for item in manifest.data} == set(SYMBOLS)
    assert {name: one.rows for name, one in read_symbols(artifact).items()} == manifest.split["symbols"]
    assert read_symbol_configs(artifact) == {}
    assert list(symbol_problems(artifact)) == []
    assert manifest.fitted_until < manifest.selected_until < manifest.judged_until


def test_it_predicts_each_symbol_as_it_was_judged(container: Container) -> None:
    _, artifact = train(container, document())
    by_symbol = {row["symbol"]: row for row in artifact.document("metrics.json")["by_symbol"]["symbols"]}
    prepared = pooled(container, document())
    pool, split = prepared.pool, prepared.split
    for symbol in SYMBOLS:
        request = PredictRequest("small/universal_v1", symbol=symbol, last=100_000)
        forecast = container.predict().execute(request)
        rows = split.of(pool.rows_of(symbol), "test")
        chosen = np.isin(forecast.matrix.known_at, pool.known_at[rows])
        happened = forecast.outputs[chosen][np.arange(len(rows)), pool.labels_of(rows)]
        assert by_symbol[symbol]["loss"] == pytest.approx(float(-np.log(happened).mean()), rel=1e-9)


def test_the_order_of_the_symbols_changes_no_byte(container: Container) -> None:
    written = document()
    _, one = train(container, written)
    written["training_data"]["symbols"] = list(reversed(SYMBOLS))
    _, two = train(container, written)
    assert dict(one.blobs) == dict(two.blobs)
    assert replace(one.manifest, version=0, created_at="", manifest_sha256="") == replace(
        two.manifest, version=0, created_at="", manifest_sha256=""
    )


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_every_combination_trains(container: Container, combination: Any) -> None:
    model, artifact = train(container, document(), combination=combination, seeds=2)
    assert artifact.manifest.split["combination"] == combination
    assert len(model.report["seeds"]) == 2


def test_every_symbol_has_the_labels_of_its_own_bars(container: Container) -> None:
    # Labels of the first symbol on the rows of all was the defect that pooling had before: here the closes differ, and
    # so do the labels.
    strategy = parse(document())
    pool = pooled(container, document()).pool
    found = {}
    for symbol in SYMBOLS:
        bars = MARKET.load(symbol, Timeframe("5m"))
        own = label(bars, strategy.labels.source, strategy.labels.parameters, {})
        rows = pool.rows_of(symbol)
        usable = pool.label_end[rows] != NO_LABEL
        at = pool.base_rows[rows][usable]
        np.testing.assert_array_equal(pool.labels_of(rows)[usable], own.values[at])
        np.testing.assert_array_equal(pool.label_end[rows][usable], bars.known_at[own.end_rows[at]])
        found[symbol] = own.values[100:600].tolist()
    assert len({tuple(values) for values in found.values()}) == len(SYMBOLS)


def test_selecting_a_symbol_gives_back_its_matrix(container: Container) -> None:
    strategy = parse(document())
    pool = pooled(container, document()).pool
    for symbol in SYMBOLS:
        alone = prepare_one(MARKET, container.feature_engineer(), strategy, symbol).only.matrix
        found = pool.matrix_of(symbol)
        np.testing.assert_array_equal(found.values, alone.values)
        np.testing.assert_array_equal(found.known_at, alone.known_at)


def test_different_hours_lose_nothing_and_invent_nothing(container: Container) -> None:
    pool = pooled(container, document()).pool
    for symbol in SYMBOLS:
        bars = MARKET.load(symbol, Timeframe("5m"))
        rows = pool.rows_of(symbol)
        stamps = pool.stamps[rows]
        assert np.isin(stamps, bars.stamps).all()
        first = int(np.searchsorted(bars.stamps, stamps[0]))
        np.testing.assert_array_equal(stamps, bars.stamps[first:])
    weekend = (pool.known_at[pool.rows_of("SIM_CRYPTO")] // (86_400 * 10**9) + 3) % 7 >= 5
    assert weekend.any()


def test_windows_never_cross_symbols(container: Container) -> None:
    written = document() | {"model": {"type": "lstm", "architecture": {"sequence_length": 9, "hidden_size": 4}}}
    prepared = pooled(container, written)
    pool = prepared.pool
    usable = np.flatnonzero(pool.label_end != NO_LABEL)
    owner = pool.symbol_of_row
    for end in usable:
        assert owner[end - 8] == owner[end]
        assert pool.base_rows[end] - pool.base_rows[end - 8] == 8
    _, artifact = train(container, written)
    assert artifact.manifest.model["architecture"]["sequence_length"] == 9


def test_symbols_held_out_are_tried_after_the_common_cut_and_compared_with_their_own_models(
    container: Container,
) -> None:
    model, artifact = train(container, document(), hold_out=("TWO_STOCK",))
    manifest, table = artifact.manifest, model.report["by_symbol"]
    assert manifest.training_symbols == ["ONE_STOCK", "SIM_CRYPTO"]
    assert manifest.split["symbols"]["TWO_STOCK"]["train"] == 0
    assert [(row["symbol"], row["seen"]) for row in table["symbols"]] == [
        ("ONE_STOCK", True),
        ("SIM_CRYPTO", True),
        ("TWO_STOCK", False),
    ]
    assert all("difference" in row["baseline"] for row in table["symbols"])
    assert all("difference" in row["alone"] or "missing" in row["alone"] for row in table["symbols"])
    assert any("loss" in row["alone"] for row in table["symbols"])
    prepared = pooled(container, document(), ("TWO_STOCK",))
    assert prepared.pool.known_at[prepared.split.beside["test"]].min() >= prepared.split.cuts[1]
    again, _ = train(container, document(), hold_out=("TWO_STOCK",))
    assert again.report == model.report


def test_the_model_is_the_same_whether_or_not_a_symbol_is_held_out_beside_it(container: Container) -> None:
    written = document()
    written["training_data"]["symbols"] = ["ONE_STOCK", "SIM_CRYPTO"]
    _, without = train(container, written)
    _, beside = train(container, document(), hold_out=("TWO_STOCK",))
    assert without.blobs["model.safetensors"] == beside.blobs["model.safetensors"]


def test_resuming_trains_a_pooled_model_again_only_if_something_has_changed(container: Container) -> None:
    def version(written: dict[str, Any] | None = None, **options: Any) -> tuple[int, bool]:
        model, _ = train(container, written or document(), execution=Execution(resume=True), **options)
        return model.stored.number, model.kept

    assert version() == (1, False)
    assert version() == (1, True)
    assert version(combination="downsample") == (2, False)
    assert version(combination="downsample") == (2, True)
    assert version(hold_out=("TWO_STOCK",)) == (3, False)
    assert version(hold_out=("TWO_STOCK",)) == (3, True)
    assert version(symbol_folds=3) == (4, False)
    assert version(symbol_folds=3) == (4, True)
    assert version(document(epochs=1), symbol_folds=3) == (5, False)
    other = [MARKET.load(symbol, Timeframe("5m")) for symbol in SYMBOLS[:2]]
    changed_bars = repository_of("simulated", SYMBOLS[2:], Timeframe("5m"), bars=650).load(SYMBOLS[2], Timeframe("5m"))
    facts = [MARKET.characteristics(symbol) for symbol in SYMBOLS]
    container.data_repository.override(providers.Object(MemoryRepository([*other, changed_bars], facts)))
    assert version(document(epochs=1), symbol_folds=3) == (6, False)
    assert version(document(epochs=1), symbol_folds=3) == (6, True)


def test_holding_out_needs_a_universal_model_and_somebody_to_train_on(container: Container) -> None:
    with pytest.raises(InvalidInput, match="mode universal"):
        train(container, document(), hold_out=("TWO_STOCK",), mode=Mode.MULTI)
    with pytest.raises(InvalidInput, match="leave at least one"):
        train(container, document(), hold_out=SYMBOLS)


def test_inputs_in_units_of_price_are_warned_about_and_refused_if_strict(container: Container) -> None:
    written = document()
    written["indicators"] = {**written["indicators"], "sma_9": {"type": "sma", "period": 9}}
    written["fuzzy_sets"] = {**written["fuzzy_sets"], "level": {"indicator": "sma_9", "near": [99, 100, 101]}}
    written["nn_inputs"] = [*written["nn_inputs"], {"fuzzy_set": "level", "timeframes": "all"}]
    model, _ = train(container, written)
    (warning,) = model.warnings
    assert "3 inputs are in the units of each symbol's price or volume" in warning
    ids = ("5m_macd_down", "5m_macd_up", "5m_level_near")
    assert ", ".join(ids) in warning
    shares = {symbol: float(share) for symbol, share in _shares(warning).items()}
    matrix = {
        symbol: prepare_one(MARKET, container.feature_engineer(), parse(written), symbol).only.matrix
        for symbol in SYMBOLS
    }
    for symbol, found in matrix.items():
        dead = (found.values[:, [found.ids.index(name) for name in ids]] == 0).all(axis=1).mean()
        assert shares[symbol] == pytest.approx(100 * dead, abs=0.51)
    with pytest.raises(InvalidInput, match="in the units"):
        train(container, written, strict=True)


def _shares(warning: str) -> dict[str, str]:
    listed = warning.partition("are 0: ")[2].partition(";")[0]
    return dict(part.removesuffix("%").rsplit(" ", 1) for part in listed.split(", "))


def test_a_symbol_that_begins_after_the_cut_counts_as_never_seen(tmp_path: Path) -> None:
    one, two, new = (MARKET.load(symbol, Timeframe("5m")) for symbol in ("ONE_STOCK", "TWO_STOCK", "NEW_STOCK"))
    late = replace(new.take(slice(600, 700)), symbol="LATE")
    facts = [replace(MARKET.characteristics("ONE_STOCK"), symbol=name) for name in ("ONE_STOCK", "TWO_STOCK", "LATE")]
    built = make_container(models_dir=tmp_path)
    data = MemoryRepository([one, two, late], facts)
    built.data_repository.override(providers.Object(data))
    built.model_storage.override(providers.Object(MemoryStorage()))
    written = document(data_split={"train": 0.5, "validation": 0.2, "test": 0.3})
    written["training_data"]["symbols"] = ["LATE", "ONE_STOCK", "TWO_STOCK"]
    model, artifact = train(built, written)
    assert artifact.manifest.training_symbols == ["ONE_STOCK", "TWO_STOCK"]
    assert read_symbols(artifact)["LATE"].rows["train"] == 0
    assert any("LATE has no rows in train and validation; it counts as never seen" in note for note in model.notes)
    (row,) = (row for row in model.report["by_symbol"]["symbols"] if row["symbol"] == "LATE")
    assert not row["seen"]
    assert row["baseline"]["name"] in {"class_shares", "majority"}
    assert list(symbol_problems(artifact)) == []
    alone, _ = train(built, written, hold_out=("LATE",))
    (row,) = (row for row in alone.report["by_symbol"]["symbols"] if row["symbol"] == "LATE")
    assert row["alone"]["missing"].startswith("0 train and ")


def test_the_command_trains_previews_and_compares(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from ktrdr.entrypoints.cli.main import app

    written = document(epochs=1)
    written["training_data"] = {"symbols": ["SIM_STOCK", "SIM_CRYPTO"], "timeframes": "5m", "start_date": "2024-12-01"}
    (tmp_path / "pool.yaml").write_text(yaml.safe_dump(written))
    command = ["train", str(tmp_path / "pool.yaml"), "--models-dir", str(tmp_path / "models"), "--no-importance"]
    preview = CliRunner().invoke(app, [*command, "--dry-run", "--json"])
    assert preview.exit_code == 0, preview.output
    shown = json.loads(preview.stdout)["dry_run"]
    assert set(shown["split"]["symbols"]) == set(shown["labels"]["by_symbol"]) == {"SIM_STOCK", "SIM_CRYPTO"}
    trained = CliRunner().invoke(
        app, [*command, "--symbols", "SIM_STOCK,SIM_FOREX", "--hold-out-symbols", "SIM_CRYPTO"]
    )
    assert trained.exit_code == 0, trained.output
    assert "never seen" in trained.stdout
    assert "against its own model" in trained.stdout
    assert "warning: " in trained.stderr
    refused = CliRunner().invoke(app, [*command, "--strict"])
    assert refused.exit_code != 0


def test_with_folds_every_symbol_is_once_never_seen(container: Container) -> None:
    plain, without = train(container, document())
    model, artifact = train(container, document(), symbol_folds=2)
    assert artifact.blobs["model.safetensors"] == without.blobs["model.safetensors"]
    assert artifact.manifest.inference == without.manifest.inference
    table = model.report["by_symbol_fold"]
    assert sorted(symbol for fold in table["folds"] for symbol in fold) == sorted(SYMBOLS)
    assert sorted(row["symbol"] for row in table["symbols"]) == sorted(SYMBOLS)
    assert not any(row["seen"] for row in table["symbols"])
    assert list(table["groups"]) == ["unseen"]
    assert model.report["by_symbol"] == plain.report["by_symbol"]
    # A fold is what holding it out would be.
    (one,) = (fold for fold in table["folds"] if len(fold) == 1)
    held, _ = train(container, document(), hold_out=tuple(one))
    expected = next(row for row in held.report["by_symbol"]["symbols"] if row["symbol"] == one[0])
    found = next(row for row in table["symbols"] if row["symbol"] == one[0])
    assert found["rows"] == expected["rows"]
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert found["alone"].get("missing") == expected["alone"].get("missing")
    assert any("loss" in row["alone"] for row in table["symbols"])


def test_folds_need_a_universal_model_and_enough_symbols(container: Container) -> None:
    with pytest.raises(InvalidInput, match="mode universal"):
        train(container, document(), symbol_folds=2, mode=Mode.MULTI)
    for count, words in ((1, "must be 2 or more"), (4, "needs at least 4 symbols"), (-1, "must be 2 or more")):
        with pytest.raises(InvalidInput, match=words):
            train(container, document(), symbol_folds=count)


@pytest.mark.parametrize(("symbols", "count"), [(7, 3), (4, 4), (10, 2)])
def test_symbols_are_dealt_evenly_by_the_seed(symbols: int, count: int) -> None:
    names = [f"S{place}" for place in range(symbols)]
    folds = symbol_folds(names, count, seed=1)
    assert sorted(name for fold in folds for name in fold) == names
    assert max(map(len, folds)) - min(map(len, folds)) <= 1
    assert folds == symbol_folds(names, count, seed=1)


def test_an_index_is_held_out_under_either_spelling() -> None:
    written = document()
    written["training_data"]["symbols"] = ["^GSPC", "ONE_STOCK"]
    request = TrainingRequest(parse(written), mode=Mode.UNIVERSAL, hold_out=("GSPC",))
    (job,) = plan_training(request)
    assert job.symbols == ("ONE_STOCK",)


def test_common_hours_ask_the_calendar_where_a_symbol_has_no_bars(container: Container) -> None:
    stock, crypto = (MARKET.load(symbol, Timeframe("5m")) for symbol in ("ONE_STOCK", "SIM_CRYPTO"))
    late = stock.take(stock.stamps > crypto.stamps[len(crypto) // 2])
    assert len(late) > 100
    data = MemoryRepository([late, crypto], [MARKET.characteristics(bars.symbol) for bars in (stock, crypto)])
    container.data_repository.override(providers.Object(data))
    written = document(data_split={"train": 0.5, "validation": 0.25, "test": 0.25})
    written["training_data"] |= {"symbols": ["ONE_STOCK", "SIM_CRYPTO"], "alignment": "common_hours"}
    (preview,) = container.dry_run().execute(TrainingRequest(parse(written), mode=Mode.UNIVERSAL))
    (note,) = [text for text in preview.notes if "common_hours keeps" in text]
    kept = int(note.partition("SIM_CRYPTO ")[2].partition(" of ")[0].replace(",", ""))
    together, ever = (int(np.isin(crypto.known_at, bars.known_at).sum()) for bars in (late, stock))
    assert together < kept <= ever < len(crypto)


def with_short_ones(container: Container) -> dict[str, Any]:
    """Give the container two symbols that are too short beside two that are not; return a document of all."""
    bars = {symbol: MARKET.load(symbol, Timeframe("5m")) for symbol in SYMBOLS}
    short = [replace(bars["TWO_STOCK"].take(slice(0, n)), symbol=f"SHORT{n}") for n in (30, 40)]
    data = MemoryRepository([bars["ONE_STOCK"], bars["SIM_CRYPTO"], *short])
    container.data_repository.override(providers.Object(data))
    written = document()
    written["training_data"]["symbols"] = ["ONE_STOCK", "SHORT30", "SHORT40", "SIM_CRYPTO"]
    return written


def test_all_symbols_that_cannot_be_pooled_are_named_at_once(container: Container) -> None:
    written = with_short_ones(container)
    with pytest.raises(InvalidInput, match=r"2 of 4 symbols cannot be pooled: SHORT30 5m: 30 bars.*; SHORT40 5m: 40"):
        train(container, written)
    written["training_data"]["symbols"] = ["ONE_STOCK", "NOBODY", "NOTHING"]
    with pytest.raises(DataNotFound, match=r"2 of 3 symbols .*: NOBODY: .*no bars of NOBODY.*; NOTHING: "):
        train(container, written)
    written["training_data"]["symbols"] = ["ONE_STOCK", "SHORT30"]
    with pytest.raises(InvalidInput, match=r"^SHORT30 5m: 30 bars are too few"):
        train(container, written)


def test_of_all_symbols_that_there_are_the_short_ones_are_left_out(container: Container) -> None:
    every = with_short_ones(container)
    every["training_data"]["symbols"] = {"mode": "multi_symbol", "selection_criteria": {}}
    model, artifact = train(container, every)
    (warning,) = [text for text in model.warnings if "left out" in text]
    assert warning.startswith("2 of 4 symbols are left out, they cannot be pooled: SHORT30 5m: 30 bars")
    assert artifact.manifest.training_symbols == ["ONE_STOCK", "SIM_CRYPTO"]
    assert list(artifact.manifest.split["left_out"]) == ["SHORT30", "SHORT40"]
    assert list(symbol_problems(artifact)) == []
    written = with_short_ones(container)
    written["training_data"]["symbols"] = ["ONE_STOCK", "SIM_CRYPTO"]
    _, alone = train(container, written)
    assert alone.blobs["model.safetensors"] == artifact.blobs["model.safetensors"]
    assert "left_out" not in alone.manifest.split
    with pytest.raises(InvalidInput, match="2 of 4 symbols are left out"):
        train(container, every, strict=True)
    with pytest.raises(InvalidInput, match="SHORT40"):  # it was named
        train(container, every, hold_out=("SHORT40",))
    with pytest.raises(InvalidInput, match="symbol_folds: 3 folds: needs at least as many symbols, 2 have train rows"):
        train(container, every, symbol_folds=3)


def test_the_model_says_who_was_held_out(container: Container) -> None:
    _, artifact = train(container, document(), hold_out=("TWO_STOCK", "ONE_STOCK"))
    assert artifact.manifest.split["held_out"] == ["ONE_STOCK", "TWO_STOCK"]
    assert train(container, document())[1].manifest.split["held_out"] == []
