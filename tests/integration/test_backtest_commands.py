"""``ktrdr backtest``: what it prints and writes, and how it refuses."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
import yaml
from samples.command_line import Command, Outcome, run_here
from samples.documents import changed

DAILY = changed(
    "training_data",
    {"symbols": "AAPL", "timeframes": "1d", "history_required": 100},
    changed("nn_inputs.1.timeframes", "all", changed("decisions.confidence_threshold", 0.0)),
)
DAILY["training"] |= {"labels": {"source": "direction", "horizon": 5, "neutral_band": 0.0}, "learning_rate": 0.01}
VOID = {"meta"}


class Drawings(HTMLParser):
    """The names of a page's drawings; refuses tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[str | None] = []
        self.shapes: set[str | None] = set()
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.names.append(dict(attributes)["aria-label"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.shapes.add(dict(attributes).get("class"))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backtest")


@pytest.fixture
def ktrdr(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in the module's folder, in which one model is trained."""
    monkeypatch.chdir(folder)
    for name in ("KTRDR_DATA_DIR", "KTRDR_MODELS_DIR"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> Outcome:
        return run_here(*words, capsys=capsys)

    if not (folder / "daily.yaml").exists():
        for name in ("folder.csv", "folder.html"):
            (folder / name).mkdir()
        (folder / "link.csv").symlink_to(folder / "t.csv")
        (folder / "daily.yaml").write_text(yaml.safe_dump(DAILY, sort_keys=False), encoding="utf-8")
        assert run("train", "daily.yaml", "--no-importance", "--json").code == 0
    return run


def test_a_file_or_a_name_finds_the_model_and_says_why(ktrdr: Command) -> None:
    by_file, by_name = (
        ktrdr("backtest", "daily.yaml", "--json"),
        ktrdr("backtest", "small", "--symbol", "AAPL", "--json"),
    )
    assert by_file.code == 0
    assert by_file.json == by_name.json
    model = by_file.json["model"]
    assert model["reason"] == "the model of AAPL itself"
    assert Path(model["path"]).is_dir()
    assert by_file.json["span"]["marks"] == ["already judged"]
    assert by_file.json["trades"] == by_file.json["metrics"]["trades"] > 0
    assert "note: already judged" in by_file.stderr


def test_people_read_the_figures_beside_the_benchmarks(ktrdr: Command) -> None:
    done = ktrdr("backtest", "daily.yaml")
    header = next(line for line in done.stdout.splitlines() if line.startswith("figure"))
    assert header.split("  ")[0] == "figure"
    assert all(name in header for name in ("strategy", "buy and hold", "always flat", "95 % interval"))
    assert "(already judged)" in done.stdout
    account = next(line for line in done.stdout.splitlines() if line.startswith("account"))
    a_year = ktrdr("backtest", "daily.yaml", "--json").json["periods_per_year"]
    costs = "commission 0.1 % and slippage 0.05 % a leg"
    assert account == f"account    100,000, 100 % of it in a position; {costs}; {a_year:.0f} bars a year"
    assert a_year == pytest.approx(252, rel=0.01)
    assert "no intervals: " in done.stdout or "above buy and hold, a year: " in done.stdout


def test_tables_and_page_are_written(ktrdr: Command, folder: Path) -> None:
    words = ("--report", "r.html", "--trades-out", "t.csv", "--equity-out", "e.parquet", "--signals-out", "s.csv")
    printed = ktrdr("backtest", "daily.yaml", *words, "--json").json
    assert printed["files"] == {"report": "r.html", "trades": "t.csv", "equity": "e.parquet", "signals": "s.csv"}
    trades, signals = (pd.read_csv(folder / name) for name in ("t.csv", "s.csv"))
    equity = pd.read_parquet(folder / "e.parquet")
    assert len(trades) == printed["trades"]
    assert len(equity) == len(signals) == printed["span"]["bars"]
    assert signals.equity.to_numpy() == pytest.approx(equity.equity.to_numpy(), rel=1e-15)
    assert signals.equity.iloc[-1] / 100_000 - 1 == pytest.approx(printed["metrics"]["total_return"], abs=1e-12)
    assert 100_000 + trades.profit.sum() == pytest.approx(signals.equity.iloc[-1], rel=1e-12)
    assert signals.position[:-1].tolist() == equity.held[1:].tolist()
    page = (folder / "r.html").read_text(encoding="utf-8")
    drawn = Drawings(page)
    assert drawn.names == ["Equity by bar", "Drawdown by bar", "Trades on the price of AAPL 1d"]
    assert any(shape is not None and shape.startswith("mark") for shape in drawn.shapes)
    assert "already judged" in page
    assert "://" not in page


def test_the_account_is_that_of_the_options(ktrdr: Command) -> None:
    dear = ("--capital", "5000", "--commission", "0.01", "--slippage", "0.01", "--allocation", "0.5")
    free = ("--capital", "5000", "--commission", "0", "--slippage", "0", "--allocation", "0.5")
    one, other = (ktrdr("backtest", "daily.yaml", *words, "--json").json for words in (dear, free))
    assert one["account"] == {"capital": 5000, "commission": 0.01, "slippage": 0.01, "allocation": 0.5}
    assert one["trades"] == other["trades"]
    assert one["metrics"]["total_return"] < other["metrics"]["total_return"]


def test_seen_bars_are_refused_unless_in_sample(ktrdr: Command) -> None:
    refused = ktrdr("backtest", "daily.yaml", "--start-date", "2010-01-01", "--json")
    assert refused.code == 2
    assert "--in-sample" in refused.json["error"]["message"]
    allowed = ktrdr("backtest", "daily.yaml", "--start-date", "2010-01-01", "--in-sample", "--json")
    assert allowed.json["span"]["marks"] == ["in sample", "already judged"]
    assert allowed.json["span"]["first"] == "2010-01-04T00:00:00Z"


def test_a_file_that_differs_from_the_model_is_not_obeyed_and_that_is_said(ktrdr: Command, folder: Path) -> None:
    other = changed("decisions.confidence_threshold", 0.99, DAILY)
    (folder / "other.yaml").write_text(yaml.safe_dump(other, sort_keys=False), encoding="utf-8")
    done = ktrdr("backtest", "other.yaml", "--json")
    assert "note: decisions: the file differs from the trained strategy, which is used" in done.stderr
    assert done.json == ktrdr("backtest", "daily.yaml", "--json").json
    assert "differs" not in ktrdr("backtest", "daily.yaml").stderr


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nofile.yaml",), 3, "nofile.yaml: no such file"),
        (("smal", "--symbol", "AAPL"), 3, "did you mean 'small'"),
        (("small",), 2, "needs a symbol (--symbol)"),
        (("daily.yaml", "--symbol", "AAPLE"), 3, "AAPLE"),
        (("daily.yaml", "--symbol", "^GSPC"), 3, "no model of 'small' serves ^GSPC 1d"),
        (("daily.yaml", "--model", "small/AAPL_1d_v9"), 3, "small/AAPL_1d_v9"),
        (("daily.yaml", "--start-date", "soon"), 2, "'soon' is no date"),
        (("daily.yaml", "--start-date", "2018-01-01", "--end-date", "2017-01-01"), 2, "can not start on 2018-01-01"),
        (("daily.yaml", "--prefer", "both"), 2, "prefer must be universal or symbol"),
        (("daily.yaml", "--capital", "0"), 2, "capital must be a number from 1e-06 to 1e+15"),
        (("daily.yaml", "--commission", "1.5"), 2, "commission must be a fraction"),
        (("daily.yaml", "--allocation", "2"), 2, "allocation must be a fraction"),
        (("daily.yaml", "--report", "r.pdf"), 2, "r.pdf: must end in .html"),
        (("daily.yaml", "--signals-out", "s.txt"), 2, "s.txt: must end in .parquet or .csv"),
        (("daily.yaml", "--trades-out", "nowhere/t.csv"), 5, "nowhere is no folder"),
        (("daily.yaml", "--trades-out", "folder.csv"), 5, "folder.csv: is a folder"),
        (("daily.yaml", "--report", "folder.html"), 5, "folder.html is no place for a file"),
        (("daily.yaml", "--trades-out", "t.csv", "--equity-out", "./t.csv"), 2, "--trades-out and --equity-out name"),
        (
            ("daily.yaml", "--equity-out", "t.csv", "--signals-out", "link.csv"),
            2,
            "--equity-out and --signals-out name",
        ),
        (("daily.yaml", "--start-date", "1500-01-01"), 2, "'1500-01-01': must lie in the years 1680 to 2260"),
        (("daily.yaml", "--end-date", "9999-12-31"), 2, "'9999-12-31': must lie in the years 1680 to 2260"),
        (("daily.yaml", "--start-date", "2200-01-01"), 2, "from 2200-01-01T00:00:00Z needs 2 bars"),
        (("daily.yaml", "--model", "small/AAPL_1d_v1", "--prefer", "symbol"), 2, "'small/AAPL_1d_v1' is one model"),
        (("small/AAPL_1d_v1",), 2, "name the strategy, and a model by --model"),
        (("daily.yaml", "--capital", "1e308"), 2, "capital must be a number from 1e-06 to 1e+15"),
    ],
)
def test_refusals_are_one_clear_line(ktrdr: Command, words: tuple[str, ...], code: int, message: str) -> None:
    done = ktrdr("backtest", *words)
    assert done.code == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
