"""Reptile through the container: a start learned over a pool, tried on symbols never seen, and begun with."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.forging import forged
from samples.prepared import prepare_pool

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.report.page import render_page
from ktrdr.application.use_cases.train import TrainedModel, TrainingRequest
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.pool.combining import combine
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.settings import Reptile
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.cli.outcome import outcome_text
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK", "NEW_STOCK"]
MARKET = repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=700)
REGIMES = {"source": "market_regime", "fast": 5, "slow": 20, "horizon": 6}


class SeenTrainer(TorchTrainer):
    def __init__(self) -> None:
        super().__init__("cpu")
        self.tasks: list[FitTask] = []

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        return super().fit(task, watch)


def document(**training: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": SYMBOLS, "timeframes": "5m", "history_required": 50})
    written["training"] |= {"epochs": 2, "batch_size": 16} | training
    return written


def container_of(journal: MemoryJournal | None = None) -> Container:
    built = make_container()
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    built.model_trainer.override(providers.Object(SeenTrainer()))
    built.journal.override(providers.Object(journal or MemoryJournal()))
    return built


def train(container: Container, written: dict[str, Any], mode: Mode = Mode.UNIVERSAL, **options: Any) -> TrainedModel:
    request = TrainingRequest(parse(written), importance=False, mode=mode, **options)
    result = container.training_orchestrator().execute(request)
    assert not result.failures, result.failures
    return result.models[0]


OWN = {"inner_steps": 4, "few_rows": 120}


@pytest.fixture(scope="module")
def tried() -> tuple[Container, MemoryJournal, TrainedModel]:
    journal = MemoryJournal()
    container = container_of(journal)
    model = train(container, document(combination="reptile", reptile=OWN), hold_out=("NEW_STOCK",))
    return container, journal, model


def test_the_model_is_a_start_that_is_learned_over_the_symbols(tried: Any) -> None:
    container, _, model = tried
    first = container.model_trainer().tasks[0]
    assert first.settings.reptile == Reptile(4, 1.0)
    assert sorted(set(first.train.groups.tolist())) == [1, 2]
    manifest = container.model_storage().load(model.stored.reference).manifest
    assert manifest.split["combination"] == "reptile"
    assert manifest.strategy["training"]["reptile"] == {"tasks": "symbols", "outer_rate": 1.0} | OWN


def test_starts_are_tried_on_the_few_first_rows_of_a_symbol_never_seen(tried: Any) -> None:
    container, _, model = tried
    _, own, *_, plain, learned, pooled, random = container.model_trainer().tasks
    few = model.report["few_rows"]
    (row,) = few["symbols"]
    assert own.settings.reptile is plain.settings.reptile is None
    assert plain.train.groups is None
    assert random.initial is None
    assert learned.initial.keys() == pooled.initial.keys()
    assert learned.initial != pooled.initial
    cut = own.validation.known_at[0]
    for task in (learned, pooled, random):
        assert task.train.ends.tolist() == random.train.ends.tolist()
        assert task.scaler is plain.scaler
        assert len(task.validation.ends) == 24
        assert (task.train.label_end <= task.validation.known_at[0]).all()
        assert (task.validation.label_end < cut).all()
        assert task.train.ends[0] == own.train.ends[0]
    assert (row["symbol"], row["rows"]) == ("NEW_STOCK", len(learned.train.ends) + 24)
    assert 120 - row["rows"] < 30
    for name in ("pooled", "random"):
        assert row[name]["difference"] == pytest.approx(row["loss"] - row[name]["loss"])
        assert few["all"][name]["difference"] == pytest.approx(row[name]["difference"])


def test_every_fit_that_is_compared_is_in_the_journal(tried: Any) -> None:
    _, journal, _ = tried
    found = [(run.work.role, run.work.facts.get("begins"), run.work.symbols) for run in journal.runs]
    assert found[1:] == [
        *(("rival", None, (symbol,)) for symbol in sorted(SYMBOLS)),
        ("rival", None, ("ONE_STOCK", "TWO_STOCK")),
        *(("rival", start, ("NEW_STOCK",)) for start in ("learned", "pooled", "random")),
    ]


def test_the_report_says_in_words_whether_it_helps(tried: Any) -> None:
    container, _, model = tried
    sentences = model.report["few_rows"]["sentences"]
    assert len(sentences) in {2, 3}
    artifact = container.model_storage().load(model.stored.reference)
    page, text = render_page(artifact).decode(), outcome_text(model)
    assert "Few rows of a symbol never seen" in page
    for sentence in sentences:
        assert sentence in page
        assert sentence in text
    assert json.loads(json.dumps(model.as_dict()))["few_rows"] == model.report["few_rows"]
    assert not list(consistency_problems(artifact))


def test_a_table_that_says_otherwise_is_found(tried: Any) -> None:
    container, _, model = tried
    artifact = container.model_storage().load(model.stored.reference)

    def better(found: dict[str, Any]) -> None:
        found["few_rows"]["symbols"][0]["pooled"]["difference"] = -1.0

    def praised(found: dict[str, Any]) -> None:
        found["few_rows"]["sentences"] = ["It helps."]

    for change, said in ((better, "differ by something else"), (praised, "does not say what its figures say")):
        problems = list(consistency_problems(forged(artifact, "metrics.json", change)))
        assert any(said in problem for problem in problems), problems


def test_a_symbols_own_model_begins_with_the_learned_start_and_is_fitted_plainly(tried: Any) -> None:
    container = container_of()
    universal = train(container, document(combination="reptile", reptile=OWN))
    weights = container.model_storage().load(universal.stored.reference).blobs["model.safetensors"]
    train(container, document(combination="reptile", reptile=OWN, initialise="from universal"), Mode.MULTI)
    assert len(container.model_trainer().tasks) == 4
    for task in container.model_trainer().tasks[1:]:
        assert task.initial["model.safetensors"] == weights
        assert task.settings.reptile is None


def test_tasks_can_be_the_regimes_that_it_is_at_each_row() -> None:
    written = document(combination="reptile", labels=REGIMES, reptile={"tasks": "regimes"})
    prepared = prepare_pool(MARKET, container_of().feature_engineer(), parse(written), SYMBOLS)
    pool, rows = prepared.pool, prepared.split.train
    found = combine("reptile", pool, rows, 0, "regimes")
    assert sorted(found.rows.tolist()) == rows.tolist()
    assert (np.diff(found.groups) >= 0).all()
    (now,) = (one.values for one in pool.naive if one.name == "as_now")
    np.testing.assert_array_equal(now[found.rows], found.groups - 1)
    assert found.is_start
    train(container_of(), written)


def test_on_a_model_of_one_symbol_it_has_no_effect_and_this_is_said() -> None:
    alone = document(combination="reptile") | {"name": "alone"}
    alone["training_data"]["symbols"] = "ONE_STOCK"
    model = train(container_of(), alone, Mode.SINGLE)
    assert "training.combination: reptile is about one pooled model; this one is not" in model.notes


def test_the_command_decides_over_a_strategy_that_is_silent() -> None:
    container = container_of()
    train(container, document(), combination="reptile")
    assert container.model_trainer().tasks[0].settings.reptile == Reptile()
    with pytest.raises(InvalidInput, match="the strategy settles reptile"):
        train(container, document(combination="reptile"), combination="balanced")
    interleaved = container_of()
    train(interleaved, document(combination="interleaved"))
    assert interleaved.model_trainer().tasks[0].train.groups is not None


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"reptile": {"inner_steps": 3}}, "training.reptile: is about combination: reptile"),
        ({"combination": "balanced", "reptile": {}}, "training.reptile: is about combination: reptile"),
        ({"combination": "reptil"}, "did you mean 'reptile'"),
        ({"combination": "reptile", "reptile": {"outer_rate": 0}}, "training.reptile.outer_rate"),
        ({"combination": "reptile", "reptile": {"tasks": "regimes"}}, "labels of zigzag do not say which one it is"),
    ],
)
def test_what_has_no_meaning_is_refused(training: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidStrategy, match=said):
        parse(document(**training))


def test_a_strategy_that_is_written_out_reads_the_same() -> None:
    strategy = parse(document(combination="reptile", reptile={"inner_steps": 3}))
    assert parse(render(strategy)).training == strategy.training
    assert "combination" not in render(parse(document()))["training"]
