import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from samples.evaluations import NUMBERS
from samples.models import artifact
from samples.reports import FEATURES, report_artifact

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.report.html import ReportingStorage
from ktrdr.adapters.report.page import render_page
from ktrdr.domain.artifacts.artifact import Artifact

VOID = {"meta", "br", "img", "link", "input", "hr", "area", "base", "col", "embed", "source", "track", "wbr"}
SECTIONS = [
    "baselines", "diagnosis", "learning", "forecasts", "importance", "seeds", "data", "features", "settings", "origin",
]  # fmt: skip


class Page(HTMLParser):
    """Elements with their attributes, and the text of each section; refuses tags that do not match."""

    def __init__(self, page):
        super().__init__()
        self.open, self.elements, self.sections, self.section = [], [], {}, "header"
        self.feed(page.decode())
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "section":
            self.section = dict(attributes)["id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "title"}:
            self.sections.setdefault(self.section, []).append(data.strip())

    def text(self, section):
        return re.sub(r"\s+", " ", " ".join(self.sections[section])).strip()

    def find(self, tag, **wanted):
        return [found for name, found in self.elements if name == tag and wanted.items() <= found.items()]


@pytest.fixture(scope="module")
def stored():
    return report_artifact()


@pytest.fixture(scope="module")
def page(stored):
    return Page(render_page(stored))


def metrics(found):
    return json.loads(found.blobs["metrics.json"])


def test_all_sections_are_there_in_order_and_linked(page):
    assert [section for section in page.sections if section != "header"] == SECTIONS
    assert [link["href"] for link in page.find("a")] == [f"#{name}" for name in SECTIONS]


def test_the_verdict_stands_first(page, stored):
    verdict = metrics(stored)["verdict"]
    opening, _, figures = verdict["sentence"].partition(": ")

    assert opening in page.text("header")
    assert figures in page.text("header")
    assert page.find("div", **{"class": f"verdict {verdict['outcome']}"})


def test_the_interval_is_drawn_to_scale(page, stored):
    verdict = metrics(stored)["verdict"]
    (line,) = page.find("line", **{"class": "interval"})
    (zero,) = page.find("line", **{"class": "zero"})
    (dot,) = page.find("circle", **{"class": "interval"})

    low, high = float(line["x1"]), float(line["x2"])
    pixels = (high - low) / (verdict["interval"][1] - verdict["interval"][0])
    assert float(zero["x1"]) == pytest.approx(low - verdict["interval"][0] * pixels, abs=0.2)
    assert float(dot["cx"]) == pytest.approx(low + (verdict["difference"] - verdict["interval"][0]) * pixels, abs=0.2)


def test_the_model_stands_beside_every_baseline(page, stored):
    report = metrics(stored)

    text = page.text("baselines")

    own = report["metrics"]
    assert f"this model {own['log_loss']:.4f} {own['accuracy']:.1%} {own['brier']:.4f}" in text
    for name, words in (("class_shares", "train class shares"), ("last_known_label", "last known label")):
        figures = report["baselines"][name]
        expected = f"{words} {figures['log_loss']:.4f} {figures['accuracy']:.1%} {figures['brier']:.4f}"
        assert expected in text
    assert f"train majority class – {report['baselines']['majority']['accuracy']:.1%} –" in text


def test_every_finding_is_told_with_its_suggestion(page, stored):
    for item in metrics(stored)["diagnosis"]:
        assert item["finding"] in page.text("diagnosis")
        assert item["suggestion"].split("`")[0].strip() in page.text("diagnosis")


def test_losses_are_drawn_to_scale_and_the_kept_epoch_is_marked(page, stored):
    past = json.loads(stored.blobs["history.json"])
    kept = past["epochs"][past["best_epoch"] - 1]
    (line,) = page.find("polyline", **{"class": "val"})
    (train,) = page.find("polyline", **{"class": "train"})
    (dot,) = page.find("circle", **{"class": "val kept"})

    points = [tuple(map(float, point.split(","))) for point in line["points"].split()]
    others = [tuple(map(float, point.split(","))) for point in train["points"].split()]
    assert len(points) == len(past["epochs"]) == len(others)
    assert (float(dot["cx"]), float(dot["cy"])) == points[past["best_epoch"] - 1]
    assert points.index(max(points, key=lambda point: point[1])) + 1 == kept["number"]
    first, last = past["epochs"][0], past["epochs"][-1]
    slope = (others[-1][1] - others[0][1]) / (last["train_loss"] - first["train_loss"])
    assert points[-1][1] - points[0][1] == pytest.approx(slope * (last["val_loss"] - first["val_loss"]), abs=0.3)


def test_confusion_scores_and_calibration(page, stored):
    report = metrics(stored)

    text = page.text("forecasts")

    for name, counts in zip(("buy", "hold", "sell"), report["metrics"]["confusion_matrix"], strict=True):
        cells = " ".join(f"{count} {count / sum(counts):.1%}" for count in counts)
        assert f"{name} {cells}" in text
        scores = report["metrics"]["per_class"][name]
        assert f"{name} {scores['precision']:.1%} {scores['recall']:.1%} {scores['f1']:.1%} {scores['support']}" in text
    assert len(page.find("circle", **{"class": "val"})) >= len(report["calibration"])


def test_importance_is_sorted_with_its_spread(page):
    text = page.text("importance")

    assert "mean and spread over 5 repeats on 100 evenly spaced of 190 test rows" in text
    assert f"{FEATURES[0]} +0.0300 ± 0.0040 {FEATURES[1]} +0.0100 ± 0.0040 {FEATURES[2]} -0.0100 ± 0.0040" in text


def test_seeds_name_the_shipped_one(page):
    assert "7 shipped" in page.text("seeds")


def test_data_split_and_moments(page):
    text = page.text("data")

    assert "train 300 12 2019-01-02 21:00 2020-03-10 20:00" in text
    assert "test 190 – 2020-07-20 20:00 2021-05-05 20:00" in text
    assert "Embargo: 3 bars" in text
    assert "Rows without a label: 20" in text
    assert "Weights were fitted until 2020-01-02 21:00" in text
    assert "hold 50.0%" in text
    places = [float(part["style"].split("left: ")[1].split("%")[0]) for part in page.find("div") if "title" in part]
    assert places == sorted(places)
    assert places[0] == 0.0


def test_features_stand_in_contract_order_with_what_they_are_made_of(page):
    text = page.text("features")

    assert [text.index(name) for name in FEATURES] == sorted(text.index(name) for name in FEATURES)
    assert "rsi(period 14, source close) on 1d → triangular [0, 20, 40.5], 2 bars before" in text


def test_settings_come_with_their_origin(page):
    assert "training.epochs 9 command line" in page.text("settings")
    assert "model.architecture.hidden_layers [64, 32] default" in page.text("settings")


def test_regression():
    page = Page(render_page(report_artifact(NUMBERS)))

    assert "Better than" in page.text("header")
    assert "no confusion matrix" in page.text("forecasts")
    assert "forecast of 0" in page.text("baselines")
    assert "R²" in page.text("header")


def test_one_epoch_and_no_importance():
    page = Page(render_page(report_artifact(epochs=1, importance={"skipped": "not asked for (--no-importance)"})))

    assert "One epoch: train loss 1.0800" in page.text("learning")
    assert "Not measured: not asked for (--no-importance)." in page.text("importance")
    assert not page.find("polyline")


@pytest.mark.parametrize("absent", [("gradient_norm", "learning_rate"), ("train_loss",), ("val_loss", "val_accuracy")])
@pytest.mark.parametrize("how", ["null", "no key"])
def test_a_history_without_some_figures_is_drawn_as_far_as_it_goes(absent, how):
    artifact = report_artifact()
    past = json.loads(artifact.blobs["history.json"])
    for epoch in past["epochs"]:
        for name in absent:
            epoch[name] = None
            if how == "no key":
                del epoch[name]
    page = render_page(
        Artifact(artifact.manifest, {**artifact.blobs, "history.json": json.dumps(past).encode()})
    ).decode()
    for name, words in (("train", "train loss"), ("val", "validation loss")):
        drawn = f"{name}_loss" not in absent
        assert (f'<polyline class="{name}"' in page) == drawn
        assert (f"<i></i>{words}</span>" in page) == drawn


def test_a_bare_artifact_says_what_is_missing():
    page = Page(render_page(artifact(split={})))

    assert [section for section in page.sections if section != "header"] == SECTIONS
    for section, said in (
        ("header", "not judged"),
        ("baselines", "No baselines"),
        ("diagnosis", "no diagnosis"),
        ("learning", "not trained in epochs"),
        ("forecasts", "no confusion matrix"),
        ("importance", "there is no feature_importance.json"),
        ("data", "dates of the parts are not known"),
    ):
        assert said in page.text(section)


def named(name):
    """An artifact in which everything that can have a name has this one."""
    found = report_artifact(
        strategy_name=name,
        symbol=name.replace(" ", ""),
        resolved_features=[name],
        feature_contract=[{"id": name, "context": {name: name}}],
        settings={name: {"value": [name], "origin": name}},
        libraries={name: name},
        data=[{"symbol": name, "source": name, "sha256": name}],
        data_origins={name: name},
        classes=(name, "hold", "sell"),
    )
    report = metrics(found)
    report["diagnosis"] = [{"topic": name, "finding": name, "suggestion": name}]
    report["verdict"]["sentence"] = f"{name}: {name}"
    report["metrics"]["per_class"] = {name: next(iter(report["metrics"]["per_class"].values()))}
    report["class_shares"] = {name: {name: 1.0}}
    importance = {"features": [{"id": name, "mean": 0.1, "std": 0.0}], "metric": name}
    reports = {"metrics.json": report, "feature_importance.json": importance}
    return Artifact(
        found.manifest, {**found.blobs, **{key: json.dumps(value).encode() for key, value in reports.items()}}
    )


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror="alert(1)">', "</style><b>&amp;{{ 7 * 7 }}{% raw %}", "'-->"],
)
def test_names_are_text_and_never_markup(hostile):
    page = Page(render_page(named(hostile)))

    assert [tag for tag, _ in page.elements] == [tag for tag, _ in Page(render_page(named("harmless"))).elements]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for section in ("header", "diagnosis", "forecasts", "importance", "data", "features", "settings", "origin"):
        assert hostile in page.text(section)


