"""``ktrdr indicators``, ``fuzzy`` and ``labels``: what they print, draw and write, and how they refuse."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from samples.command_line import Command
from samples.documents import changed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import problems

VOID = {"meta", "br", "link"}
ONE_SERIES = {"symbols": "AAPL", "timeframes": "1d", "history_required": 100}
DAILY = changed("training_data", ONE_SERIES, changed("nn_inputs.1.timeframes", "all"))


class Page(HTMLParser):
    """Tags with their attributes; refuses tags that do not match."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def drawings(self) -> list[str | None]:
        return [attributes["aria-label"] for tag, attributes in self.found if tag == "svg"]


@pytest.fixture
def strategy(tmp_path: Path) -> str:
    return write(tmp_path / "daily.yaml", DAILY)


def write(path: Path, document: dict[str, Any]) -> str:
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


def test_all_indicators_are_listed_with_or_without_the_word(ktrdr: Command) -> None:
    listed = ktrdr("indicators", "--json").json["indicators"]
    assert [row["type"] for row in listed] == list(INDICATORS)
    assert ktrdr("indicators", "list", "--json").json["indicators"] == listed
    macd = next(row for row in listed if row["type"] == "macd")
    assert macd["outputs"] == ["line", "signal", "histogram"]
    assert macd["parameters"] == {"fast_period": 12, "slow_period": 26, "signal_period": 9, "source": "close"}
    text = ktrdr("indicators").stdout
    assert all(f"\n{name} " in text for name in INDICATORS)
    assert f"{len(INDICATORS)} types" in text


def test_a_category_is_chosen(ktrdr: Command) -> None:
    listed = ktrdr("indicators", "--category", "Volume", "--json").json["indicators"]
    assert {row["category"] for row in listed} == {"volume"}
    wrong = ktrdr("indicators", "list", "--category", "volum", "--json")
    assert wrong.code == 2
    assert "did you mean 'volume'" in wrong.json["error"]["message"]


@pytest.mark.parametrize("name", INDICATORS)
def test_every_indicator_is_shown(ktrdr: Command, name: str) -> None:
    shown, spec = ktrdr("indicators", "show", name.upper(), "--json").json, INDICATORS[name]
    defaults = {item.name: item.default for item in spec.parameters}
    assert (shown["type"], shown["category"], shown["outputs"]) == (name, spec.category, list(spec.outputs))
    assert (shown["first_value"], shown["settled_bars"]) == (spec.first_value(defaults), spec.settled_bars(defaults))
    assert {item["name"]: item["default"] for item in shown["parameters"]} == defaults
    assert shown["kernel"]


