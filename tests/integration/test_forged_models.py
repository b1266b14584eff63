"""Models that somebody changed and sealed anew: what contradicts itself is found, and what does not, by its record."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import yaml
from dependency_injector import providers
from samples.documents import changed
from samples.forging import forged

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.report.readable import readable_problems
from ktrdr.adapters.storage.folder import artifact_files, read_artifact
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.application.use_cases.verify_models import FORGED as FORGED_SAID
from ktrdr.application.use_cases.verify_models import OUTSIDE, UNRECORDED, VerifyModels
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK", "NEW_STOCK"]
GOLDEN = Path(__file__).parents[1] / "golden/schema_3"
VALUE = {"source": "forward_return", "horizon": 5}
LSTM = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4}}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one symbol": ({}, {}),
    "windows": ({"model": LSTM}, {}),
    "no layers": ({"model.architecture": {"hidden_layers": []}}, {}),
    "regression": ({"training.labels": VALUE, "decisions.output_format": "regression"}, {}),
    "learned sets": ({"fuzzy_sets.rsi.learnable": True}, {}),
    "two seeds": ({}, {"seeds": 2}),
    "by accuracy": ({"training.fitness_metrics.primary": "accuracy"}, {}),
    "universal": ({}, {"mode": Mode.UNIVERSAL, "hold_out": ("NEW_STOCK",)}),
    "begun with it": ({"training.initialise": "from universal"}, {"mode": Mode.MULTI}),
}


def document(changes: dict[str, Any]) -> dict[str, Any]:
    several = "training.initialise" in changes
    written = changed("training_data", {"symbols": "ONE_STOCK", "timeframes": "5m", "history_required": 50})
    for path, value in changes.items():
        written = changed(path, value, written)
    return written | ({"name": "pool"} if several else {})


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    built = make_container(models_dir=tmp_path_factory.mktemp("forged") / "models", device="cpu")
    built.data_repository.override(providers.Object(repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=700)))
    return built


@pytest.fixture(scope="module")
def models(container: Container) -> dict[str, Artifact]:
    """One small model of each kind, by kind."""
    found = {}
    for kind, (changes, request) in KINDS.items():
        written = document(changes)
        if request.get("mode") is not None:
            written["name"] = "pool"
            written["training_data"]["symbols"] = SYMBOLS[:2] + (["NEW_STOCK"] if "hold_out" in request else [])
        request = {"importance": kind in {"one symbol", "windows"}, **request}
        result = container.training_orchestrator().execute(TrainingRequest(parse(written), **request))
        assert not result.failures, result.failures
        found[kind] = container.model_storage().load(result.models[0].stored.reference)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_training_publishes_does_not_contradict_itself(kind: str, models: dict[str, Artifact]) -> None:
    assert list(consistency_problems(models[kind])) == []


def test_an_older_model_does_not_contradict_itself() -> None:
    assert list(consistency_problems(read_artifact(GOLDEN))) == []


def _deep(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A change of what lies at a dotted path of a document."""

    def change(document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = document
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place[name]
        place[int(last) if isinstance(place, list) else last] = value

    return change


BETTER = {"outcome": "better", "sentence": "Better than the train class shares: log loss 0.1 against 0.9."}
FORGED: dict[str, tuple[str, str, Callable[[dict[str, Any]], None], str]] = {
    "verdict": ("one symbol", "metrics.json", lambda found: found["verdict"].update(BETTER), "its interval says"),
    "interval": ("one symbol", "metrics.json", _deep("verdict.interval", [-0.9, -0.8]), "interval"),
    "unknown outcome": ("one symbol", "metrics.json", _deep("verdict.outcome", "excellent"), "'excellent' is none of"),
    "sentence": (
        "one symbol",
        "metrics.json",
        lambda found: found["verdict"].update(sentence=found["verdict"]["sentence"].replace("0.", "0.0")),
        "names other losses",
    ),
    "nothing detectable": ("one symbol", "metrics.json", _deep("verdict.detectable", None), "what is detectable"),
    "detectable of others": ("regression", "metrics.json", _deep("verdict.detectable.rows", 9999), "about other rows"),
    "no suspicion": ("one symbol", "metrics.json", lambda found: found["verdict"].pop("suspicion"), "KeyError"),
    "no diagnosis": ("one symbol", "metrics.json", _deep("diagnosis", []), "does not say how training ended"),
    "recall": ("one symbol", "metrics.json", _deep("metrics.balanced_accuracy", 0.9), "balanced_accuracy can not be"),
    "one recall": ("windows", "metrics.json", _deep("metrics.per_class.buy.recall", 0.987), "recall can not be"),
    "calibration": (
        "one symbol",
        "metrics.json",
        _deep("metrics.calibration_error", 0.0),
        "not that of its calibration",
    ),
    "brier": ("one symbol", "metrics.json", _deep("metrics.brier", 0.001), "brier or log_loss can not be"),
    "train shares": ("one symbol", "metrics.json", _deep("class_shares.train.buy", 0.9), "class_shares of train"),
    "rmse": ("regression", "metrics.json", _deep("metrics.rmse", 0.0), "mse, rmse and mae"),
    "first bar": ("one symbol", "metadata.json", _deep("data.0.first", "2031-01-01T00:00:00Z"), "do not reach over"),
    "last bar": ("one symbol", "metadata.json", _deep("data.0.last", "2001-01-01T00:00:00Z"), "do not reach over"),
    "bars": ("one symbol", "metadata.json", _deep("data.0.rows", 5), "fewer bars than rows"),
    "no bars": ("one symbol", "metadata.json", _deep("data", []), "there are no 5m bars of ONE_STOCK"),
    "bars of a pool": ("universal", "metadata.json", _deep("data.0.rows", 5), "STOCK has fewer bars than rows"),
    "profile": ("universal", "metadata.json", _deep("symbols.ONE_STOCK.bars", 9999), "profile of ONE_STOCK"),
    "loss": ("one symbol", "metrics.json", _deep("verdict.loss", 0.01), "verdict's loss is not the log loss"),
    "baseline": ("one symbol", "metrics.json", _deep("verdict.baseline_loss", 9.0), "not the best of the baselines"),
    "metrics": ("one symbol", "metrics.json", _deep("metrics.log_loss", 0.01), "training_metrics are not the metrics"),
    "accuracy": ("one symbol", "metrics.json", _deep("metrics.accuracy", 0.99), "not that of its confusion_matrix"),
    "shares": ("windows", "metrics.json", _deep("class_shares.test.buy", 0.9), "rows of buy"),
    "rows": ("regression", "metrics.json", _deep("rows", 9999), "rows counts 9999 test rows"),
    "mse": ("regression", "metrics.json", _deep("verdict.loss", 0.0), "not the mean squared error of the metrics"),
    "seeds": ("two seeds", "metrics.json", _deep("seeds.0.shipped", False), "the shipped one of its seeds"),
    "no metrics": ("one symbol", "metrics.json", lambda found: found.clear(), "not what a training writes (KeyError"),
    "importance": ("one symbol", "feature_importance.json", _deep("features.0.id", "x"), "not about the features"),
    "promise": ("windows", "reference.json", _deep("promise.test.loss", 0.01), "its promise is not the loss"),
    "moments": ("one symbol", "metadata.json", _deep("selected_until", "2031-01-01T00:00:00Z"), "not in this order"),
    "one moment": ("one symbol", "metadata.json", _deep("judged_until", "2031-01-01T00:00:00Z"), "of its split"),
    "part": (
        "one symbol",
        "metadata.json",
        _deep("split.parts.test.first", "2001-01-01T00:00:00Z"),
        "part test begins",
    ),
    "cut": ("one symbol", "metadata.json", _deep("split.cuts.0", "2001-01-01T00:00:00Z"), "reaches over the cut"),
    "counted": ("one symbol", "metadata.json", _deep("split.parts.test.rows", 9999), "the split 9999"),
    "no split": ("one symbol", "metadata.json", _deep("split", {}), "split: not what a training writes"),
    "seed": ("one symbol", "metadata.json", _deep("seed", 77), "seed is not that of the settings"),
    "section": ("one symbol", "metadata.json", _deep("nn_inputs", []), "nn_inputs is not what its strategy says"),
    "setting": (
        "one symbol",
        "metadata.json",
        lambda found: found["settings"]["training.epochs"].update(value=999),
        "settings: training.epochs is not what its strategy says",
    ),
    "learned": ("learned sets", "metadata.json", _deep("strategy_name", "x"), "strategy_name is not what its"),
    "begun": ("begun with it", "metadata.json", _deep("fitted_until", "2001-01-01T00:00:00Z"), "fitted_until is 2001"),
    "of a symbol": ("universal", "symbols.json", _deep("ONE_STOCK.rows.train", 9999), "rows of its symbols"),
    "of a pool": ("universal", "metadata.json", _deep("split.symbols.ONE_STOCK.train", 9999), "rows of its symbols"),
}


@pytest.mark.parametrize(("kind", "name", "change", "words"), FORGED.values(), ids=FORGED)
def test_what_contradicts_itself_is_found(
    kind: str, name: str, change: Callable[[dict[str, Any]], None], words: str, models: dict[str, Artifact]
) -> None:
    found = list(consistency_problems(forged(models[kind], name, change)))
    assert any(words in said for said in found), found


def write(artifact: Artifact, folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    for name, content in artifact_files(artifact).items():
        (folder / name).write_bytes(content)


class TestVerify:
    """`VerifyModels` on versions that were published and recorded."""

    @pytest.fixture
    def place(self, container: Container, models: dict[str, Artifact]) -> Iterator[Path]:
        manifest = models["one symbol"].manifest
        place = Path(container.settings().models_dir) / manifest.key.reference(manifest.version)
        yield place
        write(models["one symbol"], place)

    def test_what_was_published(self, container: Container, models: dict[str, Artifact]) -> None:
        checks = container.verify_models().execute()
        assert len(checks) == len(KINDS) + 1
        assert [check for check in checks if check.problems or check.notes] == []

    def test_a_forgery_without_contradiction_is_found_by_its_record(
        self, container: Container, models: dict[str, Artifact], place: Path
    ) -> None:
        def soften(found: dict[str, Any]) -> None:
            found["diagnosis"][0]["suggestion"] = "Nothing to do: it is wonderful."

        write(forged(models["one symbol"], "metrics.json", soften), place)
        reference = f"{place.parent.name}/{place.name}"
        elsewhere = make_container(models_dir=place.parents[1] / "elsewhere")
        for named, used in ((reference, container), (str(place), container), (str(place), elsewhere)):
            (check,) = used.verify_models().execute([named])
            assert check.problems == (FORGED_SAID,)

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("config.yaml", b"name: other\n", "config.yaml does not hold the strategy"),
            ("config.yaml", b"&a [*a]\n", "config.yaml does not hold the strategy"),
            ("config.yaml", b"{", "config.yaml does not hold the strategy"),
            ("config.yaml", b"#" * 100_000, "config.yaml does not hold the strategy"),
            ("report.html", b"<html>Better than all: \xff</html>", "report.html does not say the verdict"),
        ],
    )
    def test_files_for_people_are_about_the_model(
        self, container: Container, models: dict[str, Artifact], name: str, content: bytes, words: str
    ) -> None:
        storage, artifact = MemoryStorage(), models["one symbol"]
        found = Artifact(artifact.manifest, artifact.blobs | {name: content})
        used = VerifyModels(storage, container.model_trainer(), lambda _: {}, readable_problems)
        (check,) = used.execute([storage.publish(found).reference])
        assert len(check.problems) == 1
        assert words in check.problems[0]

    def test_a_strategy_written_in_another_order_is_the_same(self, models: dict[str, Artifact]) -> None:
        artifact = models["one symbol"]
        content = yaml.safe_dump(artifact.manifest.strategy, sort_keys=True, width=40).encode()
        assert list(readable_problems(Artifact(artifact.manifest, artifact.blobs | {"config.yaml": content}))) == []

    def test_outside_of_the_models_folder_nothing_is_recorded(
        self, container: Container, place: Path, tmp_path: Path
    ) -> None:
        shutil.copytree(place, tmp_path / "copy")
        (check,) = container.verify_models().execute([str(tmp_path / "copy")])
        assert (check.problems, check.notes) == ((), (OUTSIDE,))

    def test_a_line_without_seal_leaves_it_open(self, container: Container, models: dict[str, Artifact]) -> None:
        reference = models["windows"].manifest.key.reference(models["windows"].manifest.version)
        unsealed = VerifyModels(container.model_storage(), container.model_trainer(), lambda _: {reference: ""})
        (check,) = unsealed.execute([reference])
        assert (check.problems, check.notes) == ((), (UNRECORDED,))

    @pytest.mark.parametrize("kind", ["one symbol", "windows", "regression", "universal"])
    def test_extreme_weights_do_not_predict(self, kind: str, container: Container, models: dict[str, Artifact]) -> None:
        artifact = models[kind]
        extreme = Artifact(artifact.manifest, artifact.blobs | {"model.safetensors": huge(artifact)})
        storage = MemoryStorage()
        reference = storage.publish(extreme).reference
        (check,) = VerifyModels(storage, container.model_trainer(), lambda _: {}).execute([reference])
        assert any("outputs are no finite numbers" in said for said in check.problems), check.problems


def huge(artifact: Artifact) -> bytes:
    """The weights with the largest finite numbers in their place, of changing sign."""
    tensors = safetensors.numpy.load(artifact.blobs["model.safetensors"])
    largest = np.finfo(np.float32).max
    extreme = {name: np.resize([largest, largest, -largest], found.shape) for name, found in tensors.items()}
    return safetensors.numpy.save({name: found.astype(np.float32) for name, found in extreme.items()})
