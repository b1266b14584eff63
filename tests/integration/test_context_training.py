"""Context data, settled history and decisions through the real container."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import CorruptArtifact, DataNotFound, InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.cli.model_text import show_text
from ktrdr.entrypoints.cli.preview import preview_text
from ktrdr.entrypoints.container import Container, make_container

START = from_iso("2024-01-01T00:00:00Z")
MINUTE = 60 * 10**9


def walk(rows: int = 1500) -> Bars:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    open_ = np.concatenate([close[:1], close[:-1]])
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    stamps = START + np.arange(rows, dtype=np.int64) * 5 * MINUTE
    return Bars("WALKUSDT", Timeframe("5m"), stamps, open_, high, low, close, rng.uniform(1, 9, rows))


def rates() -> pd.DataFrame:
    known_at = pd.to_datetime(START + (40 + 90 * np.arange(80)) * MINUTE, utc=True)
    return pd.DataFrame({"known_at": known_at, "value": 4 + np.cumsum(np.random.default_rng(8).normal(0, 0.1, 80))})


def document(**decisions: Any) -> dict[str, Any]:
    base = changed("training_data.symbols", "WALKUSDT")
    base["context_data"] = [{"provider": "fred", "series": "DGS10", "alignment": "forward_fill"}]
    base["indicators"]["yields"] = {"type": "sma", "period": 3, "data_source": "DGS10"}
    base["nn_inputs"].append({"raw_indicator": "yields", "normalization": "zscore"})
    base["decisions"] |= decisions
    base["training"] |= {"epochs": 1}
    return base


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ParquetStore(tmp_path / "bars").save(walk())
    (tmp_path / "bars/context/fred").mkdir(parents=True)
    rates().to_csv(tmp_path / "bars/context/fred/DGS10.csv", index=False)
    return tmp_path


@pytest.fixture
def container(folder: Path) -> Container:
    built = make_container(models_dir=folder / "models", data_dir=folder / "bars")
    built.model_storage.override(providers.Singleton(FileSystemStorage, folder / "models"))
    return built


def train(container: Container, written: dict[str, Any]) -> Any:
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(written), importance=False)).models
    return container.model_storage().load(model.stored.reference), model


def test_a_dry_run_and_a_model_show_which_series_is_read(container: Container) -> None:
    written = document()
    written["indicators"]["yields"]["data_source"] = "fred_DGS10"
    (preview,) = container.dry_run().execute(TrainingRequest(parse(written))).previews
    _, model = train(container, written)
    shown = container.show_model().execute(model.stored.reference)
    for text in (preview_text(preview), show_text(shown)):
        assert re.search(r"^  yields +sma \(period 3, source close\) of DGS10$", text, re.MULTILINE), text
        assert "context data\n  DGS10  fred/DGS10  forward_fill\n" in text
    read = preview.as_dict()
    assert read["indicators"]["yields"]["data_source"] == "DGS10"
    assert read["context_data"] == [{"id": "DGS10", "provider": "fred", "series": "DGS10", "alignment": "forward_fill"}]


def test_a_strategy_with_context_data_trains_and_predicts(container: Container, folder: Path) -> None:
    artifact, _ = train(container, document())
    manifest = artifact.manifest
    series = next(item for item in manifest.data if item["timeframe"] == "context")
    assert (series["symbol"], series["rows"]) == ("fred/DGS10", 80)
    assert series["source"] == "context/fred/DGS10.csv"
    entry = next(item for item in manifest.feature_contract if item["id"] == "5m_yields_raw")
    assert entry["data_source"] == {"series": "fred/DGS10", "alignment": "forward_fill"}
    assert not any("data_source" in item for item in manifest.feature_contract if item["id"] != "5m_yields_raw")
    forecast = container.predict().execute(PredictRequest(manifest.key.reference(1), last=40))
    column = forecast.matrix.values[:, forecast.matrix.ids.index("5m_yields_raw")]
    published, bars = rates(), walk()
    for row, value in zip(forecast.matrix.base_rows, column, strict=True):
        known = [
            published["value"][published["known_at"].astype("datetime64[ns, UTC]").astype("int64") <= moment].iloc[-1]
            for moment in bars.known_at[row - 2 : row + 1]
        ]
        assert value == pytest.approx(np.mean(known), rel=1e-6)


def test_publications_after_a_moment_change_nothing_that_was_known(container: Container, folder: Path) -> None:
    request = TrainingRequest(parse(document()))
    before = container.export_features().execute(request).frame
    spoiled, moment = rates(), walk().known_at[700]
    later = spoiled["known_at"] > pd.Timestamp(int(moment), tz="UTC")
    spoiled.loc[later, "value"] *= -50
    spoiled.to_csv(folder / "bars/context/fred/DGS10.csv", index=False)
    after = container.export_features().execute(request).frame
    known = (before["known_at"] <= pd.Timestamp(int(moment), tz="UTC")).to_numpy()
    assert known.sum() > 600
    assert before["5m_yields_raw"][known].equals(after["5m_yields_raw"][known])
    assert not before["5m_yields_raw"][~known].equals(after["5m_yields_raw"][~known])


@pytest.mark.parametrize(("provider", "key"), [("fred", "series"), ("ib", "symbol"), ("cftc_cot", "report")])
def test_a_series_that_nobody_has_is_not_found_by_name(provider: str, key: str, container: Container) -> None:
    written = document()
    written["context_data"] = [{"provider": provider, key: "NOWHERE"}]
    written["indicators"]["yields"]["data_source"] = "NOWHERE"
    with pytest.raises(
        DataNotFound, match=rf"'NOWHERE' of provider '{provider}'; .*context/{provider}/NOWHERE\.parquet"
    ):
        container.dry_run().execute(TrainingRequest(parse(written)))


def test_an_indicator_that_needs_more_than_a_value_is_refused(container: Container) -> None:
    written = changed("indicators.yields", {"type": "atr", "data_source": "DGS10"}, document())
    with pytest.raises(InvalidInput, match=r"indicator 'atr' reads high, which context series fred/DGS10 .*has close"):
        container.dry_run().execute(TrainingRequest(parse(written)))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (1, "fred/DGS10: nothing is published before 2024-01-02T00:40:00Z; the first 295 5m bars do not know it"),
        (-30, "fred/DGS10: ends early, on 2023-12-06T23:10:00Z; the last 1500 5m bars carry that value"),
    ],
)
def test_what_is_odd_about_a_series_is_said(days: int, said: str, container: Container, folder: Path) -> None:
    moved = rates().assign(known_at=lambda frame: frame["known_at"] + pd.Timedelta(days, "D"))
    moved.to_csv(folder / "bars/context/fred/DGS10.csv", index=False)
    (preview,) = container.dry_run().execute(TrainingRequest(parse(document())))
    assert [note for note in preview.notes if "DGS10" in note] == [f"context data {said}"]


def test_times_without_an_offset_are_said_aloud(container: Container, folder: Path) -> None:
    naive = rates().assign(known_at=lambda frame: frame["known_at"].dt.tz_localize(None))
    naive.to_csv(folder / "bars/context/fred/DGS10.csv", index=False)
    (preview,) = container.dry_run().execute(TrainingRequest(parse(document())))
    said = "context data fred/DGS10: its times have no offset and are read as UTC"
    assert said in preview.notes


def older(folder: Path) -> dict[str, Any]:
    """A strategy by the ids of older files, and the files that it needs."""
    (folder / "bars/context/cftc_cot").mkdir()
    rates().assign(value=lambda frame: (frame["value"] * 997) % 13).to_csv(
        folder / "bars/context/cftc_cot/EUR.csv", index=False
    )
    shifted = rates().assign(known_at=lambda frame: frame["known_at"] + pd.Timedelta(17, "min"), value=np.arange(80.0))
    shifted.to_csv(folder / "bars/context/fred/DGS2.csv", index=False)
    written = document()
    written["context_data"] = [
        {"provider": "fred", "series": ["DGS10", "DGS2"]},
        {"provider": "cftc_cot", "report": "EUR"},
    ]
    written["indicators"]["yields"] = {"type": "sma", "period": 1, "data_source": "yield_spread_DGS10_DGS2"}
    written["indicators"]["crowd"] = {"type": "sma", "period": 1, "data_source": "cot_EUR_net_pct"}
    written["nn_inputs"].append({"raw_indicator": "crowd"})
    return written


def test_a_strategy_by_the_ids_of_older_files_trains_and_predicts(container: Container, folder: Path) -> None:
    artifact, _ = train(container, older(folder))
    manifest = artifact.manifest
    assert {item["symbol"]: item["source"] for item in manifest.data if item["timeframe"] == "context"} == {
        "fred/yield_spread(DGS10, DGS2)": "context/fred/DGS10.csv and context/fred/DGS2.csv",
        "cftc_cot/net_pct(EUR)": "context/cftc_cot/EUR.csv",
    }
    forecast = container.predict().execute(PredictRequest(manifest.key.reference(1), last=100))
    columns = dict(zip(forecast.matrix.ids, forecast.matrix.values.T, strict=True))
    ten = rates()
    known_at = ten["known_at"].astype("datetime64[ns, UTC]").astype("int64").to_numpy()
    crowd = ((ten["value"] * 997) % 13).to_numpy()
    for row, at in enumerate(walk().known_at[forecast.matrix.base_rows]):
        week = int((known_at <= at).sum()) - 1
        two = int((known_at + 17 * MINUTE <= at).sum()) - 1
        assert columns["5m_yields_raw"][row] == pytest.approx(ten["value"][week] - two, rel=1e-5)
        share = 100 * np.mean(crowd[week - 51 : week] < crowd[week])
        assert columns["5m_crowd_raw"][row] == pytest.approx(share, rel=1e-5)


def test_a_made_series_names_the_file_that_it_lacks(container: Container, folder: Path) -> None:
    written = older(folder)
    (folder / "bars/context/fred/DGS2.csv").unlink()
    with pytest.raises(DataNotFound, match=r"'DGS2' of provider 'fred'; .*context/fred/DGS2\.parquet"):
        container.dry_run().execute(TrainingRequest(parse(written)))


def test_rows_that_have_not_settled_are_counted_and_never_predicted(container: Container, folder: Path) -> None:
    written = document()
    artifact, _ = train(container, written)
    manifest = artifact.manifest
    needed = manifest.settled_history["5m"]
    assert manifest.settled_history == {"5m": needed, "5m fred/DGS10": 3}
    (preview,) = container.dry_run().execute(TrainingRequest(parse(written)))
    assert preview.rows["unsettled_rows"] == manifest.split["unsettled"] == needed - 1 - preview.rows["warmup_rows"] > 0
    forecast = container.predict().execute(PredictRequest(manifest.key.reference(1), last=10_000))
    assert forecast.matrix.base_rows[0] == needed - 1
    for rows in (needed, needed - 1):
        ParquetStore(folder / "bars").save(walk().take(slice(0, rows)), replace=True)
        if rows == needed:
            alone = container.predict().execute(PredictRequest(manifest.key.reference(1)))
            assert alone.matrix.base_rows.tolist() == [needed - 1]
            continue
        with pytest.raises(InvalidInput, match=rf"{needed - 1} 5m bars are fewer than the {needed} that its features"):
            container.predict().execute(PredictRequest(manifest.key.reference(1)))


def test_settled_rows_do_not_depend_on_where_the_bars_begin(container: Container, folder: Path) -> None:
    artifact, _ = train(container, document())
    reference = artifact.manifest.key.reference(1)
    whole = container.predict().execute(PredictRequest(reference))
    needed = artifact.manifest.settled_history["5m"]
    ParquetStore(folder / "bars").save(walk().take(slice(-needed, None)), replace=True)
    short = container.predict().execute(PredictRequest(reference))
    assert short.matrix.base_rows[0] < whole.matrix.base_rows[0]
    np.testing.assert_allclose(short.matrix.values, whole.matrix.values, atol=2e-3)
    np.testing.assert_allclose(short.outputs, whole.outputs, atol=1e-3)


def test_a_settled_history_that_no_training_writes_is_corrupt(container: Container, monkeypatch: Any) -> None:
    artifact, _ = train(container, document())
    storage = container.model_storage()
    for wrong in ({"1y": 3}, {}, {"5m": 0, "5m fred/DGS10": 3}):
        forged = replace(artifact, manifest=replace(artifact.manifest, settled_history=wrong))
        monkeypatch.setattr(storage, "load", lambda _, forged=forged: forged)
        with pytest.raises(CorruptArtifact, match="settled_history needs a positive number for each of 5m, 5m fred"):
            container.predict().execute(PredictRequest("any"))


@pytest.mark.parametrize(("start", "first"), [(None, "00:00"), ("2024-01-01T05:00:00", "05:00")])
def test_what_never_settles_needs_the_same_first_bar(
    start: str | None, first: str, container: Container, folder: Path
) -> None:
    written = changed("indicators.flow", {"type": "obv"}, document())
    if start:
        written["training_data"]["start_date"] = start
    written["nn_inputs"].append({"raw_indicator": "flow", "normalization": "zscore"})
    artifact, model = train(container, written)
    assert any("obv on 5m never settles" in note and f"2024-01-01T{first}:00Z" in note for note in model.notes)
    reference = artifact.manifest.key.reference(1)
    whole = container.predict().execute(PredictRequest(reference))
    ParquetStore(folder / "bars").save(walk().take(slice(0, 1400)), replace=True)
    assert len(container.predict().execute(PredictRequest(reference)).matrix) == len(whole.matrix) == 1
    ParquetStore(folder / "bars").save(walk().take(slice(100, 1500)), replace=True)
    with pytest.raises(InvalidInput, match=rf"never settles.* on 2024-01-01T{first}:00Z; found 2024-01-01T08:20:00Z"):
        container.predict().execute(PredictRequest(reference))


def test_the_decision_at_a_bar_does_not_depend_on_how_many_are_shown(container: Container) -> None:
    trial, _ = train(container, document(confidence_threshold=0.0))
    sure = container.predict().execute(PredictRequest(trial.manifest.key.reference(1), last=5000)).outputs.max(axis=1)
    rare = float(np.quantile(sure[:-1000], 0.99))
    artifact, _ = train(container, document(confidence_threshold=rare))
    reference = artifact.manifest.key.reference(2)
    whole = container.predict().execute(PredictRequest(reference, last=5000))
    assert 1000 < len(whole.matrix) < 1500
    assert whole.decisions.positions[-1000] != 0, "a position is open where a shorter look would begin flat"
    for last in (1, 3, 400, 1000):
        few = container.predict().execute(PredictRequest(reference, last=last))
        assert [few.decisions[row] for row in range(last)] == [whole.decisions[-last + row] for row in range(last)]


def test_filters_act_on_predictions_and_a_filter_that_cannot_is_said(container: Container, folder: Path) -> None:
    free, _ = train(container, document(confidence_threshold=0.0, position_awareness=False))
    held, _ = train(
        container, document(confidence_threshold=0.0, position_awareness=False, filters={"volume_filter": 1.5})
    )
    assert free.blobs["model.safetensors"] == held.blobs["model.safetensors"]
    references = [free.manifest.key.reference(1), held.manifest.key.reference(2)]
    forecasts = [container.predict().execute(PredictRequest(reference, last=400)) for reference in references]
    volume = walk().volume
    mean = pd.Series(volume).rolling(20).mean().to_numpy()
    enough = (volume >= 1.5 * mean)[forecasts[1].matrix.base_rows]
    signalled = np.isin(forecasts[0].signals.actions, ("buy", "sell"))
    assert (forecasts[0].decisions.trades != 0).tolist() == signalled.tolist()
    opened = (forecasts[1].decisions.trades != 0) & (forecasts[1].decisions.positions != 0)
    assert opened.tolist() == (signalled & enough).tolist()
    columns = {name: getattr(walk(), name) for name in BAR_COLUMNS} | {"volume": np.zeros(1500)}
    ParquetStore(folder / "bars").save(replace(walk(), **columns), replace=True)
    notes = container.predict().execute(PredictRequest(references[1])).notes
    assert any("volume_filter: 1.5 has no effect" in note for note in notes)
