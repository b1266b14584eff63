"""One model from many symbols: its time per row and epoch against that of one symbol, and its peak memory.

As a script, with a number of symbols, of bars and of epochs, it prints the memory of one training:
``python benchmarks/bench_universal.py 100 100000 1``.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from dependency_injector import providers

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Combination, Mode
from ktrdr.entrypoints.container import make_container

FEATURES, ROUNDS, EPOCHS = 32, 7, 2
BARS = Timeframe("5m")
START = 1_600_000_000 * 10**9


class Walks(DataRepository):
    """Random walks, made anew each time they are asked for: nothing stays in memory. Later symbols are shorter."""

    def __init__(self, symbols: int, bars: int, shorter: int = 0) -> None:
        self.lengths = {f"S{number:03}": bars - number * shorter for number in range(symbols)}

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        wanted = {name: n for name, n in self.lengths.items() if symbol in (None, name)}
        return tuple(SeriesInfo(name, BARS, n, START, START + (n - 1) * BARS.ns, "made") for name, n in wanted.items())

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        rng, n = np.random.default_rng(int(symbol[1:])), self.lengths[symbol]
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.001, n)))
        opened = np.concatenate(([100.0], close[:-1]))
        high, low = np.maximum(opened, close) * 1.0005, np.minimum(opened, close) * 0.9995
        stamps, volume = START + np.arange(n) * timeframe.ns, rng.uniform(1, 9, n)
        return Bars(symbol, timeframe, stamps, opened, high, low, close, volume).between(start, end)

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        return SymbolCharacteristics(symbol, "crypto", "made", "24/7", "UTC")

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; there is none."""
        raise missing_context(source.provider, source.name)


def request(data: Walks, epochs: int, batch_size: int, **options: Any) -> TrainingRequest:
    periods = range(2, 2 + FEATURES)
    document = {
        "name": "bench",
        "version": "3.0",
        "training_data": {"symbols": list(data.lengths), "timeframes": "5m"},
        "indicators": {f"roc_{period}": {"type": "roc", "period": period} for period in periods},
        "fuzzy_sets": {},
        "nn_inputs": [{"raw_indicator": f"roc_{period}", "normalization": "zscore"} for period in periods],
        "model": {"type": "mlp", "architecture": {"hidden_layers": [64, 32]}},
        "decisions": {"output_format": "classification"},
        "training": {
            "labels": {"source": "direction", "horizon": 6, "neutral_band": 0.001},
            "epochs": epochs,
            "batch_size": batch_size,
            "early_stopping": False,
        },
    }
    return TrainingRequest(parse(document), importance=False, **options)


class Clock:
    """Adds up the processor time that the fits of a training take, and the rows that they pass over."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.seconds, self.rows = inner, 0.0, 0

    def fit(self, task: Any, watch: Any) -> Any:
        start = time.process_time()
        model = self.inner.fit(task, watch)
        self.seconds += time.process_time() - start
        self.rows += len(task.train.targets) * task.settings.epochs
        return model


def microseconds_per_row(data: Walks, **options: Any) -> float:
    from ktrdr.adapters.models.torch.trainer import TorchTrainer

    clock = Clock(TorchTrainer("cpu"))
    container = make_container()
    container.data_repository.override(providers.Object(data))
    container.model_storage.override(providers.Object(MemoryStorage()))
    container.model_trainer.override(providers.Object(clock))
    container.training_orchestrator().execute(request(data, EPOCHS, 32, **options))
    return clock.seconds / clock.rows * 1e6


def test_time_per_row_and_epoch_against_one_symbol(benchmark) -> None:
    single, pool = Walks(1, 12_000), Walks(4, 12_000, shorter=2_500)
    combinations: tuple[Combination, ...] = ("balanced", "concatenate", "downsample", "interleaved")
    taken: dict[str, list[float]] = {name: [] for name in ("single", *combinations)}
    for _ in range(ROUNDS):
        taken["single"].append(microseconds_per_row(single, mode=Mode.SINGLE))
        for name in combinations:
            taken[name].append(microseconds_per_row(pool, mode=Mode.UNIVERSAL, combination=name))
    for name in combinations:
        ratios = [one / other for one, other in zip(taken[name], taken["single"], strict=True)]
        print(
            f"\nuniversal, {name}: {median(ratios):.2f} times the time per row and epoch of one symbol "
            f"({min(ratios):.2f} to {max(ratios):.2f}; at most 1 is asked), {median(taken[name]):.1f} us"
        )
    benchmark.pedantic(lambda: None, rounds=1)


def test_peak_memory_against_the_pooled_matrix(benchmark) -> None:
    ran = subprocess.run([sys.executable, __file__, "20", "100000", "1"], check=True, capture_output=True, text=True)
    print("\n" + ran.stdout)
    benchmark.pedantic(lambda: None, rounds=1)


def resident() -> int:
    """Return the bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


@contextmanager
def watched(peak: list[int]) -> Iterator[None]:
    """Note the largest resident memory in `peak`."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def print_memory(symbols: int, bars: int, epochs: int) -> None:
    """Train once and print the peak memory, beside the matrix."""
    import talib  # noqa: F401  the libraries are no part of what is measured

    from ktrdr.adapters.models.torch.trainer import TorchTrainer

    data = Walks(symbols, bars)
    container = make_container()
    container.data_repository.override(providers.Object(data))
    container.model_storage.override(providers.Object(MemoryStorage()))
    container.model_trainer.override(providers.Object(TorchTrainer("cpu")))
    before, peak, start = resident(), [0], time.perf_counter()
    with watched(peak):
        container.training_orchestrator().execute(request(data, epochs, 4096, mode=Mode.UNIVERSAL))
    matrix = symbols * bars * FEATURES * 4
    print(
        f"{symbols} symbols of {bars:,} bars, {FEATURES} features, {epochs} epoch(s): peak {peak[0] / 2**20:,.0f} MiB, "
        f"{(peak[0] - before) / matrix:.2f} times the pooled matrix of {matrix / 2**20:,.0f} MiB above the "
        f"{before / 2**20:,.0f} MiB of a bare start (at most 2.5 is asked); {time.perf_counter() - start:.0f} s"
    )


if __name__ == "__main__":
    print_memory(*map(int, sys.argv[1:]))
