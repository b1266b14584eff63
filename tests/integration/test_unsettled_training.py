"""What training says of a model whose rows have not settled, and so may never be able to serve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dependency_injector import providers
from samples.command_line import run_here
from samples.documents import DELETE, changed
from samples.features import HOUR, random_bars, weekday_sessions
from samples.models import manifest

from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.opened import OpenedModel
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.request import Mode, TrainingRequest
from ktrdr.entrypoints.container import Container, make_container

TWO = {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"}
RSI = changed("fuzzy_sets.macd", DELETE, changed("indicators.macd_a", DELETE))
HOURS = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], changed("training_data.timeframes", TWO, RSI))
"""The hourly RSI lets the rows wait long."""


def container_of(*lengths: int) -> Container:
    """Return a container with as many symbols, each with so many 5-minute bars that end together."""
    longest = max(lengths)
    bars = [
        replace(random_bars(longest, seed=at), symbol=f"S{at}_STOCK").take(slice(longest - rows, None))
        for at, rows in enumerate(lengths)
    ]
    built = make_container()
    built.data_repository.override(providers.Object(MemoryRepository(bars)))
    built.model_storage.override(providers.Object(MemoryStorage()))
    built.model_trainer.override(providers.Object(PriorTrainer()))
    return built


def request(*symbols: str, **options: Any) -> TrainingRequest:
    document = changed("training_data.symbols", list(symbols) if len(symbols) > 1 else symbols[0], HOURS)
    return TrainingRequest(parse(document), importance=False, **options)


def about_settling(sentences: tuple[str, ...]) -> list[str]:
    return [sentence for sentence in sentences if "depend on where the bars begin" in sentence]


def test_a_model_that_can_not_serve_yet_is_warned_about_with_the_bars_that_it_lacks() -> None:
    container = container_of(1500)
    (preview,) = container.dry_run().execute(request("S0_STOCK"))
    train = preview.split["parts"]["train"]["rows"]
    (model,) = container.training_orchestrator().execute(request("S0_STOCK")).models
    needed = container.model_storage().load(model.stored.reference).manifest.settled_history["1h"]
    assert preview.rows["unsettled_rows"] == preview.rows["labelled_rows"]
    warning = (
        f"S0_STOCK 5m: {train:,} of {train:,} train rows and all test rows depend on where the bars begin; the model "
        f"can serve it only with {needed - 1500 // 12} more 1h bars"
    )
    assert preview.warnings == model.warnings == (warning,)
    assert about_settling(preview.notes) == about_settling(model.notes) == []
    assert preview.as_dict()["warnings"] == list(preview.warnings)
    with pytest.raises(InvalidInput, match=f"125 1h bars are fewer than the {needed} that its features need"):
        container.predict().execute(PredictRequest(model.stored.reference))


def test_strict_refuses_it_before_anything_is_trained() -> None:
    container = container_of(1500)
    for use_case in (container.dry_run(), container.training_orchestrator()):
        with pytest.raises(InvalidInput, match="can serve it only with"):
            use_case.execute(request("S0_STOCK", strict=True))
    assert not container.model_storage().versions()


def test_of_many_symbols_strict_refuses_those_that_have_too_few_bars() -> None:
    container = container_of(1500, 3600)
    wanted = request("S0_STOCK", "S1_STOCK", mode=Mode.MULTI, strict=True)
    result = container.training_orchestrator().execute(wanted)
    assert [model.stored.key.symbol for model in result.models] == ["S1_STOCK"]
    assert [failure.symbols for failure in result.failures] == [("S0_STOCK",)]
    assert "can serve it only with" in result.failures[0].reason


def test_a_note_says_that_most_train_rows_had_not_settled() -> None:
    (preview,) = container_of(2600).dry_run().execute(request("S0_STOCK", strict=True))
    train, unsettled = preview.split["parts"]["train"]["rows"], preview.rows["unsettled_rows"]
    assert train / 2 < unsettled < preview.rows["labelled_rows"]
    assert preview.warnings == ()
    (note,) = about_settling(preview.notes)
    assert note == f"S0_STOCK 5m: {min(train, unsettled):,} of {train:,} train rows depend on where the bars begin"


def test_nothing_is_said_where_most_rows_have_settled() -> None:
    (preview,) = container_of(6000).dry_run().execute(request("S0_STOCK"))
    assert preview.rows["unsettled_rows"] > 0
    assert about_settling((*preview.notes, *preview.warnings)) == []


HOURLY_VWAP = changed(
    "nn_inputs",
    [{"raw_indicator": "vwap", "normalization": "zscore"}],
    changed("indicators.vwap", {"type": "vwap", "period": 0}, changed("training_data.timeframes", "1h", RSI)),
)


def test_one_session_settles_its_vwap() -> None:
    """200 sessions of 7 bars are 1,400 hourly bars, fewer than the minutes of a day; 9 bars hold one open."""
    dates = weekday_sessions("2020-01-02", 220).dates
    stamps = (dates[:, None] + (14 + np.arange(7)) * HOUR).ravel()
    bars = random_bars(1400, 0, "1h", stamps=stamps[:1400], sessions=weekday_sessions("2020-01-02", 220))
    container = container_of(1)
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    wanted = TrainingRequest(parse(changed("training_data.symbols", "TEST", HOURLY_VWAP)), importance=False)
    (preview,) = container.dry_run().execute(wanted)
    assert preview.rows["unsettled_rows"] <= 7
    assert about_settling((*preview.notes, *preview.warnings)) == []
    (model,) = container.training_orchestrator().execute(wanted).models
    assert container.predict().execute(PredictRequest(model.stored.reference, last=10_000)).matrix.base_rows[0] == 7
    container.data_repository.override(providers.Object(MemoryRepository([bars.take(slice(0, 9))])))
    assert container.predict().execute(PredictRequest(model.stored.reference, last=9)).matrix.base_rows.tolist() == [
        7,
        8,
    ]
    container.data_repository.override(providers.Object(MemoryRepository([bars.take(slice(0, 5))])))
    with pytest.raises(InvalidInput, match="0 1h bars since a session has begun are fewer than the 1"):
        container.predict().execute(PredictRequest(model.stored.reference))


def test_a_settled_history_of_before_sessions_were_counted_is_still_read() -> None:
    older = opened(replace(manifest(), settled_history={"1h": 1441}), HOURLY_VWAP)
    found = older.settled_history
    assert found is not None
    assert found.bars == {"1h": 1441, "1h session": 1}


def test_a_symbol_of_a_pool_needs_its_own_kinds_of_history_alone() -> None:
    """Another symbol's override may count by kinds that this one does not know: VWAP by sessions, say."""
    stored = {"1h": 30, "1h session": 7}
    of_pool = replace(manifest(), symbol=None, timeframe=None, settled_history=stored)
    rolling = changed("indicators.vwap", {"type": "vwap", "period": 20}, HOURLY_VWAP)
    found = opened(of_pool, rolling).settled_history
    assert found is not None
    assert found.bars == {"1h": 30}
    with pytest.raises(CorruptArtifact, match="needs a positive number for each of 1h"):
        _ = opened(replace(of_pool, symbol="TEST", timeframe="1h"), rolling).settled_history


