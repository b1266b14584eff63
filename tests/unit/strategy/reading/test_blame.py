"""A message blames what is wrong, where it stands: not what follows from it, nor what stands nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import changed, small

from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse, problems

CONSEQUENCES: list[tuple[str, Any, str]] = [
    # path changed, new value, the only path that is an error
    ("training.labels.source", "forward_retrun", "training.labels.source"),
    ("training.labels", {"source": "forward_return", "method": "x"}, "training.labels.method"),
    ("training.labels.method", True, "training.labels.method"),
    ("training.data_split.validation", 0.0, "training.data_split.validation"),
    ("training.data_split.validation", "0.15", "training.data_split.validation"),
    ("indicators", 0, "indicators"),
    ("fuzzy_sets", 0, "fuzzy_sets"),
    ("fuzzy_sets.rsi", True, "fuzzy_sets.rsi"),
    ("model", True, "model"),
    ("indicators.macd_a.fast_period", "40", "indicators.macd_a.fast_period"),
    (
        "model",
        {"type": "transformer", "architecture": {"sequence_length": 4, "num_heads": 0}},
        "model.architecture.num_heads",
    ),
    (
        "training.labels",
        {"source": "context", "bullish_threshold": "x", "bearish_threshold": 1},
        "training.labels.bullish_threshold",
    ),
    (
        "training_data.timeframes",
        {"mode": "multi_timeframe", "list": ["5m", True], "base_timeframe": "1h"},
        "training_data.timeframes",
    ),
    ("training_data.symbols", {"mode": ["x"], "symbol": "A"}, "training_data.symbols.mode"),
    ("context_data", [{"provider": "fred", "series": "A", "id": 5}], "context_data[0].id"),
    ("context_data", [{"provider": "fred", "series": [None]}], "context_data[0].series"),
    ("training.learning_rate", "fast", "training.learning_rate"),
]


@pytest.mark.parametrize(
    ("path", "value", "blamed"), CONSEQUENCES, ids=[f"{item[0]} {item[2]}" for item in CONSEQUENCES]
)
def test_nothing_is_said_of_what_only_follows_from_a_fault(path: str, value: Any, blamed: str) -> None:
    """The document asks for a regression, whose labels would contradict what stands in for those that are refused."""
    document = changed("decisions.output_format", "regression")
    document["training"] |= {"loss": "huber", "labels": {"source": "forward_return"}}
    document["training"]["lr_scheduler"] = {"type": "step", "min_lr": 0.0005}
    kinds = {"context": "classification"}
    if isinstance(value, dict) and value.get("source") in kinds:
        document["decisions"]["output_format"] = "classification"
        del document["training"]["loss"]
    errors = [problem for problem in problems(changed(path, value, document)) if problem.severity == "error"]
    assert [problem.path for problem in errors] == [blamed]


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (
            "indicators.rsi_14",
            {"type": "macd", "fast_period": 30},
            "found 30 and 26 (not given, so its default: slow_period 26)",
        ),
        (
            "training.labels",
            {"source": "market_regime", "fast": 300},
            "300 must be below slow 200 (not given, so its default: slow 200)",
        ),
        (
            "training.labels",
            {"source": "context", "bullish_threshold": -1},
            "(not given, so its default: bearish_threshold -0.005)",
        ),
        (
            "model",
            {"type": "transformer", "architecture": {"sequence_length": 4, "num_heads": 3}},
            "(not given, so its default: hidden_size 64)",
        ),
        (
            "training.lr_scheduler",
            {"type": "step", "min_lr": 0.5},
            "lies above training.learning_rate, 0.001 (the default)",
        ),
    ],
)
def test_what_stands_nowhere_is_called_a_default(path: str, value: Any, words: str) -> None:
    (error,) = [problem for problem in problems(changed(path, value)) if problem.severity == "error"]
    assert words in error.message


def test_what_is_written_is_called_no_default() -> None:
    document = changed("indicators.rsi_14", {"type": "macd", "fast_period": 30, "slow_period": 26})
    (error,) = [problem for problem in problems(document) if problem.severity == "error"]
    assert "default" not in error.message


SPOILT = {"true": True, "word": "x", "minus": -1, "nan": float("nan"), "lists": [[1]], "mode": {"mode": ["x"]}}


@pytest.mark.parametrize("value", SPOILT.values(), ids=SPOILT.keys())
def test_a_spoilt_value_is_blamed_where_it_stands(value: Any) -> None:
    def leaves(node: Any, path: str = "") -> list[str]:
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        return [leaf for key, item in items for leaf in leaves(item, f"{path}.{key}".lstrip("."))] or [path]

    for leaf in leaves(small()):
        shown = leaf.replace(".0", "[0]").replace(".1", "[1]").replace(".2", "[2]") + "."
        for problem in problems(changed(leaf, value)):
            if problem.severity == "error":
                assert f"{problem.path}.".startswith(shown) or shown.startswith(
                    (f"{problem.path}.", f"{problem.path}[")
                )


def test_a_document_that_is_all_wrong_is_refused_without_reading_on() -> None:
    document = changed("nn_inputs", [{"fuzzy_set": f"none_{number}"} for number in range(5000)])
    document["fuzzy_sets"] |= {f"set_{number}": {"indicator": "rsi_14", "low": [0, 1, 2]} for number in range(3000)}
    with pytest.raises(InvalidStrategy) as caught:
        parse(document)
    assert len(caught.value.problems) == 1001
    assert caught.value.problems[-1].message == "has more than 1000 errors; mend these first"
    assert max(len(problem.message) for problem in caught.value.problems) < 1000


def test_features_without_number_are_refused_before_they_are_named() -> None:
    document = changed("model.features", {"lookback_periods": 1000})
    document["fuzzy_sets"] = {f"s{number}": {"indicator": "rsi_14", "low": [0, 1, 2]} for number in range(5000)}
    document["nn_inputs"] = [{"fuzzy_set": f"s{number}"} for number in range(5000)]
    (error,) = [problem for problem in problems(document) if problem.severity == "error"]
    assert str(error) == "nn_inputs: gives 5,000,000 features with all lags; at most 100,000"
