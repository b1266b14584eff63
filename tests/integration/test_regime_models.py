"""A classifier of market regimes: its baselines and its episodes, from the dry run to the report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.forging import forged

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.report.page import render_page
from ktrdr.application.use_cases.train import TrainedModel, TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.cli.outcome import outcome_text
from ktrdr.entrypoints.cli.preview import preview_text
from ktrdr.entrypoints.container import Container, make_container

LABELS = {"source": "market_regime", "fast": 5, "slow": 20, "horizon": 6}
OWN = ["as_now", "as_now_itself", "as_the_rule_says", "as_the_rule_says_itself"]


@pytest.fixture(scope="module")
def container() -> Container:
    built = make_container(device="cpu")
    market = repository_of("simulated", ["ONE_STOCK"], Timeframe("5m"), bars=1200)
    built.data_repository.override(providers.Object(market))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


def strategy(**labels: Any) -> Strategy:
    written = changed("training_data", {"symbols": "ONE_STOCK", "timeframes": "5m", "history_required": 50})
    written["training"] |= {"epochs": 2, "labels": LABELS | labels}
    return parse(written)


@pytest.fixture(scope="module")
def model(container: Container) -> TrainedModel:
    (found,) = container.training_orchestrator().execute(TrainingRequest(strategy(), importance=False)).models
    return found


@pytest.fixture(scope="module")
def artifact(container: Container, model: TrainedModel) -> Artifact:
    return container.model_storage().load(model.stored.reference)


def test_a_regime_model_is_compared_with_what_its_own_rule_says(model: TrainedModel, artifact: Artifact) -> None:
    assert list(model.report["baselines"])[4:] == OWN
    page = render_page(artifact).decode()
    for words in ("as now", "as now, taken at its word", "as the rule says", "as the rule says, taken at its word"):
        assert f">{words}</td>" in page
    assert "as the rule says" in outcome_text(model)


def test_episodes_are_those_of_the_rows_of_each_part(
    container: Container, model: TrainedModel, artifact: Artifact
) -> None:
    (preview,) = container.dry_run().execute(TrainingRequest(strategy())).previews
    assert preview.episodes == model.report["episodes"] == json.loads(artifact.blobs["metrics.json"])["episodes"]
    assert list(model.report["episodes"]) == ["train", "validation", "test"]
    assert preview.as_dict()["episodes"] == model.as_dict()["episodes"] == model.report["episodes"]
    text = preview_text(preview)
    for name, count in model.report["episodes"]["train"].items():
        assert any(line.split()[:2] == [name, str(count)] for line in text.splitlines())


def test_a_class_with_too_few_episodes_is_not_judged(model: TrainedModel, artifact: Artifact) -> None:
    few = [name for name, count in model.report["episodes"]["test"].items() if count < 3]
    assert few
    assert "No verdict on classes with fewer than 3 episodes" in model.report["verdict"]["sentence"]
    assert [found for found in model.report["diagnosis"] if found["topic"] == "episodes"]
    page, text = render_page(artifact).decode(), outcome_text(model)
    for name in model.report["episodes"]["test"]:
        judged = f'<td>{name}</td><td class="n">' in page
        assert judged == (name not in few)
    assert text.count("too few to judge") == len(few)


def test_labels_whose_classes_do_not_last_have_none(container: Container) -> None:
    plain = strategy()
    other = parse({**changed("training_data", {"symbols": "ONE_STOCK", "timeframes": "5m", "history_required": 50})})
    (preview,) = container.dry_run().execute(TrainingRequest(other)).previews
    assert plain.labels != other.labels
    assert preview.episodes == {}
    assert "episodes" not in preview_text(preview)


def test_episodes_that_contradict_the_rest_are_found(artifact: Artifact) -> None:
    assert not list(consistency_problems(artifact))

    def more(found: dict[str, Any]) -> None:
        found["episodes"]["test"] = dict.fromkeys(found["episodes"]["test"], 10**6)

    def judged(found: dict[str, Any]) -> None:
        found["verdict"]["sentence"] = found["verdict"]["sentence"].partition(" No verdict")[0]

    def odd(found: dict[str, Any]) -> None:
        del found["episodes"]["train"]

    for change, said in ((more, "can not be those of"), (judged, "too few episodes"), (odd, "KeyError")):
        problems = list(consistency_problems(forged(artifact, "metrics.json", change)))
        assert any(said in problem for problem in problems), problems
