"""Data quality from bars to a published model: refused, accepted for a reason, warned about, and kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from dependency_injector import providers
from samples.command_line import Command
from samples.documents import changed

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.report.page import render_page
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode, TrainingRequest
from ktrdr.entrypoints.container import Container, make_container

FIVE, HOUR = Timeframe("5m"), Timeframe("1h")
REASON = "the venue was <closed> for a month"


def good() -> Bars:
    return simulate("S0_STOCK", FIVE, 5_000, 4)


def with_holes() -> Bars:
    """Return the bars without a tenth of them."""
    bars = good()
    return bars.take(np.random.default_rng(0).random(len(bars)) > 0.1)


def with_a_spike(bars: Bars) -> Bars:
    """Return the bars with one ten times too large."""
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
    for values in columns.values():
        values[300] *= 10
    return replace(bars, **columns)


def container_of(*series: Bars, context: tuple[ContextSeries, ...] = ()) -> Container:
    built = make_container()
    built.data_repository.override(providers.Object(MemoryRepository(series, context=context)))
    built.model_storage.override(providers.Object(MemoryStorage()))
    built.model_trainer.override(providers.Object(PriorTrainer()))
    return built


def request(*symbols: str, also: dict[str, Any] | None = None, **options: Any) -> TrainingRequest:
    document = changed("training_data.symbols", list(symbols) if len(symbols) > 1 else symbols[0])
    for path, value in (also or {}).items():
        document = changed(path, value, document)
    return TrainingRequest(parse(document), importance=False, **options)


def manifest_of(container: Container, wanted: TrainingRequest) -> Manifest:
    (model,) = container.training_orchestrator().execute(wanted).models
    return container.model_storage().load(model.stored.reference).manifest


def test_refused_bars_are_not_trained_on_and_the_error_says_what_to_do() -> None:
    container = container_of(with_holes())
    for use_case in (container.dry_run(), container.training_orchestrator()):
        with pytest.raises(
            InvalidBars, match=r"S0_STOCK 5m: \d+ of \d+ bars that .*--accept-quality.*incomplete: warn"
        ):
            use_case.execute(request("S0_STOCK"))
    assert not container.model_storage().versions()


def test_a_reason_lets_them_through_and_is_kept_and_shown() -> None:
    container = container_of(with_holes())
    manifest = manifest_of(container, request("S0_STOCK", accept_quality=REASON))
    assert manifest.quality is not None
    assert (manifest.quality["verdict"], manifest.quality["accepted"]) == ("refused", REASON)
    holes = {item["rule"]: item["count"] for item in manifest.quality["findings"]}["incomplete"]
    missing = len(good()) - len(with_holes())
    # the first and the last session may begin and end within, so that what they lack is not counted
    assert missing - 156 <= holes <= missing
    artifact = container.model_storage().load(manifest.key.reference(1))
    page = render_page(artifact).decode()
    assert "the venue was &lt;closed&gt; for a month" in page
    assert "<code>incomplete</code>" in page


def test_the_strategy_lets_them_through_too_and_the_verdict_stays() -> None:
    container = container_of(with_holes())
    manifest = manifest_of(container, request("S0_STOCK", also={"quality": {"incomplete": "warn"}}))
    assert manifest.quality is not None
    assert manifest.quality["verdict"] == "errors"
    assert "accepted" not in manifest.quality
    assert manifest.strategy["quality"] == {"incomplete": {"do": "warn"}}


def test_good_bars_are_clean_and_a_reason_without_need_is_not_kept() -> None:
    manifest = manifest_of(container_of(good()), request("S0_STOCK", accept_quality=REASON))
    assert manifest.quality == {"verdict": "clean", "findings": []}


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\nb"])
def test_a_reason_says_something(reason: str) -> None:
    with pytest.raises(InvalidInput, match="accept_quality: needs a reason"):
        request("S0_STOCK", accept_quality=reason)


TWO = {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m", "source": "native"}


def test_every_series_of_a_run_is_warned_about_by_name_and_strict_refuses_each() -> None:
    hours = with_a_spike(resample(good(), HOUR))
    about = {"training_data.timeframes": TWO}
    (preview,) = container_of(good(), hours).dry_run().execute(request("S0_STOCK", also=about)).previews
    assert any("S0_STOCK 1h: 1 of" in warning and "jumps away" in warning for warning in preview.warnings)
    with pytest.raises(InvalidInput, match="S0_STOCK 1h: 1 of"):
        container_of(good(), hours).training_orchestrator().execute(request("S0_STOCK", also=about, strict=True))
    container_of(good()).dry_run().execute(request("S0_STOCK", strict=True))


def test_strict_refuses_an_odd_series_that_labels_read() -> None:
    fear = replace(resample(good(), Timeframe("1d")), symbol="^VIX")
    fear = replace(fear, close=np.where(np.arange(len(fear)) == 20, fear.close * 9, fear.close))
    regimes = {"training.labels": {"source": "market_regime", "fast": 3, "slow": 9}}
    odd = container_of(good(), fear)
    with pytest.raises(InvalidInput, match=r"VIX 1d: .*outside low and high"):
        odd.training_orchestrator().execute(request("S0_STOCK", also=regimes, strict=True))


def test_strict_refuses_context_data_that_is_known_too_early() -> None:
    months = np.arange("2010-01", "2024-01", dtype="datetime64[M]").astype("datetime64[ns]").astype(np.int64)
    early = ContextSeries.published("fred", "CPI", months, {"value": np.arange(len(months)) + 0.5}, observed=months)
    reads = {
        "context_data": [{"provider": "fred", "series": "CPI"}],
        "indicators.prices": {"type": "sma", "period": 3, "data_source": "CPI"},
        "nn_inputs": [{"raw_indicator": "prices", "normalization": "zscore"}],
    }
    with pytest.raises(InvalidInput, match="context data fred/CPI: 168 of 168 values are known before the period"):
        container_of(good(), context=(early,)).dry_run().execute(request("S0_STOCK", also=reads, strict=True))


def test_the_symbols_of_a_pool_are_looked_at_together() -> None:
    pool = [simulate(f"S{at}_STOCK", FIVE, 3_000, at) for at in range(2)]
    manifest = manifest_of(container_of(*pool), request("S0_STOCK", "S1_STOCK", mode=Mode.UNIVERSAL))
    assert manifest.quality == {"verdict": "clean", "findings": []}


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ParquetStore(tmp_path / "bars").save(with_holes())
    ParquetStore(tmp_path / "bars").save(replace(good(), symbol="S1_STOCK"))
    return tmp_path / "bars"


def test_check_says_the_verdict_on_each_series_and_ends_with_2_where_one_is_refused(
    ktrdr: Command, folder: Path
) -> None:
    checked = ktrdr("data", "check", "--data-dir", folder, "--json")
    verdicts = {row["symbol"]: row["verdict"] for row in checked.json["series"]}
    assert (checked.code, checked.json["refused"], verdicts) == (2, True, {"S0_STOCK": "refused", "S1_STOCK": "clean"})
    assert ktrdr("data", "check", "S1_STOCK", "--data-dir", folder).code == 0
    shown = ktrdr("data", "check", "S0_STOCK", "--data-dir", folder).stdout
    assert "incomplete (error, refused): " in shown
    assert "    do: fetch the series again" in shown


def test_check_says_which_series_can_not_be_read(ktrdr: Command, folder: Path) -> None:
    (folder / "BAD_1d.csv").write_text("time,open,high,low,close\n2024-01-02,1,2,3,2\n")
    checked = ktrdr("data", "check", "BAD", "--data-dir", folder, "--json")
    (row,) = checked.json["series"]
    assert (checked.code, row["verdict"]) == (2, "unreadable")
    assert "high must not be below low" in row["problem"]


def test_check_of_an_unknown_symbol_names_the_nearest(ktrdr: Command, folder: Path) -> None:
    refused = ktrdr("data", "check", "S2_STOCK", "--data-dir", folder)
    assert refused.code == 3
    assert "S1_STOCK" in refused.stderr


def test_limits_in_the_settings_count_for_check_and_training(ktrdr: Command, folder: Path) -> None:
    Path("ktrdr.toml").write_text('[quality]\nincomplete = "warn"\n')
    assert ktrdr("data", "check", "--data-dir", folder).code == 0
    Path("s.yaml").write_text(yaml.safe_dump(changed("training_data.symbols", "S0_STOCK")))
    shown = ktrdr("train", "s.yaml", "--dry-run", "--json", "--data-dir", folder)
    assert shown.json["dry_run"]["settings"]["quality.incomplete.do"] == {"value": "warn", "origin": "ktrdr.toml"}
    Path("ktrdr.toml").write_text('[quality]\nincomplet = "warn"\n')
    refused = ktrdr("data", "check", "--data-dir", folder)
    assert refused.code == 2
    assert "ktrdr.toml: quality.incomplet: is no rule" in refused.stderr
    assert "did you mean 'incomplete'" in refused.stderr


def test_the_reason_is_shown_with_the_model(ktrdr: Command, folder: Path) -> None:
    Path("s.yaml").write_text(yaml.safe_dump(changed("training_data.symbols", "S0_STOCK")))
    given = ("train", "s.yaml", "--data-dir", folder, "--no-importance", "--epochs", 1)
    assert ktrdr(*given).code == 2
    assert ktrdr(*given, "--accept-quality", REASON).code == 0
    name = json.loads(ktrdr("models", "list", "--json").stdout)["models"][0]["reference"]
    shown = ktrdr("models", "show", name).stdout
    assert f"accepted because  {REASON}" in shown
    assert "bars that the calendar expects are missing" in shown


def test_the_page_draws_each_series_and_escapes_its_names(ktrdr: Command, tmp_path: Path) -> None:
    bars = with_a_spike(replace(good(), symbol="<b>X"))
    ParquetStore(tmp_path / "odd").save(bars)
    assert ktrdr("data", "check", "--data-dir", tmp_path / "odd", "--html", "q.html").code == 0
    page = Path("q.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;X" in page
    assert "<b>X" not in page
    assert page.count("<svg") == 2, "a map of all series, and the price of the one with a finding"
    assert page.count('<path class="mark c3"') == 2, "the spike, and its moves by more than half"
    assert "http" not in page.replace("http-equiv", "")
    assert ktrdr("data", "check", "--html", "q.txt").code == 2


def test_coverage_in_the_page_is_that_of_the_calendar() -> None:
    from ktrdr.domain.market.quality.coverage import monthly_coverage

    bars = good()
    month = pd.to_datetime(bars.stamps, utc=True).strftime("%Y-%m")
    gone = np.flatnonzero(month == month[2_500])[::2]
    months, shares = monthly_coverage(bars.take(np.isin(np.arange(len(bars)), gone, invert=True)))
    named = dict(zip(months.astype("datetime64[M]").astype(str), shares, strict=True))
    holed = named.pop(month[2_500])
    assert holed == pytest.approx(0.5, abs=0.01)
    assert set(list(named.values())[1:-1]) <= {1.0}