@pytest.mark.parametrize("target", ["classes", "numbers"])
def test_the_page_needs_no_network(target, stored):
    text = render_page(stored if target == "classes" else report_artifact(NUMBERS)).decode()

    assert not re.search(r"https?:|//[a-z]|url\(|@import|<script|<link|<img|<iframe|\ssrc=", text)
    assert "default-src 'none'" in text


def test_equal_artifacts_give_equal_bytes_in_another_process_too(stored):
    tests = str(Path(__file__).parents[3])
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from samples.reports import report_artifact\n"
        "from ktrdr.adapters.report.page import render_page\n"
        "sys.stdout.buffer.write(render_page(report_artifact()))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "123"}

    other = subprocess.run([sys.executable, "-c", program, tests], env=environment, capture_output=True, check=True)

    assert other.stdout == render_page(stored)


def test_publishing_adds_report_and_config_and_keeps_the_rest(stored):
    storage = ReportingStorage(MemoryStorage())

    published = storage.publish(stored)
    loaded = storage.load(published.reference)

    assert loaded.blobs.keys() == stored.blobs.keys() | {"report.html", "config.yaml"}
    assert {name: loaded.blobs[name] for name in stored.blobs} == dict(stored.blobs)
    assert loaded.blobs["report.html"] == render_page(stored)
    assert storage.versions() == (published,)
    assert storage.delete(published.reference).reference == published.reference
    assert storage.versions() == ()


def test_config_is_the_strategy_with_its_keys_in_order():
    strategy = {"name": "démo", "version": "3.0", "b": [1, 2.5], "a": {"z": True, "y": None}}
    storage = ReportingStorage(MemoryStorage())

    config = storage.load(storage.publish(artifact(strategy=strategy)).reference).blobs["config.yaml"].decode()

    assert config.startswith("# ")
    assert config.count("#") == 1
    assert "démo" in config
    read = yaml.safe_load(config)
    assert read == strategy
    assert list(read) == list(strategy)
    assert list(read["a"]) == ["z", "y"]
