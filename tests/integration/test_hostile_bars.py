"""No warning of numpy escapes from bars that are allowed and hostile: what matters is said in words, or refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.plot_indicator import PlotRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import Container, make_container

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
ROWS = 700
DOCUMENT = changed("training_data", {"symbols": ["ODD"], "timeframes": "5m"})

HOSTILE: dict[str, Callable[[np.random.Generator], Floats]] = {
    "constant": lambda _: np.full(ROWS, 100.0),
    "tiny": lambda random: 1e-9 * np.exp(random.normal(0, 0.02, ROWS).cumsum()),
    "huge": lambda random: 1e11 * np.exp(random.normal(0, 0.02, ROWS).cumsum()),
    "jumping": lambda random: random.choice([1e-4, 1e6], ROWS),
    "one step": lambda _: np.where(np.arange(ROWS) < ROWS // 2, 1.0, 1e9),
    "through 0": lambda random: np.round(random.normal(0, 1, ROWS).cumsum()),
    "wild": lambda random: np.exp(random.normal(0, 3, ROWS)),
}


@pytest.fixture(params=HOSTILE)
def container(request: pytest.FixtureRequest) -> Container:
    """Return a container that knows one hostile symbol; some of its bars have no volume, others a vast one."""
    random = np.random.default_rng(5)
    close = HOSTILE[request.param](random)
    frame = pd.DataFrame(
        {
            "timestamp": pd.date_range("2015-01-01", periods=ROWS, freq="5min", tz="UTC"),
            "open": close,
            "high": close,
            "low": close,
            "close": close,
            "volume": random.choice([0.0, 1e12], ROWS),
        }
    )
    made = make_container(device="cpu")
    bars = Bars.from_frame(frame, "ODD", Timeframe("5m"))
    made.data_repository.override(providers.Object(MemoryRepository([bars])))
    made.model_storage.override(providers.Object(MemoryStorage()))
    return made


def test_every_indicator_computes(container: Container) -> None:
    plot, drawn = container.plot_indicator(), 0
    for name in INDICATORS:
        with suppress(InvalidInput):  # one that has no value on such bars says so
            plot.execute(PlotRequest(name, {}, "ODD", "5m"))
            drawn += 1
    assert drawn > len(INDICATORS) / 2


def test_every_label_is_shown_or_refused(container: Container) -> None:
    for source in LABELS:
        strategy = parse(changed("training.labels", {"source": source}, changed("decisions", {}, DOCUMENT)))
        with suppress(InvalidInput):
            container.show_labels().execute(TrainingRequest(strategy))


def test_a_model_is_trained_and_traded_or_refused(container: Container) -> None:
    request = TrainingRequest(parse(DOCUMENT))
    with suppress(InvalidInput):
        (model,) = container.training_orchestrator().execute(request).models
        container.backtest().execute(BacktestRequest(DOCUMENT["name"], "ODD", model.stored.reference))
