"""From a request to jobs: which mode is meant, and what each job's strategy says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from samples.documents import changed, small

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.strategy.document import SymbolChoice
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.plan import plan_one_symbol, plan_training
from ktrdr.domain.training.request import Execution, Mode, TrainingRequest, mode_of, read_mode

ONE, SEVERAL = {"mode": "single", "symbol": "B"}, {"mode": "multi_symbol", "list": ["C", "A", "B"]}


def request(symbols: Any, scope: str | None = None, **more: Any) -> TrainingRequest:
    document = changed("training_data.symbols", symbols)
    return TrainingRequest(parse(document if scope is None else document | {"scope": scope}), **more)


@pytest.mark.parametrize(
    ("symbols", "scope", "given", "expected"),
    [
        (ONE, None, None, Mode.SINGLE),
        (ONE, "universal", None, Mode.SINGLE),  # scope never overrides a single symbol
        (SEVERAL, None, None, Mode.UNIVERSAL),
        (SEVERAL, "universal", None, Mode.UNIVERSAL),
        (SEVERAL, "symbol_group", None, Mode.UNIVERSAL),
        (SEVERAL, "symbol_specific", None, Mode.MULTI),
        (SEVERAL, "symbol_specific", Mode.UNIVERSAL, Mode.UNIVERSAL),  # the request wins over all of it
        (SEVERAL, None, Mode.MULTI, Mode.MULTI),
        (ONE, None, Mode.UNIVERSAL, Mode.UNIVERSAL),
        ("AAPL", None, None, Mode.SINGLE),
        (["AAPL", "MSFT"], None, None, Mode.UNIVERSAL),
    ],
)
def test_the_mode(symbols: Any, scope: str | None, given: Mode | None, expected: Mode) -> None:
    assert mode_of(request(symbols, scope, mode=given)) is expected


def test_single_is_the_model_of_the_only_symbol() -> None:
    (job,) = plan_training(request(ONE))
    assert (job.symbols, job.symbol, job.combination, job.timeframe) == (("B",), "B", None, "5m")
    assert job.strategy == request(ONE).strategy


def test_multi_is_what_would_be_written_for_each_symbol_alone() -> None:
    jobs = plan_training(request(SEVERAL, mode=Mode.MULTI))
    assert [job.symbol for job in jobs] == ["A", "B", "C"]
    for job in jobs:
        assert job.strategy == parse(changed("training_data.symbols", job.symbol))
        assert parse(render(job.strategy)) == job.strategy
        (setting,) = [item for item in job.strategy.settings if item.path == "training_data.symbols"]
        assert setting.value == [job.symbol]


def test_universal_is_one_pool_with_a_combination() -> None:
    (job,) = plan_training(request(SEVERAL, combination="interleaved"))
    assert (job.symbols, job.combination) == (("A", "B", "C"), "interleaved")
    assert job.strategy.training_data.symbols.symbols == ("A", "B", "C")
    (default,) = plan_training(request(SEVERAL))
    assert default.combination == "balanced"


def test_several_symbols_are_too_many_where_one_is_asked_for() -> None:
    for plan in (plan_one_symbol, lambda given: plan_training(TrainingRequest(given.strategy, mode=Mode.SINGLE))):
        with pytest.raises(InvalidInput, match=r"3 symbols \(A, B, C\).*--symbol"):
            plan(request(SEVERAL))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: read_mode("univercal"), r"mode: 'univercal' .*single, multi, universal; did you mean 'universal'"),
        (lambda: TrainingRequest(parse(small()), combination="ballanced"), "did you mean 'balanced'"),  # type: ignore[arg-type]
        (lambda: Execution(workers=0), "workers must be 1 to 1000, found 0"),
        (lambda: plan_training(request({"selection_criteria": {}})), "names no symbol"),
    ],
)
def test_what_cannot_be_planned_is_refused(make: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        make()


def test_modes_are_read_in_any_case() -> None:
    assert [read_mode(text) for text in ("SINGLE", "Multi", "universal")] == list(Mode)


@pytest.mark.parametrize(
    ("named", "more", "words"),
    [
        (["GSPC", "^GSPC", "AAPL"], {}, r"training_data.symbols: lists one symbol in two spellings: GSPC, \^GSPC"),
        (["AAPL", "MSFT"], {"hold_out": ("^GSPC", "GSPC")}, r"hold_out: \^GSPC and GSPC are one symbol"),
    ],
)
def test_one_symbol_in_two_spellings_is_refused(named: list[str], more: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan_training(request(named, **more))


@pytest.mark.parametrize("mode", [Mode.MULTI, Mode.UNIVERSAL])
def test_two_spellings_are_refused_whoever_chose_them(mode: Mode) -> None:
    given = request(["AAPL", "MSFT"], mode=mode)
    data = replace(given.strategy.training_data, symbols=SymbolChoice("multi_symbol", ("GSPC", "^GSPC")))
    strategy = replace(given.strategy, training_data=data)
    with pytest.raises(InvalidInput, match=r"GSPC and \^GSPC are one symbol in two spellings; name one of them"):
        plan_training(replace(given, strategy=strategy))
    (job,) = plan_training(request(["AAPL", "^GSPC"], hold_out=("GSPC",), mode=Mode.UNIVERSAL))
    assert job.symbols == ("AAPL",)


@pytest.mark.parametrize(
    ("named", "folds", "words"),
    [
        ("AAPL", 2, "symbol_folds: 2 folds: needs at least 2 symbols to train on, there are 1"),
        (["A", "B", "C"], 4, "symbol_folds: 4 folds: needs at least 4 symbols to train on, there are 3"),
        (["A", "B", "C"], 1, "symbol_folds: must be 2 or more, found 1"),
        (["A", "B", "C"], -1, "symbol_folds: must be 2 or more, found -1"),
    ],
)
def test_folds_say_how_many_symbols_they_need(named: Any, folds: int, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        plan_training(request(named, mode=Mode.UNIVERSAL, symbol_folds=folds))


@pytest.mark.parametrize(("named", "mode"), [(["A", "B"], Mode.MULTI), ("A", Mode.SINGLE)])
def test_a_combination_needs_a_pooled_model(named: Any, mode: Mode) -> None:
    with pytest.raises(InvalidInput, match=rf"combination: downsample is about one pooled .*not {mode}"):
        plan_training(request(named, mode=mode, combination="downsample"))
    assert len(plan_training(request(named, mode=mode, combination="balanced"))) == len(list(named))
