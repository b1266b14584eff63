"""Plans are pure: the order of symbols changes nothing, and every symbol is trained on exactly once."""

from __future__ import annotations

from typing import Any

from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.documents import changed

from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import plan_training
from ktrdr.domain.training.request import COMBINATIONS, DEFAULT_COMBINATION, Execution, Mode, TrainingRequest

SYMBOLS = st.lists(
    st.sampled_from(["AAPL", "^GSPC", "BRK.B", "BTC/USDT", "EURUSD", "a", "Z"]), min_size=1, max_size=7, unique=True
)
MANY = st.sampled_from([Mode.MULTI, Mode.UNIVERSAL])


def request(symbols: list[str], **more: Any) -> TrainingRequest:
    document = changed("training_data.symbols", {"mode": "multi_symbol", "list": symbols})
    return TrainingRequest(parse(document), **more)


@settings(max_examples=examples(25))
@given(st.data(), SYMBOLS, MANY)
def test_the_order_of_symbols_changes_nothing(data: st.DataObject, symbols: list[str], mode: Mode) -> None:
    other = data.draw(st.permutations(symbols))
    one, two = (plan_training(request(names, mode=mode)) for names in (symbols, other))
    assert one == two
    assert [job.strategy.settings for job in one] == [job.strategy.settings for job in two]


@settings(max_examples=examples(25))
@given(SYMBOLS, MANY, st.sampled_from(COMBINATIONS), st.integers(1, 9))
def test_every_symbol_is_in_exactly_one_job(symbols: list[str], mode: Mode, combination: Any, workers: int) -> None:
    combination = combination if mode is Mode.UNIVERSAL else DEFAULT_COMBINATION
    wanted = request(symbols, mode=mode, combination=combination, execution=Execution(workers), seeds=2)
    jobs = plan_training(wanted)
    assert sorted(symbol for job in jobs for symbol in job.symbols) == sorted(symbols)
    for job in jobs:
        assert job.symbols == tuple(sorted(job.symbols)) == job.strategy.training_data.symbols.symbols
        assert (job.combination is None) == (mode is Mode.MULTI)
        assert (job.request.seeds, job.request.execution) == (2, wanted.execution)


@settings(max_examples=examples(25))
@given(SYMBOLS, SYMBOLS)
def test_another_symbol_beside_it_changes_no_job(symbols: list[str], others: list[str]) -> None:
    both = {job.symbol: job for job in plan_training(request(sorted({*symbols, *others}), mode=Mode.MULTI))}
    for job in plan_training(request(symbols, mode=Mode.MULTI)):
        assert both[job.symbol] == job
