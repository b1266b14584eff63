"""How many planted faults each rule of data quality finds, and how many of the good series it blames.

``python benchmarks/quality_faults.py [--folder DIR] [--plantings N] [--rule ID]`` prints a table in Markdown. Faults
are planted by `samples.faults` at random places, in random stretches of real series: those of a folder, and those that
ship. What a real series is known to have of its own is no false finding: it stands in ``KNOWN``.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from samples.faults import PLANTS, Case, suits
from samples.faults_together import GROUPS

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.quality.judge import findings
from ktrdr.domain.market.quality.table import RULES
from ktrdr.entrypoints.container import make_container

KNOWN = {
    "SPY 1h": {"wicks"},  # trades far from the market before 2007
    "BAC 1h": {"big_moves", "splits", "wicks", "decimals_change"},  # the split of 2004, sub-penny prices from 2019 on
    "BTCBUSD 1h": {"missing_bars", "zero_volume"},  # outages of the exchange
    "BTCUSD 1h": {"spikes", "stale", "zero_volume"},  # the same, and 15 equal bars in August 2018
    "BTCUSD 1d": {"missing_sessions", "big_moves", "wicks", "volume_units"},  # an exchange in its first weeks
    "BTCUSDT 5m": {"spikes", "wicks"},  # the crash of 2025-10-10
    "ETHUSDT 5m": {"spikes", "wicks"},  # the same
    "COP 1d": {"missing_sessions", "zero_volume"},
    "NKE 1d": {"missing_sessions", "zero_volume"},
    "PFE 1d": {"missing_sessions", "zero_volume"},
    "GSPC 1d": {"zero_volume"},
    "NSEI 1d": {"closed_days"},  # an hour of trading for a festival
    "IXIC 1d": {"zero_volume"},
    "^IXIC 1d (sample)": {"zero_volume"},
    "EURUSD 1h": {"missing_sessions", "missing_bars"},  # gaps inside the week, as its provider states
    "EURUSD 1m": {"incomplete", "missing_sessions", "missing_bars"},  # a hole of four years
    "GBPUSD 1h": {"missing_bars", "daylight_saving", "wicks"},  # the flash crash of 2016-10-06
    "USDJPY 1h": {"missing_bars", "daylight_saving"},
    "SPY 1m": {"missing_bars", "outside_hours"},  # one venue: minutes without a trade are left out
    "VIX 1d": {"missing_sessions", "closed_days", "body_outside", "big_moves", "spikes", "wicks", "splits"},
    "AAPL 1d (sample)": {"big_moves"},  # 2000-09-29: half of its price in a day, and true
}
"""By series, what is really there: stated by the source, or looked up place by place."""
EXTENDED = {"outside_hours", "no_volume"}
"""Notes on what a series has, never a fault of it: bars before the open are there or not."""


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    given = ArgumentParser()
    given.add_argument("--folder", type=Path, help="a folder of bars, beside those that ship")
    given.add_argument("--plantings", type=int, default=200)
    given.add_argument("--rule", action="append")
    chosen = given.parse_args(argv)
    cases = dict(_cases(chosen.folder))
    blamed, clean = _blamed(cases)
    print("| rule | looks at | series | planted | found | recall | clean series | blamed |")
    print("|---|---|---|---|---|---|---|---|")
    for name, rule in RULES.items():
        if chosen.rule and name not in chosen.rule:
            continue
        if name in GROUPS:
            planted, found, good, wrong = GROUPS[name](np.random.default_rng(7), chosen.plantings, list(cases.values()))
            print(f"| `{name}` | {rule.scope} | - | {planted} | {found} | {found / planted:.1%} | {good} | {wrong} |")
            continue
        usable, found = recall(name, cases, chosen.plantings)
        share = f"{found / chosen.plantings:.1%}" if usable else "-"
        row = f"| `{name}` | {rule.scope} | {usable} | {chosen.plantings} | {found} | {share} "
        print(f"{row}| {clean[name]} | {blamed[name]} |", flush=True)


def recall(rule: str, cases: dict[str, Case], plantings: int) -> tuple[int, int]:
    """Return how many series a fault can be planted in, and in how many of the plantings its rule finds it."""
    rng = np.random.default_rng(sum(rule.encode()))
    usable = [case for name, case in cases.items() if _plantable(rule, name, case)]
    found = 0
    for _ in range(plantings if usable else 0):
        case = usable[int(rng.integers(len(usable)))]
        planted = PLANTS[rule](rng, _stretch(rng, rule, case))
        found += any(finding.rule == rule for finding in findings(planted.bars, planted.facts))
    return len(usable), found


def _plantable(rule: str, name: str, case: Case) -> bool:
    if rule == "volatility_as_stock":
        return name.startswith("VIX ")
    return rule not in KNOWN.get(name, set()) and not name.startswith("VIX ") and suits(rule, case)


def _stretch(rng: np.random.Generator, rule: str, case: Case) -> Case:
    """Return a random stretch of 600 to 6,000 bars, or all of them where that does not suit the fault."""
    size = int(rng.integers(min(len(case.bars) - 1, 600), min(len(case.bars), 6_000)))
    start = int(rng.integers(0, len(case.bars) - size))
    part = Case(case.bars.take(slice(start, start + size)), case.facts)
    return part if rule == "volatility_as_stock" or suits(rule, part) else case


def _blamed(cases: dict[str, Case]) -> tuple[dict[str, int], dict[str, int]]:
    """Return by rule in how many good series it finds something, and how many good ones there are."""
    blamed, clean = dict.fromkeys(RULES, 0), dict.fromkeys(RULES, 0)
    for name, case in cases.items():
        found = {finding.rule for finding in findings(case.bars, case.facts)}
        for rule in RULES:
            if rule in KNOWN.get(name, set()) or rule in EXTENDED:
                continue
            clean[rule] += 1
            if rule in found:
                blamed[rule] += 1
                print(f"{rule}: blames {name}", file=sys.stderr)
    return blamed, clean


def _cases(folder: Path | None) -> Iterator[tuple[str, Case]]:
    shipped = make_container().data_repository()
    yield from _all_of(shipped, " (sample)")
    if folder is not None:
        yield from _all_of(make_container(data_dir=folder).data_repository(), "")


def _all_of(data: DataRepository, mark: str) -> Iterator[tuple[str, Case]]:
    for info in data.series():
        if info.timeframe.minutes <= 1440:
            bars = data.load(info.symbol, info.timeframe)
            yield f"{info.symbol} {info.timeframe}{mark}", Case(bars, data.characteristics(info.symbol))


if __name__ == "__main__":
    main()
