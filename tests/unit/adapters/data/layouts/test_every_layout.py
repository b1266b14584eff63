"""Each layout of the table reads what its vendor writes."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from samples.layouts import BARS, SAMPLES, Sample

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.bar_files import name_of
from ktrdr.adapters.data.layouts import ALIASES, LAYOUTS, layouts_named
from ktrdr.adapters.data.spans import span
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso, iso
from ktrdr.domain.market.reading import Stated

BY_LAYOUT = pytest.mark.parametrize(("layout", "sample"), SAMPLES.items(), ids=SAMPLES.keys())


def stated_of(sample: Sample) -> Stated:
    named = name_of(Path(sample.name))
    assert named is not None
    return replace(Stated(*named), **sample.stated)


def written(folder: Path, sample: Sample) -> Path:
    path = folder / sample.name
    path.write_bytes(sample.text.encode(sample.encoding))
    return path


def values_of(bars: Bars) -> list[list[float]]:
    return [list(row) for row in zip(*(getattr(bars, name).tolist() for name in BAR_COLUMNS), strict=True)]


def test_every_layout_has_a_sample() -> None:
    assert set(SAMPLES) == {layout.name for layout in LAYOUTS}
    assert all(layouts_named(name) for name in ALIASES)


@BY_LAYOUT
def test_the_bars_are_read_by_value(layout: str, sample: Sample, tmp_path: Path) -> None:
    path = written(tmp_path, sample)
    (bars,) = read_bars(path, stated_of(sample))
    assert bars.reading is not None
    assert bars.reading.layout == layout
    assert values_of(bars) == BARS
    assert [iso(stamp) for stamp in bars.stamps] == sample.stamps
    noted = span(path, stated_of(sample))
    assert noted.rows == 2
    if layout != "ninjatrader":
        assert [noted.first, noted.last] == [from_iso(stamp) for stamp in sample.stamps]


@BY_LAYOUT
def test_packed_files_are_read_alike(layout: str, sample: Sample, tmp_path: Path) -> None:
    content = sample.text.encode(sample.encoding)
    (tmp_path / f"{sample.name}.gz").write_bytes(gzip.compress(content))
    with zipfile.ZipFile(tmp_path / "X.zip", "w") as archive:
        archive.writestr(sample.name, content)
    for name, kind in ((f"{sample.name}.gz", "gz"), ("X.zip", "zip")):
        (bars,) = read_bars(tmp_path / name, stated_of(sample))
        assert values_of(bars) == BARS
        assert bars.reading is not None
        assert bars.reading.kind == f"{Path(sample.name).suffix[1:]} in {kind}"


UNNAMED = {name: SAMPLES[name] for name in ("binance", "kraken", "mt4", "compact", "plain")}


@pytest.mark.parametrize("sample", UNNAMED.values(), ids=UNNAMED.keys())
@pytest.mark.parametrize(("one", "other"), [("12", "10"), ("11.5", "9.75"), ("10.5", "12")])
def test_rows_without_names_that_contradict_themselves_are_refused(
    sample: Sample, one: str, other: str, tmp_path: Path
) -> None:
    mark = ";" if ";" in sample.text else ","
    lines = [line.split(mark) for line in sample.text.splitlines()]
    at = {float(cell): place for place, cell in enumerate(lines[0]) if place and cell.replace(".", "").isdigit()}
    at |= {float(cell): place for place, cell in enumerate(lines[1]) if place and cell.replace(".", "").isdigit()}
    first, second = at[float(one)], at[float(other)]
    for cells in lines:
        cells[first], cells[second] = cells[second], cells[first]
    path = tmp_path / sample.name
    path.write_text("".join(mark.join(cells) + "\n" for cells in lines))
    with pytest.raises(InvalidBars, match=r"has no header, and taken for .* contradict themselves: row \d"):
        read_bars(path, stated_of(sample))