def test_facts_follow_the_parameters(ktrdr: Command) -> None:
    shown = ktrdr("indicators", "show", "rsi", "period=21", "source=hl2", "--json").json
    assert shown["first_value"] == 21
    assert [item["value"] for item in shown["parameters"]] == [21, "hl2"]
    text = ktrdr("indicators", "show", "rsi", "period=21").stdout
    assert "bar 21, counted from 0" in text
    assert "Wilder (1978)" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rsii",), "did you mean 'rsi'"),
        (("rsi", "perod=3"), "did you mean 'period'"),
        (("rsi", "period=0"), "allowed: 2 to 10000"),
        (("rsi", "period"), "written name=value"),
        (("rsi", "period=3", "period=4"), "given twice"),
        (("macd", "fast=30"), "fast_period"),
        (("rsi", "--symbol", "AAPL"), "only with --plot"),
        (("rsi", "--plot", "x.png"), "must end in .html"),
        (("rsi", "--plot", "x.html", "--set", "rsi"), "--strategy"),
        (("rsi", "--plot", "x.html", "--bars", "1"), "10 or more"),
    ],
)
def test_wrong_words_are_refused(ktrdr: Command, tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    outcome = ktrdr("indicators", "show", *words, "--json")
    assert outcome.code == 2
    assert message in outcome.json["error"]["message"]
    assert not list(tmp_path.iterdir())


def test_an_indicator_is_drawn_with_the_sets_of_a_strategy(ktrdr: Command, tmp_path: Path, strategy: str) -> None:
    outcome = ktrdr("indicators", "show", "rsi", "--plot", "rsi.html", "--strategy", strategy, "--json")
    plot = outcome.json["plot"]
    assert (plot["symbol"], plot["timeframe"], plot["bars"], plot["sets"]) == ("AAPL", "1d", 500, ["rsi"])
    page = Page(tmp_path / "rsi.html")
    assert page.drawings == ["Price of AAPL 1d", "rsi on AAPL 1d", "Fuzzy set rsi over rsi_14", "Degrees of rsi"]
    bands = [item for tag, item in page.found if tag == "path" and "band" in (item["class"] or "")]
    assert len(bands) == 3
    assert (tmp_path / "rsi.html").stat().st_size < 200_000


def test_an_indicator_is_drawn_over_whole_series_with_given_parameters(ktrdr: Command, tmp_path: Path) -> None:
    words = ("bbands", "period=50", "--plot", "b.html", "--symbol", "MSFT", "--timeframe", "1w", "--bars", "100000")
    outcome = ktrdr("indicators", "show", *words)
    assert outcome.code == 0
    assert "resampled from 1d" in outcome.stderr
    page = Page(tmp_path / "b.html")
    lines = [item for tag, item in page.found if tag == "path" and "tone" in (item["class"] or "")]
    assert len(lines) == 6  # three outputs, over the price and below it
    assert (tmp_path / "b.html").stat().st_size < 1_000_000


def test_no_bars_are_the_error_of_training(ktrdr: Command, tmp_path: Path) -> None:
    other = write(tmp_path / "other.yaml", changed("training_data.symbols", "AAPLE", DAILY))
    trained = ktrdr("train", other, "--dry-run", "--json")
    for words in (("fuzzy", "plot"), ("labels", "show")):
        outcome = ktrdr(*words, other, "--json")
        assert (outcome.code, outcome.json) == (trained.code, trained.json) == (3, trained.json)
    words = ("rsi", "--plot", "x.html", "--strategy", other, "--json")
    assert ktrdr("indicators", "show", *words).json == trained.json


@pytest.mark.parametrize("words", [("fuzzy", "plot"), ("fuzzy", "fit"), ("labels", "show")])
def test_a_place_that_cannot_be_written_is_refused_first(ktrdr: Command, words: tuple[str, ...]) -> None:
    ending = "yaml" if "fit" in words else "html"
    outcome = ktrdr(*words, "no such strategy.yaml", "--output", f"no/such/folder.{ending}", "--json")
    assert (outcome.code, outcome.json["error"]["family"]) == (5, "unavailable")


def test_sets_are_measured_on_the_rows_of_training(ktrdr: Command, tmp_path: Path) -> None:
    sets = {
        "rsi": {"indicator": "rsi_14", "low": [0, 20, 50], "high": [50, 80, 100], "never": [200, 300, 400]},
        "macd": DAILY["fuzzy_sets"]["macd"],
        "idle": {"indicator": "rsi_14", "any": {"type": "left_shoulder", "parameters": [200, 300]}},
    }
    path = write(tmp_path / "sets.yaml", changed("fuzzy_sets", sets, DAILY))
    outcome = ktrdr("fuzzy", "plot", path, "--output", "sets.html", "--json")
    assert outcome.code == 0, outcome.stderr
    found = {item["set"]: item for item in outcome.json["sets"]}
    assert list(found) == ["rsi", "macd", "idle"]
    assert [item["dead"] for item in found["rsi"]["memberships"]] == [False, False, True]
    assert (found["rsi"]["fed"], found["idle"]["fed"]) == (True, False)
    assert found["idle"]["memberships"][0]["constant"]
    dry = ktrdr("train", path, "--dry-run", "--json").json["dry_run"]
    assert found["rsi"]["rows"] == dry["rows"]["usable_rows"]
    said = next(note for note in dry["notes"] if "'macd'" in note)
    assert said.endswith(f"every membership is 0 on {found['macd']['uncovered']:.2%} of the rows")
    assert "rsi on 1d: never is dead: it is 0 on every row" in outcome.json["findings"]
    assert len(Page(tmp_path / "sets.html").drawings) == 3
    assert "never is dead" in ktrdr("fuzzy", "plot", path).stdout
    assert (tmp_path / "sets_sets.html").read_bytes() == (tmp_path / "sets.html").read_bytes()


def test_fit_changes_parameters_only_and_from_train_rows_only(ktrdr: Command, tmp_path: Path, strategy: str) -> None:
    outcome = ktrdr("fuzzy", "fit", strategy, "--output", "new.yaml", "--json")
    assert outcome.code == 0, outcome.stderr
    new = yaml.safe_load((tmp_path / "new.yaml").read_text(encoding="utf-8"))
    assert {**new, "fuzzy_sets": 0} == {**DAILY, "fuzzy_sets": 0}
    for name, written in DAILY["fuzzy_sets"].items():
        assert list(new["fuzzy_sets"][name]) == list(written)
        assert new["fuzzy_sets"][name]["indicator"] == written["indicator"]
        assert [len(item) for item in new["fuzzy_sets"][name].values()] == [len(item) for item in written.values()]
    assert [problem for problem in problems(new) if problem.severity == "error"] == []
    dry = ktrdr("train", strategy, "--dry-run", "--json").json["dry_run"]["split"]["parts"]
    assert (outcome.json["rows"], outcome.json["until"]) == (dry["train"]["rows"], dry["train"]["last"])
    changes = {(item["set"], item["membership"]): item for item in outcome.json["changes"]}
    assert changes["rsi", "oversold"]["before"] == [0, 20, 40]
    assert changes["rsi", "oversold"]["after"] == new["fuzzy_sets"]["rsi"]["oversold"]
    peaks = [numbers[1] for name, numbers in new["fuzzy_sets"]["rsi"].items() if name != "indicator"]
    assert peaks == pytest.approx(np.quantile(train_values(dry["train"]["rows"]), [1 / 6, 3 / 6, 5 / 6]), abs=0.05)


def train_values(rows: int) -> Any:
    """Return RSI(14) on the train rows by another path: pandas, on the same bars."""
    bars = repository_of("sample").load("AAPL", Timeframe("1d"))
    move = np.diff(bars.close)
    gains, losses = np.where(move > 0, move, 0.0), np.where(move < 0, -move, 0.0)
    up, down, values = gains[:14].mean(), losses[:14].mean(), []
    for gain, loss in zip(gains[14:], losses[14:], strict=True):
        values.append(100 * up / (up + down))
        up, down = (13 * up + gain) / 14, (13 * down + loss) / 14
    first_row = 33  # MACD's signal has its first value there; RSI has values from bar 14 on
    return np.array(values)[first_row - 14 :][:rows]


def test_fit_keeps_the_written_form_and_fits_what_is_named(ktrdr: Command, tmp_path: Path) -> None:
    typed = {
        "indicator": "rsi_14",
        "low": {"type": "left_shoulder", "parameters": {"b": 45, "a": 30}},
        "high": {"type": "right_shoulder", "parameters": [55, 70]},
    }
    path = write(tmp_path / "typed.yaml", changed("fuzzy_sets.rsi", typed, DAILY))
    outcome = ktrdr("fuzzy", "fit", path, "--output", "new.yaml", "--set", "rsi", "--json")
    assert {item["set"] for item in outcome.json["changes"]} == {"rsi"}
    new = yaml.safe_load((tmp_path / "new.yaml").read_text(encoding="utf-8"))["fuzzy_sets"]
    assert new["macd"] == DAILY["fuzzy_sets"]["macd"]
    low, high = new["rsi"]["low"]["parameters"], new["rsi"]["high"]["parameters"]
    assert (new["rsi"]["low"]["type"], set(low), [low["a"], low["b"]]) == ("left_shoulder", {"a", "b"}, high)


def test_fit_never_writes_over_a_file(ktrdr: Command, tmp_path: Path, strategy: str) -> None:
    before = Path(strategy).read_bytes()
    outcome = ktrdr("fuzzy", "fit", strategy, "--output", strategy, "--json")
    assert (outcome.code, outcome.json["error"]["family"]) == (4, "conflict")
    assert Path(strategy).read_bytes() == before
    unknown = ktrdr("fuzzy", "fit", strategy, "--output", "new.yaml", "--set", "rsj", "--json")
    assert (unknown.code, "did you mean 'rsi'" in unknown.json["error"]["message"]) == (2, True)
    assert not (tmp_path / "new.yaml").exists()


def test_labels_are_counted_and_drawn(ktrdr: Command, tmp_path: Path, strategy: str) -> None:
    shown = ktrdr("labels", "show", strategy, "--output", "labels.html", "--bars", "3000", "--json").json
    assert list(shown["classes"]) == ["buy", "hold", "sell"]
    assert sum(item["share"] for item in shown["classes"].values()) == pytest.approx(1)
    assert all(item["mean_run"] >= 1 for item in shown["classes"].values())
    assert (shown["horizon"], shown["mean_span"], shown["longest_span"]) == (10, 10.0, 10)
    page = Page(tmp_path / "labels.html")
    assert page.drawings == ["Price of AAPL 1d, coloured by label"]
    strips = [item["class"] for tag, item in page.found if tag == "path" and "strip" in (item["class"] or "")]
    assert strips == ["strip c0", "strip c1", "strip c2"]
    assert (tmp_path / "labels.html").stat().st_size < 200_000
    printed = ktrdr("labels", "show", strategy).stdout
    assert "mean run" in printed
    assert Page(tmp_path / printed.splitlines()[-1].removeprefix("drawn: ")).drawings == page.drawings


def test_numbers_are_drawn_as_they_are(ktrdr: Command, tmp_path: Path) -> None:
    regression = changed("training.labels", {"source": "forward_return", "horizon": 5}, DAILY)
    path = write(tmp_path / "regression.yaml", changed("decisions", {"output_format": "regression"}, regression))
    shown = ktrdr("labels", "show", path, "--output", "labels.html", "--json").json
    assert (shown["kind"], list(shown["classes"])) == ("regression", ["up", "flat", "down"])
    closes = repository_of("sample").load("AAPL", Timeframe("1d")).close
    up = float((closes[5:] > closes[:-5]).mean())
    assert shown["classes"]["up"]["share"] == pytest.approx(up)
    assert Page(tmp_path / "labels.html").drawings[1:] == ["Target on AAPL 1d"]


def test_a_strategy_of_a_catalogue_has_no_sets(ktrdr: Command, tmp_path: Path) -> None:
    document = {**DAILY, "nn_inputs": [{"catalogue": "technical_75@1"}]}
    path = write(
        tmp_path / "catalogue.yaml", {k: v for k, v in document.items() if k not in {"indicators", "fuzzy_sets"}}
    )
    assert "the strategy has no fuzzy sets" in ktrdr("fuzzy", "plot", path).stderr
    outcome = ktrdr("fuzzy", "fit", path, "--output", "new.yaml", "--json")
    assert (outcome.code, "no fuzzy sets" in outcome.json["error"]["message"]) == (2, True)
    assert not (tmp_path / "new.yaml").exists()


def test_several_timeframes_are_measured_each_and_fitted_together(ktrdr: Command, tmp_path: Path) -> None:
    data = {"symbols": "EURUSD", "timeframes": ["1h", "4h"], "history_required": 100}
    path = write(tmp_path / "two.yaml", changed("training_data", data, DAILY))
    found = ktrdr("fuzzy", "plot", path, "--json").json["sets"]
    assert [(item["set"], item["timeframe"]) for item in found] == [
        ("rsi", "1h"), ("rsi", "4h"), ("macd", "1h"), ("macd", "4h")
    ]  # fmt: skip
    fitted = ktrdr("fuzzy", "fit", path, "--output", "new.yaml", "--json")
    assert [item["membership"] for item in fitted.json["changes"]] == [
        "oversold",
        "neutral",
        "overbought",
        "down",
        "up",
    ]
    assert ktrdr("strategy", "validate", "new.yaml").code == 0