def opened(stored: Manifest, document: dict[str, Any]) -> OpenedModel:
    strategy = parse(changed("training_data.symbols", "TEST", document))
    unused: Any = None
    return OpenedModel(stored, unused, strategy, resolve(strategy), unused, unused, model_spec(strategy))


def pooled(**options: Any) -> TrainingRequest:
    return request("S0_STOCK", "S1_STOCK", mode=Mode.UNIVERSAL, **options)


def test_each_symbol_of_a_pool_is_warned_about_by_its_own_rows() -> None:
    container = container_of(1500, 6000)
    (preview,) = container.dry_run().execute(pooled())
    (model,) = container.training_orchestrator().execute(pooled()).models
    train = preview.split["symbols"]["S0_STOCK"]["train"]
    assert preview.split["symbols"]["S0_STOCK"]["test"]
    (alone,) = container.dry_run().execute(request("S0_STOCK"))
    (warning,) = about_settling(preview.warnings)
    assert warning.startswith(f"S0_STOCK 5m: {train:,} of {train:,} train rows and all test rows depend on ")
    assert warning.endswith(alone.warnings[0].split(";")[1])
    assert about_settling(model.warnings) == [warning]
    assert about_settling(preview.notes) == about_settling(model.notes) == []


def test_a_symbol_that_is_held_out_has_no_train_rows_to_speak_of() -> None:
    (preview,) = container_of(1500, 6000).dry_run().execute(pooled(hold_out=("S0_STOCK",)))
    (warning,) = about_settling(preview.warnings)
    assert warning.startswith("S0_STOCK 5m: all test rows depend on where the bars begin; ")


def test_strict_refuses_a_pool_with_a_symbol_that_has_too_few_bars() -> None:
    container = container_of(1500, 6000)
    for use_case in (container.dry_run(), container.training_orchestrator()):
        with pytest.raises(InvalidInput, match=r"S0_STOCK 5m: .* can serve it only with"):
            use_case.execute(pooled(strict=True))
    assert not container.model_storage().versions()


def test_a_note_says_which_symbol_of_a_pool_learnt_mostly_from_unsettled_rows() -> None:
    container = container_of(2600, 6000)
    (preview,) = container.dry_run().execute(pooled())
    (alone,) = container.dry_run().execute(request("S0_STOCK"))
    train = preview.split["symbols"]["S0_STOCK"]["train"]
    unsettled = min(train, alone.rows["unsettled_rows"])
    assert about_settling(preview.warnings) == []
    (note,) = about_settling(preview.notes)
    assert note == f"S0_STOCK 5m: {unsettled:,} of {train:,} train rows depend on where the bars begin"


def test_the_command_says_it_aloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    ParquetStore(tmp_path / "bars").save(random_bars(1500))
    (tmp_path / "hours.yaml").write_text(yaml.safe_dump(changed("training_data.symbols", "TEST", HOURS)))
    given = ["train", "hours.yaml", "--data-dir", "bars", "--epochs", "1", "--no-importance"]
    for more in (["--dry-run"], []):
        done = run_here(*given, *more, capsys=capsys)
        assert done.code == 0, done.stderr
        assert done.stderr.count("warning: TEST 5m: ") == 1
        refused = run_here(*given, *more, "--strict", capsys=capsys)
        assert refused.code == 2
        assert "more 1h bars" in refused.stderr
