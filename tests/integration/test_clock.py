"""Bars that are not over by the clock: said, refused or left out, wherever a signal is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dependency_injector import providers
from samples.command_line import Command
from samples.documents import changed
from samples.predictors import Trained, train

from ktrdr.adapters.data.simulation import simulate
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.predict import Forecast, PredictRequest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.entrypoints.container import Container

FINE = simulate("SIM_STOCK", Timeframe("5m"), 2600, 4)
LAST = int(FINE.known_at[-1])
BEFORE = int(FINE.known_at[-2])


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(changed("decisions.confidence_threshold", 0.0), FINE)


@pytest.fixture(params=[LAST - 1, LAST - 5 * 10**9, BEFORE], ids=["a nanosecond early", "seconds early", "a bar early"])
def early(request: pytest.FixtureRequest, trained: Trained) -> Iterator[Trained]:
    """The clock stands before the last bar is over, and all others are."""
    with trained.container.clock.override(providers.Object(lambda: request.param)):
        yield trained


@pytest.fixture
def punctual(trained: Trained) -> Iterator[Trained]:
    with trained.container.clock.override(providers.Object(lambda: LAST)):
        yield trained


def predicted(trained: Trained, **request: Any) -> Forecast:
    return trained.container.predict().execute(PredictRequest(trained.reference, "SIM_STOCK", **request))


def test_a_signal_on_a_bar_that_is_not_over_says_so(early: Trained) -> None:
    forecast = predicted(early, last=3)
    assert [row["closed"] for row in forecast.as_dict()["predictions"]] == [True, True, False]
    (note,) = (note for note in forecast.notes if "is not over" in note)
    assert f"the bar of {iso(FINE.stamps[-1])} is not over before {iso(LAST)}" in note


def test_strict_refuses_it(early: Trained) -> None:
    with pytest.raises(InvalidInput, match=rf"not over before {iso(LAST)}.*--closed-only leaves it out"):
        predicted(early, strict=True)


def test_closed_only_leaves_it_out(early: Trained) -> None:
    forecast = predicted(early, closed_only=True, strict=True)
    assert forecast.matrix.known_at.tolist() == [BEFORE]
    assert not [note for note in forecast.notes if "is not over" in note or "no whole window" in note]
    both = predicted(early, last=2)
    assert both.outputs[0].tobytes() == forecast.outputs[0].tobytes()
    assert both.decisions[0] == forecast.decisions[0]


def test_a_bar_that_has_just_ended_is_over(punctual: Trained) -> None:
    forecast = predicted(punctual, strict=True)
    assert forecast.closed.tolist() == [True]
    assert not [note for note in forecast.notes if "is not over" in note]


def test_nothing_is_shown_where_nothing_is_over(trained: Trained) -> None:
    with (
        trained.container.clock.override(providers.Object(lambda: 0)),
        pytest.raises(InvalidInput, match="SIM_STOCK: no bar that can be predicted is over before"),
    ):
        predicted(trained, closed_only=True)


def test_a_series_and_a_backtest_say_it(early: Trained) -> None:
    shown = early.container.show_bars().execute("SIM_STOCK", Timeframe("5m"), 1)
    done = early.container.backtest().execute(BacktestRequest("small", "SIM_STOCK"))
    for said in (shown.warnings, done.notes):
        assert len([note for note in said if f"is not over before {iso(LAST)}" in note]) == 1


def test_a_series_and_a_backtest_over_bars_that_are_over_say_nothing(punctual: Trained) -> None:
    shown = punctual.container.show_bars().execute("SIM_STOCK", Timeframe("5m"), 1)
    done = punctual.container.backtest().execute(BacktestRequest("small", "SIM_STOCK"))
    assert not [note for note in (*shown.warnings, *done.notes) if "is not over" in note]


class TestLive:
    request = PredictorRequest("small", "SIM_STOCK", timeframe="5m", known_until="2200-01-01")

    def test_history_ends_with_what_is_over(self, early: Trained) -> None:
        predictor = early.container.open_predictor().execute(self.request)
        said = predictor.update("5m", Bar.of(FINE, len(FINE) - 1))
        assert said.is_decided
        assert not said.closed

    def test_a_decision_on_a_bar_that_is_over(self, trained: Trained) -> None:
        times = iter([BEFORE, LAST])
        with trained.container.clock.override(providers.Object(lambda: next(times))):
            said = trained.container.open_predictor().execute(self.request).update("5m", Bar.of(FINE, len(FINE) - 1))
        assert said.closed

    def test_strict_takes_the_bar_only_when_it_is_over(self, trained: Trained) -> None:
        now = np.array([LAST - 1])
        newest = Bar.of(FINE, len(FINE) - 1)
        with trained.container.clock.override(providers.Object(now.item)):
            wanted = PredictorRequest(trained.reference, "SIM_STOCK", known_until="2200-01-01", strict=True)
            predictor = trained.container.open_predictor().execute(wanted)
            before = predictor.state()
            for take in (predictor.update, predictor.observe):
                with pytest.raises(InvalidInput, match=f"is not over before {iso(LAST)}"):
                    take("5m", newest)
            assert predictor.state() == before
            now[0] = LAST
            assert predictor.update("5m", newest).closed

    def test_strict_refuses_a_history_that_is_not_over(self, early: Trained) -> None:
        predictor = early.container.open_predictor().execute(
            PredictorRequest(early.reference, "SIM_STOCK", strict=True)
        )
        with pytest.raises(InvalidInput, match=f"is not over before {iso(LAST)}"):
            predictor.observe_all({"5m": FINE})
        predictor.observe_all({"5m": FINE.take(slice(0, -1))})


def test_the_command_marks_such_a_signal(ktrdr: Command) -> None:
    daily = changed("training_data", {"symbols": "AAPL", "timeframes": "1d", "history_required": 100})
    document = changed("nn_inputs.1.timeframes", "all", daily)
    Path("daily.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert ktrdr("train", "daily.yaml", "--no-importance").code == 0
    late, last = ktrdr("predict", "daily.yaml", "--last", "2", "--json").json["predictions"]
    assert "not over" not in ktrdr("predict", "daily.yaml", "--last", "2").stdout
    with Container.clock.override(providers.Object(lambda: from_iso(last["known_at"]) - 1)):
        said, strict = ktrdr("predict", "daily.yaml", "--last", "2"), ktrdr("predict", "daily.yaml", "--strict")
        only = ktrdr("predict", "daily.yaml", "--closed-only", "--strict", "--json")
        shown = ktrdr("data", "show", "AAPL", "1d")
    marked = [line for line in said.stdout.splitlines() if line.endswith(f"not over before {last['known_at']}")]
    assert len(marked) == 1
    assert marked[0].startswith(last["timestamp"])
    assert f"is not over before {last['known_at']}" in said.stderr
    assert strict.code == 2
    assert strict.stdout == ""
    assert only.json["predictions"] == [late | {"closed": True}]
    assert f"warning: AAPL 1d: the bar of {last['timestamp']} is not over before" in shown.stdout


def test_an_import_says_which_bar_is_not_over(ktrdr: Command) -> None:
    rows = "".join(f"2024-01-{day:02},1,2,1,1.5,9\n" for day in (2, 3, 4))
    Path("SPY_1d.csv").write_text(f"date,open,high,low,close,volume\n{rows}", encoding="utf-8")
    words = ("data", "import", "SPY_1d.csv", "--data-dir", "data", "--yes")
    with Container.clock.override(providers.Object(lambda: from_iso("2024-01-04T20:59:59Z"))):
        early = ktrdr(*words)
    with Container.clock.override(providers.Object(lambda: from_iso("2024-01-04T21:00Z"))):
        later = ktrdr(*words, "--replace")
    assert early.code == later.code == 0
    assert "the bar of 2024-01-04T00:00:00Z is not over before 2024-01-04T21:00:00Z" in early.stderr
    assert "is not over" not in later.stderr
