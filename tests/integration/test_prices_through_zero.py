"""A spread through 0: what works on differences is trained and served, what takes ratios is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from dependency_injector import providers
from samples.command_line import Command
from samples.documents import SMALL, changed
from samples.predictors import Trained, train

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.plot_indicator import PlotRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import make_container

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
ROWS = 1500


def _spread() -> Bars:
    random = np.random.default_rng(12)
    close = 3 * np.sin(np.arange(ROWS) / 40) + random.normal(0, 0.3, ROWS)
    open_ = np.concatenate(([0.0], close[:-1]))
    high, low = np.maximum(open_, close) + 0.1, np.minimum(open_, close) - 0.1
    stamps = np.int64(1_420_070_400 * 10**9) + np.arange(ROWS, dtype=np.int64) * 300 * 10**9
    columns = {"open": open_, "high": high, "low": low, "close": close, "volume": np.ones(ROWS)}
    return Bars.of("SPREAD", Timeframe("5m"), stamps, columns, source="spread.csv")


SPREAD = _spread()
DOCUMENT = changed("training_data", {"symbols": ["SPREAD"], "timeframes": "5m", "history_required": 200})
FIRST = int(np.flatnonzero(SPREAD.close <= 0)[0])


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(DOCUMENT, SPREAD)


def with_indicator(kind: str, output: str = "") -> dict[str, Any]:
    """The small strategy with one more input."""
    reference = f"extra.{output}" if output else "extra"
    sets = SMALL["fuzzy_sets"] | {"extra": {"indicator": reference, "low": [-1, 0, 1], "high": [0, 1, 2]}}
    document = changed("indicators.extra", {"type": kind}, changed("fuzzy_sets", sets, DOCUMENT))
    return changed("nn_inputs", [*SMALL["nn_inputs"], {"fuzzy_set": "extra", "timeframes": "all"}], document)


def test_the_spread_lies_on_both_sides() -> None:
    assert (SPREAD.close < 0).mean() > 0.1
    assert (SPREAD.close > 0).mean() > 0.1


def test_differences_and_labels_by_ranges_train_and_predict(trained: Trained) -> None:
    forecast = trained.container.predict().execute(PredictRequest(trained.reference, last=300))
    assert len(forecast.outputs) == 300
    assert np.isfinite(forecast.outputs).all()


def test_live_bars_below_0_have_the_bits_of_the_batch(trained: Trained) -> None:
    forecast = trained.container.predict().execute(PredictRequest(trained.reference, last=1))
    predictor = trained.predictor()
    predictor.observe_all({"5m": SPREAD.take(slice(0, -1))})
    assert predictor.update("5m", Bar.of(SPREAD, ROWS - 1)).outputs.tobytes() == forecast.outputs[0].tobytes()


def test_a_backtest_is_refused(trained: Trained) -> None:
    with pytest.raises(InvalidBars, match=r"spread.csv: row \d+ at .*: a backtest takes ratios of prices"):
        trained.container.backtest().execute(BacktestRequest("small", "SPREAD"))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (with_indicator("natr"), "the indicator natr"),
        (with_indicator("ppo", "line"), "the indicator ppo"),
        (changed("training.labels", {"source": "direction"}, DOCUMENT), "the label source direction"),
        (changed("training.labels", {"source": "triple_barrier"}, DOCUMENT), "the label source triple_barrier"),
        (changed("model.features", {"include_price_context": True}, DOCUMENT), "the feature .*price_return_1,.*"),
    ],
    ids=["natr", "ppo", "direction", "triple_barrier", "price_return"],
)
def test_what_takes_ratios_is_refused_before_anything_is_fitted(document: Mapping[str, Any], named: str) -> None:
    container = make_container()
    storage = MemoryStorage()
    container.model_storage.override(providers.Object(storage))
    container.data_repository.override(providers.Object(MemoryRepository([SPREAD])))
    container.model_trainer.override(providers.Object(None))
    with pytest.raises(InvalidBars, match=rf"spread.csv: row \d+ at .*: {named} takes ratios of prices"):
        container.training_orchestrator().execute(TrainingRequest(parse(document)))
    assert not storage.versions()


def test_the_first_such_bar_is_named(trained: Trained) -> None:
    with pytest.raises(InvalidBars, match=rf"row {FIRST} at {iso(SPREAD.stamps[FIRST])}.*found close"):
        trained.container.plot_indicator().execute(PlotRequest("roc", {}, "SPREAD", "5m"))
    trained.container.plot_indicator().execute(PlotRequest("sma", {}, "SPREAD", "5m"))


def test_a_live_bar_at_or_below_0_is_refused_where_ratios_are_read() -> None:
    columns = {name: getattr(SPREAD, name) + 100.0 for name in ("open", "high", "low", "close")}
    above = Bars.of("SPREAD", Timeframe("5m"), SPREAD.stamps, columns | {"volume": SPREAD.volume})
    predictor = train(with_indicator("natr"), above).predictor()
    predictor.observe_all({"5m": above.take(slice(0, -1))})
    before, newest = predictor.state(), Bar.of(SPREAD, ROWS - 1)
    with pytest.raises(InvalidBars, match="the indicator natr takes ratios of prices"):
        predictor.update("5m", Bar(newest.symbol, newest.stamp, -1.0, 1.0, -1.0, 0.5))
    assert predictor.state() == before
    assert predictor.update("5m", Bar.of(above, ROWS - 1)).is_decided


def test_a_file_of_oil_is_imported_trained_on_and_predicted(ktrdr: Command) -> None:
    days = pd.bdate_range("2015-01-02", periods=ROWS, name="Date")
    oil = SPREAD.to_frame().drop(columns="timestamp").rename(columns=str.capitalize).set_axis(days).round(4)
    oil.to_csv("CL=F_1d.csv")
    words = ("data", "import", "CL=F_1d.csv", "--data-dir", "data", "--yes")
    assert "--allow-nonpositive takes such prices" in ktrdr(*words).stderr
    assert ktrdr(*words, "--allow-nonpositive").code == 0
    daily = changed("training_data", {"symbols": ["CL=F"], "timeframes": "1d", "history_required": 200})
    document = changed("nn_inputs", [{"fuzzy_set": name, "timeframes": "all"} for name in ("rsi", "macd")], daily)
    Path("oil.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    assert ktrdr("train", "oil.yaml", "--data-dir", "data", "--no-importance").code == 0
    said = ktrdr("predict", "oil.yaml", "--data-dir", "data", "--json").json
    assert said["predictions"][-1]["timestamp"][:10] == str(days[-1].date())
    refused = ktrdr("backtest", "oil.yaml", "--data-dir", "data")
    assert refused.code == 2
    assert "a backtest takes ratios of prices, which must be above 0; found" in refused.stderr
