"""Rules of a stored model: a planted one is found again, and what can not be explained is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from numpy.typing import NDArray
from samples.documents import changed
from samples.prepared import prepare_pool

from ktrdr.adapters.data.simulation import simulate_sessions
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.serving.choosing import find_named, open_model
from ktrdr.application.serving.retraced import retraced
from ktrdr.application.use_cases.explain_rules import ExplainRequest, Explanation
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.splits.parted import PARTS
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.cli import explain
from ktrdr.entrypoints.container import Container, make_container

MODEL = "small/WALK_5m_v1"


def walk(seed: int = 3, rows: int = 2500) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    open_ = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * 300 * 10**9
    return Bars("WALK", Timeframe("5m"), stamps, open_, high, low, close, rng.uniform(1, 9, rows))


class Planted(FittedModel):
    """Says what its name plants, by the memberships it reads; `steady` says the same on every row."""

    def __init__(self, plan: str, columns: tuple[str, ...]) -> None:
        self.plan, self.feature_ids, self.history = plan, columns, TrainingHistory((), 0, "no_epochs")
        if plan == "learned":
            self.tuned = {("rsi", "oversold"): Membership("trapezoidal", (0.0, 0.0, 70.0, 70.0))}

    def predict(self, inputs: Any, ends: Any = None) -> NDArray[np.float64]:
        values = np.asarray(inputs) if ends is None else np.asarray(inputs)[ends]
        if self.plan == "values":
            return values[:, 4] - values[:, 3]
        if self.plan == "learned":
            buys = values[:, 0] < 70 - 50  # the column is short of the middle of the written set
            return np.stack([np.where(buys, 4.0, -4.0), np.zeros(len(buys)), np.where(buys, -4.0, 4.0)], axis=1)
        rsi = values[:, :3].argmax(axis=1)
        buy = (rsi == 1) & (values[:, 4] > values[:, 3])
        sell = (rsi == 1) & (values[:, 4] < values[:, 3])
        size = {"planted": 5.0, "unsure": 0.3, "steady": 0.0, "leaning": 0.5}[self.plan]
        hold = np.full(len(values), 2.0 if self.plan == "leaning" else 0.0)
        return np.stack([size * buy, hold, size * sell], axis=1)

    def state(self) -> Mapping[str, bytes]:
        return {}

    def provenance(self) -> Mapping[str, str]:
        return {}


class PlantedTrainer(ModelTrainer):
    def __init__(self, plan: str) -> None:
        self.plan = plan

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Planted:
        return Planted(self.plan, task.feature_ids)

    def restore(self, artifact: Artifact) -> Planted:
        return Planted(self.plan, tuple(artifact.manifest.input_columns or ()))


def container_of(plan: str, written: dict[str, Any]) -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository([walk()])))
    container.model_trainer.override(providers.Object(PlantedTrainer(plan)))
    container.model_storage.override(providers.Object(MemoryStorage()))
    container.training_orchestrator().execute(TrainingRequest(parse(written), importance=False))
    return container


def explained(plan: str, top: int = 10, **changes: Any) -> Explanation:
    written = changed("training_data.symbols", "WALK") | changes
    return container_of(plan, written).explain_rules().execute(ExplainRequest(MODEL, top))


def test_planted_rules_are_found_and_hold_on_test_rows():
    found = explained("planted")
    texts = [rule.text for rule in found.rules]
    assert {"IF rsi is neutral AND macd is up THEN BUY", "IF rsi is neutral AND macd is down THEN SELL"} <= set(texts)
    assert {rule.then for rule in found.rules} == {"buy", "sell", "hold"}
    for rule in found.rules[:2]:
        assert rule.test.agreement == rule.chosen_on.agreement == 1.0
        assert rule.test.support == rule.test.rows / found.rows[1] > 0
        assert rule.test.lift == pytest.approx(1 / found.shares[rule.then][1])
    assert found.notes == ()
    assert sum(share for share, _ in found.shares.values()) == pytest.approx(1)
    split = found.manifest.split["parts"]
    assert found.rows == (split["train"]["rows"] + split["validation"]["rows"], split["test"]["rows"])
    assert explained("planted", top=1).rules == found.rules[:1]


def test_what_a_threshold_hides_is_said_and_explained():
    found = explained("unsure")
    assert found.notes == ("the model decides hold on every row; the rules say what it leans to",)
    assert "IF rsi is neutral AND macd is up THEN BUY" in [rule.text for rule in found.rules]


def test_a_model_of_one_decision_is_explained_against_its_mean():
    found = explained("leaning")
    assert [note.partition(";")[0] for note in found.notes] == ["the model says hold on every train and validation row"]
    assert "IF rsi is neutral AND macd is up THEN BUY" in [rule.text for rule in found.rules]


def test_a_model_that_never_moves_has_no_rules():
    found = explained("steady")
    assert (found.rules, found.notes) == ((), ("the model says the same on every row: there is no rule to find",))


def test_a_regression_is_explained_by_what_it_trades():
    changes = {
        "decisions": {"output_format": "regression", "cost_model": {"round_trip_cost": 0.0}},
        "training": {"method": "supervised", "labels": {"source": "forward_return"}, "epochs": 1},
    }
    texts = {rule.text for rule in explained("values", **changes).rules}
    assert texts & {"IF macd is up THEN BUY", "IF macd is down THEN SELL"}


@pytest.mark.parametrize("rows", ["", 1, None, {}])
def test_a_split_that_says_nothing_is_refused(rows: object) -> None:
    container = container_of("planted", changed("training_data.symbols", "WALK"))
    artifact = container.model_storage().load(MODEL)
    split = {**artifact.manifest.split, "parts": {**artifact.manifest.split["parts"], "validation": rows}}
    forged = Artifact(replace(artifact.manifest, split=split), artifact.blobs)
    container.model_storage().publish(forged, lambda _: None)
    with pytest.raises(CorruptArtifact, match="does not say when its parts begin and end"):
        container.explain_rules().execute(ExplainRequest("small/WALK_5m_v2"))


@pytest.mark.parametrize("symbol", [[[]], None, {}])
def test_data_of_a_strange_symbol_is_data_of_another(symbol: object) -> None:
    container = container_of("planted", changed("training_data.symbols", "WALK"))
    artifact = container.model_storage().load(MODEL)
    (series,) = artifact.manifest.data
    forged = Artifact(replace(artifact.manifest, data=[{**series, "symbol": symbol}]), artifact.blobs)
    container.model_storage().publish(forged, lambda _: None)
    notes = container.explain_rules().execute(ExplainRequest("small/WALK_5m_v2")).notes
    assert any("not the bars of the training" in note for note in notes)


def test_rules_speak_of_tuned_sets():
    written = changed("fuzzy_sets.rsi.learnable", True)
    found = explained("learned", fuzzy_sets=written["fuzzy_sets"], nn_inputs=[{"fuzzy_set": "rsi"}])
    # tuned, "oversold" is the largest up to 70; as it is written, up to 35
    (rule,) = [rule for rule in found.rules if rule.then == "buy"]
    assert (rule.text, rule.chosen_on.agreement) == ("IF rsi is oversold THEN BUY", 1.0)
    assert rule.chosen_on.support > 0.5


def test_a_model_without_fuzzy_sets_is_refused():
    with pytest.raises(InvalidInput, match="reads no fuzzy set"):
        explained("learned", nn_inputs=[{"raw_indicator": "rsi_14"}])


def test_a_request_for_no_rule_is_refused():
    with pytest.raises(InvalidInput, match="top must be 1 or more"):
        ExplainRequest(MODEL, 0)


def test_other_bars_than_those_of_the_training_are_said():
    container = container_of("planted", changed("training_data.symbols", "WALK"))
    container.data_repository.override(providers.Object(MemoryRepository([walk(seed=4)])))
    (note,) = container.explain_rules().execute(ExplainRequest(MODEL)).notes
    assert note.startswith("WALK 5m: these are not the bars of the training")
    bars = walk()
    later = replace(bars, stamps=bars.stamps + 10**17, known_at=bars.known_at + 10**17)
    container.data_repository.override(providers.Object(MemoryRepository([later])))
    with pytest.raises(
        InvalidInput, match=r"WALK: the bars that small/WALK_5m was trained and judged on are not there"
    ):
        container.explain_rules().execute(ExplainRequest(MODEL))


def test_the_command_prints_one_json_object_or_a_table(monkeypatch, capsys):
    container = container_of("planted", changed("training_data.symbols", "WALK"))
    monkeypatch.setattr(explain, "open_container", lambda **_: container)
    explain.rules(MODEL, top=2, json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed.keys() == {"model", "version", "rows", "decisions", "rules", "notes"}
    assert [rule["if"][0] for rule in printed["rules"]] == [
        {"fuzzy_set": "rsi", "timeframe": "5m", "membership": "neutral"}
    ] * 2
    explain.rules(MODEL, top=2)
    assert "IF rsi is neutral AND macd is up THEN BUY" in capsys.readouterr().out


BARRIERS = {"source": "triple_barrier", "max_holding": 40}
POOLS: dict[str, tuple[dict[str, Any], list[str], list[str]]] = {
    "labels of many lengths": ({"training.labels": BARRIERS}, ["A_STOCK", "B_CRYPTO"], []),
    "an embargo": (
        {"training.labels": BARRIERS, "training.data_split.embargo_bars": 9},
        ["A_STOCK", "B_STOCK"],
        [],
    ),
    "hours in common": ({"training_data.alignment": "common_hours"}, ["A_STOCK", "B_CRYPTO"], []),
    "a symbol held out": ({"training_data.alignment": "common_hours"}, ["A_STOCK", "B_STOCK"], ["C_CRYPTO"]),
    "a symbol with test rows alone": (
        {"training.data_split.embargo_bars": 5},
        ["A_STOCK", "B_STOCK", "B_CRYPTO", "LATE_STOCK"],
        [],
    ),
}


def pooled_bars(more: int) -> list[Bars]:
    """Bars of all symbols; those of one begin late, and all go on for some more than the first training sees."""
    found = []
    for seed, symbol in enumerate(("A_STOCK", "B_STOCK", "B_CRYPTO", "C_CRYPTO", "LATE_STOCK")):
        bars = simulate_sessions(symbol, Timeframe("5m"), 40, seed)
        until = bars.stamps[-1] - (0 if more else 6 * NS_PER_DAY)
        begins = bars.stamps[-1] - 12 * NS_PER_DAY if symbol == "LATE_STOCK" else bars.stamps[0]
        found.append(bars.take((bars.stamps <= until) & (bars.stamps >= begins)))
    return found


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("more", [0, 1], ids=["the same bars", "with newer bars"])
def test_the_parts_are_exactly_those_of_the_training(name: str, more: int) -> None:
    changes, symbols, held_out = POOLS[name]
    written = changed("training_data.history_required", 50, changed("training_data.symbols", symbols))
    for path, value in changes.items():
        written = changed(path, value, written)
    strategy = parse(written)
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository(pooled_bars(0))))
    container.model_trainer.override(providers.Object(PlantedTrainer("planted")))
    container.model_storage.override(providers.Object(MemoryStorage()))
    request = TrainingRequest(strategy, importance=False, mode=Mode.UNIVERSAL, hold_out=tuple(held_out))
    container.training_orchestrator().execute(request)
    manifest = container.model_storage().load("small/universal_v1").manifest
    assert manifest.training_symbols == sorted({*symbols} - {"LATE_STOCK"})
    engineer, calendar = container.feature_engineer(), container.calendar()
    before = prepare_pool(container.data_repository(), engineer, strategy, symbols, held_out, calendar)
    container.data_repository.override(providers.Object(MemoryRepository(pooled_bars(more))))
    found = container.explain_rules().execute(ExplainRequest("small/universal_v1"))
    counts = {part: values["rows"] for part, values in manifest.split["parts"].items()}
    assert found.rows == (counts["train"] + counts["validation"], counts["test"])
    assert not [note for note in found.notes if "rows, in training" in note]

    sources = PoolSources(container.data_repository(), engineer, calendar=calendar)
    opened = open_model(container.model_trainer(), find_named(container.model_storage(), "small/universal_v1"))
    again = retraced(sources, opened)
    for part in PARTS:
        assert rows_of(before.pool, before.split.parts[part].rows) == rows_of(again.pool, again.split.parts[part].rows)


def rows_of(pool: Pool, rows: NDArray[np.int64]) -> list[tuple[str, int]]:
    owners = [pool.symbols[number] for number in pool.symbol_of_row[rows]]
    return list(zip(owners, pool.known_at[rows].tolist(), strict=True))
