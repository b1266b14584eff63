"""The embedding program of the documentation runs as it is printed there."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from ktrdr.domain.market.bar import Bar

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/embed.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run the blocks one after the other; return the names that stand after each, and what it printed."""
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "strategies").symlink_to(ROOT / "strategies", target_is_directory=True)
    names: dict[str, Any] = {"folder": folder}
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("KTRDR_DATA_DIR", "KTRDR_MODELS_DIR", "KTRDR_DEVICE"):
            patch.delenv(name, raising=False)
        for number, block in enumerate(BLOCKS, start=1):
            with redirect_stdout(io.StringIO()) as printed:
                exec(compile(block, f"{PAGE.name}, block {number}", "exec"), names)
            found.append(names | {"printed": printed.getvalue()})
    return found


def test_the_program_is_about_ten_lines() -> None:
    lines = [line for line in BLOCKS[0].splitlines() if line.strip()]
    assert len(lines) <= 10


def test_it_trains_and_predicts(after: list[dict[str, Any]]) -> None:
    names = after[0]
    assert (names["folder"] / "models" / "neuro_mean_reversion" / "^GSPC_1d_v1" / "metadata.json").is_file()
    assert names["trained"].report["verdict"]["sentence"] in names["printed"]
    assert len(names["forecast"].signals.actions) == 3


def test_it_trains_many_symbols(after: list[dict[str, Any]]) -> None:
    assert [model.stored.key.symbol for model in after[1]["result"].models] == ["AAPL", "MSFT"]
    assert "no bars of NOPE" in after[1]["printed"]


def test_it_loads_what_it_trained(after: list[dict[str, Any]]) -> None:
    manifest = after[2]["artifact"].manifest
    assert manifest.version == 1
    assert list(manifest.resolved_features) == list(after[0]["forecast"].matrix.ids)


def test_swapped_adapters_are_used(after: list[dict[str, Any]]) -> None:
    trained, storage = after[3]["trained"], after[3]["container"].model_storage()
    assert trained.stored.key.symbol == "MINE"
    assert after[3]["bars"].close.tolist() == after[3]["close"].tolist()
    assert [bars["source"] for bars in storage.load(trained.stored.reference).manifest.data] == ["DataFrame"]
    assert [version.reference for version in storage.versions()] == [trained.stored.reference]
    assert len(list((after[3]["folder"] / "models" / "neuro_mean_reversion").glob("*_v*"))) == 3


def test_it_decides_on_a_live_bar_and_goes_on_where_it_was_saved(after: list[dict[str, Any]]) -> None:
    names = after[4]
    assert names["decision"].is_decided
    assert names["predictor"].live.reference == names["trained"].stored.reference
    later = Bar.at("MINE", "2020-06-02", 102.0, 104.0, 101.0, 103.0, 1.0)
    one, other = (item.update("1d", later) for item in (names["predictor"], names["another"]))
    assert one.outputs.tobytes() == other.outputs.tobytes()


def test_a_missing_model_is_named(after: list[dict[str, Any]]) -> None:
    assert "no model 'no/such_1d_v1'" in after[5]["printed"]
