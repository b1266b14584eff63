"""Every fault is refused with its path, what was found, what is allowed, and the nearest name."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from samples.documents import DELETE, changed, small

from ktrdr.application.use_cases.read_strategy import ReadStrategy
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse, problems

FAULTS: list[tuple[str, Any, str, tuple[str, ...]]] = [
    # path changed, new value, path reported, words that the message must hold
    ("name", DELETE, "name", ("required",)),
    ("name", 5, "name", ("must be a text", "5")),
    ("name", "x" * 101, "name", ("100",)),
    ("name", "ü" * 60, "name", ("too long", "folder")),
    ("name", "a\nb", "name", ("printable",)),
    ("name", "trials.jsonl", "name", ("taken",)),
    ("version", "2.0", "version", ("2.0", "strategy migrate")),
    ("version", 4, "version", ("4", "strategy migrate")),
    ("scope", "univrsal", "scope", ("univrsal", "universal", "did you mean")),
    ("training_data", DELETE, "training_data", ("required",)),
    ("training_data", [], "training_data", ("must be a mapping",)),
    ("training_data.symbols", DELETE, "training_data.symbols", ("no symbol",)),
    ("training_data.symbols", [], "training_data.symbols", ("no symbol",)),
    ("training_data.symbols", ["A", "A"], "training_data.symbols", ("'A'", "twice")),
    ("training_data.symbols", {"mode": "single", "list": ["A", "B"]}, "training_data.symbols", ("one symbol", "2")),
    (
        "training_data.symbols",
        {"mode": "sngle", "symbol": "A"},
        "training_data.symbols.mode",
        ("single", "multi_symbol"),
    ),
    ("training_data.symbols", "A B", "training_data.symbols", ("'A B'",)),
    ("training_data.symbols", [True], "training_data.symbols", ("True", "quotes")),
    ("training_data.timeframes", DELETE, "training_data.timeframes", ("no timeframe",)),
    ("training_data.timeframes", "5x", "training_data.timeframes", ("'5x'", "5m")),
    ("training_data.timeframes", "0m", "training_data.timeframes", ("'0m'",)),
    (
        "training_data.timeframes",
        {"mode": "multi_timeframe", "list": ["5m"]},
        "training_data.timeframes",
        ("at least 2", "1"),
    ),
    (
        "training_data.timeframes",
        {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "1d"},
        "training_data.timeframes.base_timeframe",
        ("'1d'", "5m, 1h"),
    ),
    ("training_data.history_required", 10, "training_data.history_required", ("10", "50")),
    ("training_data.start_date", "yesterday", "training_data.start_date", ("yesterday", "2020-01-31")),
    ("training_data.start_date", "2010-13-45", "training_data.start_date", ("'2010-13-45'", "must be a date")),
    ("training_data.start_date", "2010-02-30 09:30", "training_data.start_date", ("'2010-02-30 09:30'",)),
    ("training_data.start_date", "0001-01-01", "training_data.start_date", ("0001-01-01", "1680")),
    ("training_data.end_date", "9999-12-31", "training_data.end_date", ("9999-12-31", "2260")),
    ("training_data.history_required", 10**400, "training_data.history_required", ("integer", "1000")),
    ("fuzzy_sets.rsi.oversold", [0, 1, 10**400], "fuzzy_sets.rsi.oversold", ("numbers", "1000")),
    ("training_data.date_range", {"start": "2020-02-01", "end": "2020-01-01"}, "training_data.start_date", ("after",)),
    ("indicators", DELETE, "indicators", ("required",)),
    ("indicators", {}, "indicators", ("required",)),
    ("indicators", [{"name": "rsi"}], "indicators", ("list", "strategy migrate")),
    ("indicators.rsi_14", 14, "indicators.rsi_14", ("must be a mapping", "14")),
    ("indicators.rsi_14.type", DELETE, "indicators.rsi_14.type", ("required",)),
    ("indicators.rsi_14.type", "rsii", "indicators.rsi_14.type", ("'rsii'", "did you mean 'rsi'")),
    ("indicators.rsi_14.period", 1, "indicators.rsi_14.period", ("1", "2 to")),
    ("indicators.rsi_14.period", "14", "indicators.rsi_14.period", ("integer", "'14'")),
    ("indicators.rsi_14.period", 14.5, "indicators.rsi_14.period", ("integer", "14.5")),
    ("indicators.rsi_14.period", True, "indicators.rsi_14.period", ("integer", "True")),
    ("indicators.rsi_14.source", "clse", "indicators.rsi_14.source", ("'clse'", "did you mean 'close'")),
    ("indicators.macd_a.fast_period", 26, "indicators.macd_a", ("fast", "slow")),
    ("fuzzy_sets", DELETE, "fuzzy_sets", ("required",)),
    ("fuzzy_sets.rsi.indicator", DELETE, "fuzzy_sets.rsi.indicator", ("required",)),
    ("fuzzy_sets.rsi.indicator", "rsi_15", "fuzzy_sets.rsi.indicator", ("'rsi_15'", "did you mean 'rsi_14'")),
    ("fuzzy_sets.rsi.indicator", "rsi_14.line", "fuzzy_sets.rsi.indicator", ("single output",)),
    (
        "fuzzy_sets.macd.indicator",
        "macd_a.histgram",
        "fuzzy_sets.macd.indicator",
        ("line, signal, histogram", "did you mean 'histogram'"),
    ),
    ("fuzzy_sets.rsi", {"indicator": "rsi_14"}, "fuzzy_sets.rsi", ("at least one membership",)),
    ("fuzzy_sets.rsi.oversold", [40, 20, 0], "fuzzy_sets.rsi.oversold", ("a <= b <= c", "40")),
    ("fuzzy_sets.rsi.oversold", [1, 2, 3, 4, 5], "fuzzy_sets.rsi.oversold", ("5", "triangular")),
    ("fuzzy_sets.rsi.oversold", [0, "20", 40], "fuzzy_sets.rsi.oversold", ("numbers", "'20'")),
    ("fuzzy_sets.rsi.oversold", "low", "fuzzy_sets.rsi.oversold", ("list of numbers",)),
    ("fuzzy_sets.rsi.oversold", [0, 0], "fuzzy_sets.rsi.oversold", ("sigma above 0",)),
    (
        "fuzzy_sets.rsi.oversold",
        {"type": "triangle", "parameters": [0, 1, 2]},
        "fuzzy_sets.rsi.oversold.type",
        ("'triangle'", "did you mean 'triangular'"),
    ),
    ("nn_inputs", DELETE, "nn_inputs", ("non-empty list",)),
    ("nn_inputs", [], "nn_inputs", ("non-empty list",)),
    ("nn_inputs.0", {"timeframes": "all"}, "nn_inputs[0]", ("exactly one", "none")),
    ("nn_inputs.0", {"fuzzy_set": "rsi", "raw_indicator": "rsi_14"}, "nn_inputs[0]", ("exactly one",)),
    ("nn_inputs.0.fuzzy_set", "rsy", "nn_inputs[0].fuzzy_set", ("'rsy'", "did you mean 'rsi'")),
    ("nn_inputs.0.timeframes", ["1h"], "nn_inputs[0].timeframes", ("'1h'", "5m")),
    ("nn_inputs.0.timeframes", ["5m", "5m"], "nn_inputs[0].timeframes", ("twice",)),
    ("nn_inputs.1", {"fuzzy_set": "rsi"}, "nn_inputs[1]", ("repeats nn_inputs[0]",)),
    (
        "nn_inputs.1",
        {"raw_indicator": "rsi_14", "normalization": "zscor"},
        "nn_inputs[1].normalization",
        ("'zscor'", "did you mean 'zscore'"),
    ),
    ("model", DELETE, "model", ("required",)),
    ("model.type", DELETE, "model.type", ("required",)),
    ("model.type", "mpl", "model.type", ("'mpl'", "did you mean 'mlp'")),
    ("model.architecture.hidden_layers", 8, "model.architecture.hidden_layers", ("list of integers", "8")),
    ("model.architecture.hidden_layers", [0], "model.architecture.hidden_layers", ("0", "1 to")),
    ("model.architecture.dropout", 1.5, "model.architecture.dropout", ("1.5", "0 to")),
    ("model.architecture.activation", "rellu", "model.architecture.activation", ("did you mean 'relu'",)),
    ("model.features.lookback_periods", 0, "model.features.lookback_periods", ("0", "1 to")),
    ("decisions", DELETE, "decisions", ("required",)),
    ("decisions.output_format", "regression", "decisions.output_format", ("contradicts", "zigzag")),
    ("decisions.confidence_threshold", 1.5, "decisions.confidence_threshold", ("1.5", "0 to 1")),
    ("training", DELETE, "training", ("required",)),
    ("training.method", "reinforcement", "training.method", ("reinforcement", "supervised")),
    ("training.labels.source", "zigzg", "training.labels.source", ("'zigzg'", "did you mean 'zigzag'")),
    ("training.labels.method", "segmnts", "training.labels.method", ("did you mean 'segments'",)),
    ("training.labels.label_lookahead", 0, "training.labels.label_lookahead", ("0", "1 to")),
    ("training.labels.zigzag_threshold", -1, "training.labels.zigzag_threshold", ("-1", "above 0")),
    ("training.labels.zigzag_threshold", {"atrr": 1}, "training.labels.zigzag_threshold", ("{atr: multiple}",)),
    ("training.data_split", {"train": 0.7, "validation": 0.2, "test": 0.2}, "training.data_split", ("1.1", "sum to 1")),
    ("training.data_split", {"train": 0.7, "validation": 0.3}, "training.data_split", ("missing: test",)),
    ("training.epochs", 0, "training.epochs", ("0", "1 to")),
    ("training.learning_rate", 0, "training.learning_rate", ("0", "above 0")),
    ("training.learning_rate", float("nan"), "training.learning_rate", ("number", "nan")),
    ("training.optimizer", "adm", "training.optimizer", ("did you mean 'adam'",)),
    ("training.loss", "mse", "training.loss", ("'mse'", "cross_entropy")),
    ("training.loss", "cross_entrpy", "training.loss", ("did you mean 'cross_entropy'",)),
    ("training.class_weights", "balancd", "training.class_weights", ("did you mean 'balanced'",)),
    ("training.lr_scheduler", {"type": "cosin"}, "training.lr_scheduler.type", ("did you mean 'cosine'",)),
    ("training.lr_scheduler", {"type": "cosine", "min_lr": 0.5}, "training.lr_scheduler.min_lr", ("0.5", "0.001")),
    ("training.lr_scheduler", {"type": "step", "min_lr": 0.002}, "training.lr_scheduler.min_lr", ("0.002", "0.001")),
    ("training.early_stopping", {"patience": 0}, "training.early_stopping.patience", ("0", "1 to")),
    ("training.seed", -1, "training.seed", ("-1",)),
    # context data
    ("context_data", {"provider": "fred"}, "context_data", ("must be a list", "fred")),
    ("context_data", ["DGS2"], "context_data[0]", ("must be a mapping", "'DGS2'")),
    ("context_data", [{"series": "DGS2"}], "context_data[0].provider", ("required",)),
    (
        "context_data",
        [{"provider": "fread", "series": "A"}],
        "context_data[0].provider",
        ("'fread'", "fred, ib, cftc_cot", "did you mean 'fred'"),
    ),
    ("context_data", [{"provider": "fred"}], "context_data[0]", ("exactly one of series, symbol, report", "none")),
    ("context_data", [{"provider": "ib", "symbol": "A", "series": "B"}], "context_data[0]", ("exactly one",)),
    ("context_data", [{"provider": "fred", "series": 2}], "context_data[0].series", ("must be a text", "2")),
    (
        "context_data",
        [{"provider": "fred", "series": "A", "alignment": "forward_fil"}],
        "context_data[0].alignment",
        ("did you mean 'forward_fill'",),
    ),
    (
        "context_data",
        [{"provider": "fred", "series": "A"}, {"provider": "ib", "symbol": "A"}],
        "context_data[1]",
        ("'A'", "two entries"),
    ),
    ("indicators.rsi_14.data_source", "DGS2", "indicators.rsi_14.data_source", ("'DGS2'", "not given")),
    ("indicators.rsi_14.data_source", 2, "indicators.rsi_14.data_source", ("must be a text", "2")),
    # indicators, memberships, inputs
    ("indicators.rsi_14.type", "ZigZag", "indicators.rsi_14.type", ("'ZigZag'", "looks ahead", "training.labels")),
    ("indicators.rsi_14.type", "zig_zag", "indicators.rsi_14.type", ("'zig_zag'", "looks ahead", "training.labels")),
    ("indicators.rsi_14.type", "Zig-Zag %", "indicators.rsi_14.type", ("looks ahead", "training.labels")),
    ("indicators.rsi_14.type", ["rsi"], "indicators.rsi_14.type", ("must be a text", "['rsi']")),
    ("indicators.macd_a", {"type": "macd", "fast": 0}, "indicators.macd_a.fast", ("0", "to 10000")),
    ("indicators.rsi_14", {"type": "supertrend", "multiplier": -1}, "indicators.rsi_14.multiplier", ("-1",)),
    (
        "indicators.rsi_14",
        {"type": "ichimoku", "kijun_period": "x"},
        "indicators.rsi_14.kijun_period",
        ("integer", "'x'"),
    ),
    (
        "indicators.rsi_14",
        {"type": "distancefromma", "ma_type": "SMMA"},
        "indicators.rsi_14.ma_type",
        ("'SMMA'", "did you mean"),
    ),
    ("fuzzy_sets.rsi.learnable", "yes", "fuzzy_sets.rsi.learnable", ("true or false", "'yes'")),
    (
        "fuzzy_sets.rsi.oversold",
        {"type": "gaussian", "parameters": [1, 2, 3]},
        "fuzzy_sets.rsi.oversold",
        ("2 numbers [mu, sigma]", "3"),
    ),
    (
        "fuzzy_sets.rsi.oversold",
        {"type": "bell", "parameters": 5},
        "fuzzy_sets.rsi.oversold.parameters",
        ("[a, b, c]", "5"),
    ),
    ("nn_inputs.1", {"catalogue": "technical_75"}, "nn_inputs[1].catalogue", ("did you mean 'technical_75@1'",)),
    ("nn_inputs.1", {"catalogue": 75}, "nn_inputs[1].catalogue", ("75", "technical_75@1")),
    ("nn_inputs.1", {"catalogue": "technical_75@1", "fuzzy_set": "rsi"}, "nn_inputs[1]", ("exactly one",)),
    ("nn_inputs.1", "macd", "nn_inputs[1]", ("must be a mapping", "'macd'")),
    (
        "indicators",
        {
            "macd": {"type": "macd"},
            "macd.signal": {"type": "rsi"},
            "rsi_14": {"type": "rsi"},
            "macd_a": {"type": "macd"},
        },
        "indicators.macd.signal",
        ("output 'signal' of indicator 'macd'", "another id"),
    ),
    (
        "indicators",
        {"": {"type": "rsi"}, "rsi_14": {"type": "rsi"}, "macd_a": {"type": "macd"}},
        'indicators.""',
        ("no name",),
    ),
    ("fuzzy_sets. ", {"indicator": "rsi_14", "low": [0, 1, 2]}, "fuzzy_sets. ", ("no name",)),
    ("fuzzy_sets.rsi", {"indicator": "rsi_14", None: [0, 1, 2]}, 'fuzzy_sets.rsi.""', ("no name",)),
    (
        "fuzzy_sets.rsi.oversold",
        {"type": "triangular", "parameters": {"a": 35, "c": 50}},
        "fuzzy_sets.rsi.oversold.parameters",
        ("a, b, c", "missing: b"),
    ),
    ("fuzzy_sets.rsi.oversold", {"type": "bell"}, "fuzzy_sets.rsi.oversold.parameters", ("required", "[a, b, c]")),
    # what YAML read as something else, or what was meant
    ("name", True, "name", ("must be a text", "YAML reads yes, no, on and off", "quotes")),
    ("name", 5, "name", ("must be a text", "5", "write it in quotes")),
    ("name", date(2020, 1, 2), "name", ("must be a text", "found 2020-01-02", "write it in quotes")),
    ("fuzzy_sets.rsi.indicator", True, "fuzzy_sets.rsi.indicator", ("True", "YAML reads yes")),
    ("nn_inputs.0.fuzzy_set", False, "nn_inputs[0].fuzzy_set", ("False", "YAML reads yes")),
    ("training_data.symbols", [False], "training_data.symbols", ("False", "YAML reads yes")),
    (
        "deployment.target_symbols",
        {"mode": "universal", "restrictions": {"excluded_symbols": ["GME", True]}},
        "deployment.target_symbols.restrictions.excluded_symbols",
        ("True", "YAML reads yes"),
    ),
    ("context_data", [{"provider": "ib", "symbol": True}], "context_data[0].symbol", ("True", "YAML reads yes")),
    ("training_data.symbols", 5, "training_data.symbols", ("5", "write it in quotes")),
    ("training_data.timeframes", 60, "training_data.timeframes", ("60", "write 60m or 1h")),
    ("training_data.timeframes", 5, "training_data.timeframes", ("5", "write 5m")),
    ("training_data.timeframes", [60, "5m"], "training_data.timeframes", ("60", "write 60m or 1h")),
    ("training_data.timeframes", {"timeframe": 60}, "training_data.timeframes", ("60", "write 60m or 1h")),
    ("nn_inputs.0.timeframes", ["5m", "all"], "nn_inputs[0].timeframes", ("write all alone",)),
    ("indicators.rsi_14.period", "14", "indicators.rsi_14.period", ("'14'", "remove the quotes")),
    ("training.learning_rate", "0.01", "training.learning_rate", ("'0.01'", "remove the quotes")),
    ("fuzzy_sets.rsi.oversold", [0, "20", 40], "fuzzy_sets.rsi.oversold", ("'20'", "remove the quotes")),
    ("fuzzy_sets.rsi.learnable", "true", "fuzzy_sets.rsi.learnable", ("'true'", "remove the quotes")),
    ("indicators.rsi_14", {"Type": "rsi", "period": 14}, "indicators.rsi_14.type", ("'Type'", "type: rsi", "lower")),
    ("indicators.rsi_14", {"name": "rsi", "period": 14}, "indicators.rsi_14.type", ("'name'", "write type: rsi")),
    ("training", "supervised", "training", ("must be a mapping", "'supervised'")),
    ("training.labels", "zigzag", "training.labels", ("must be a mapping", "write {source: zigzag}")),
    ("training.labels", "zigzga", "training.labels", ("must be a mapping", "'zigzga'")),
    # symbols
    (
        "training_data.symbols",
        {"selection_criteria": {"asset_class": "forx"}},
        "training_data.symbols.selection_criteria.asset_class",
        ("'forx'", "did you mean 'forex'"),
    ),
    (
        "training_data.symbols",
        {"selection_criteria": {"asset_class": 3}},
        "training_data.symbols.selection_criteria.asset_class",
        ("text", "3"),
    ),
    (
        "training_data.symbols",
        {"selection_criteria": {"max_symbols": 0}},
        "training_data.symbols.selection_criteria.max_symbols",
        ("0", "1 to"),
    ),
    (
        "training_data.symbols",
        {"selection_criteria": ["forex"]},
        "training_data.symbols.selection_criteria",
        ("must be a mapping",),
    ),
    ("training_data.symbols", {"symbol": "A", "list": ["B"]}, "training_data.symbols", ("not both",)),
    # models
    ("model", {"type": "lstm"}, "model.architecture.sequence_length", ("required", "rows")),
    (
        "model",
        {"type": "gru", "architecture": {"sequence_length": 0}},
        "model.architecture.sequence_length",
        ("0", "1 to 5000"),
    ),
    (
        "model",
        {"type": "transformer", "architecture": {"sequence_length": 8, "hidden_size": 30, "num_heads": 4}},
        "model.architecture.num_heads",
        ("4", "30", "allowed"),
    ),
    (
        "model",
        {"type": "lstm", "architecture": {"sequence_length": 8, "attention": "yes"}},
        "model.architecture.attention",
        ("true or false", "'yes'"),
    ),
    ("model.features.include_symbol_context", 1, "model.features.include_symbol_context", ("true or false", "1")),
    ("model.features.price_context", [1], "model.features.price_context", ("must be a mapping",)),
    # decisions
    ("decisions.position_awareness", "no", "decisions.position_awareness", ("true or false", "'no'")),
    ("decisions.allow_short_from_flat", 0, "decisions.allow_short_from_flat", ("true or false", "0")),
    ("decisions.filters", 4, "decisions.filters", ("must be a mapping", "4")),
    ("decisions.filters", {"min_signal_separation": -1}, "decisions.filters.min_signal_separation", ("-1", "0 to")),
    ("decisions.filters", {"volume_filter": "on"}, "decisions.filters.volume_filter", ("true, false or a number",)),
    (
        "decisions.filters",
        {"volume_filter": {"enabled": 1}},
        "decisions.filters.volume_filter.enabled",
        ("true or false", "1"),
    ),
    ("decisions.cost_model", {"round_trip_cost": -0.1}, "decisions.cost_model.round_trip_cost", ("-0.1", "0 to 1")),
    # labels, losses
    ("training.labels", {"source": "triple_barrier", "pt_multiplier": 0}, "training.labels.pt_multiplier", ("0",)),
    ("training.labels", {"source": "triple_barrier", "stop_loss_atr": -1}, "training.labels.stop_loss_atr", ("-1",)),
    ("training.labels", {"source": "triple_barrier", "side": "short"}, "training.labels.side", ("long, both",)),
    (
        "training.labels",
        {"source": "triple_barrier", "cusum_threshold": 0.1, "cusum_multiplier": 1},
        "training.labels.cusum_multiplier",
        ("cusum_threshold",),
    ),
    ("training.labels", {"source": "risk_adjusted", "classes": 4}, "training.labels.classes", ("4",)),
    ("training.labels", {"source": "tripple_barrier"}, "training.labels.source", ("did you mean 'triple_barrier'",)),
    ("training.focal_gamma", -1, "training.focal_gamma", ("-1", "0 to")),
    ("training.fitness_metrics", "accuracy", "training.fitness_metrics", ("must be a mapping", "'accuracy'")),
    ("deployment.target_symbols", {"mode": "univrsal"}, "deployment.target_symbols.mode", ("did you mean",)),
]


@pytest.mark.parametrize(("path", "value", "reported", "words"), FAULTS, ids=lambda item: str(item)[:40])
def test_one_fault_is_one_error_with_path_value_and_help(
    path: str, value: Any, reported: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidStrategy) as caught:
        parse(changed(path, value), where="file.yaml")
    (problem,) = caught.value.problems
    assert problem.path == reported
    assert all(word in problem.message for word in words), problem.message
    assert str(caught.value).startswith("file.yaml: ")


@pytest.mark.parametrize(
    ("path", "value"),
    [("training", "supervised"), ("training", DELETE), ("training.labels", "zigzag"), ("training.labels", "zigzga"),
     ("training_data.timeframes", 60), ("training_data.symbols", 5), ("nn_inputs.0.timeframes", ["5m", "all"]),
     ("model.type", "catboost"), ("model.type", 5), ("model.type", DELETE),
     ("model", {"type": "catboost", "architecture": {"max_depth": 3}, "training": {"n_estimators": 100}})],
)  # fmt: skip
def test_one_fault_brings_no_warning_of_what_follows_from_it(path: str, value: Any) -> None:
    assert [problem.severity for problem in problems(changed(path, value))] == ["error"]


def test_a_type_under_another_key_is_pointed_at_and_nothing_else_is() -> None:
    found = problems(changed("indicators.rsi_14", {"Type": "rsi", "period": 14, "perod": 3}))
    assert [problem.path for problem in found] == [
        "indicators.rsi_14.type",
        "indicators.rsi_14.Type",
        "indicators.rsi_14.perod",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "--epochs: 0 is out of bounds"),
        ({"symbol": "A B"}, "--symbol: "),
        ({"timeframe": "7x"}, "--timeframe: timeframe '7x'"),
        ({"start": "soon"}, "--start-date: must be a date"),
        ({"end": "soon"}, "--end-date: must be a date"),
        ({"end": "2000-01-01"}, "--end-date: the start, 2001-01-01, lies after the end, 2000-01-01"),
        ({"start": "2002-01-01", "end": "2000-01-01"}, "--start-date: the start, 2002-01-01, lies after"),
    ],
)
def test_what_the_command_line_got_wrong_is_blamed_on_the_option(change: dict[str, Any], message: str) -> None:
    document = changed("training_data.start_date", "2001-01-01")
    lines = {"": 1, "training.epochs": 7, "training_data.start_date": 8, "training_data": 9}
    with pytest.raises(InvalidStrategy) as caught:
        ReadStrategy(lambda _: document, lambda _: lines).execute("s.yaml", **change)
    (problem,) = caught.value.problems
    assert problem.line is None
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("document", [None, [], "text", 3, [{"name": "x"}]])
def test_what_is_no_mapping_is_one_error(document: Any) -> None:
    (problem,) = problems(document)
    assert "mapping" in problem.message
    assert problem.severity == "error"


CLASHING = [{"provider": "fred", "id": "a", "series": "X"}, {"provider": "ib", "id": "b", "symbol": "X"}]


@pytest.mark.parametrize(
    ("written", "words"),
    [("X", ("a, b",)), ("fred_Y", ("there is: a, b", "did you mean 'fred_X'"))],
)
def test_a_series_that_is_not_clear_lists_what_there_is(written: str, words: tuple[str, ...]) -> None:
    document = changed("indicators.rsi_14.data_source", written, changed("context_data", CLASHING))
    (problem,) = [item for item in problems(document) if item.severity == "error"]
    assert problem.path == "indicators.rsi_14.data_source"
    assert all(word in problem.message for word in words)


@pytest.mark.parametrize("written", ["a", "fred_X", "fred:X", "fred.X", "FRED_x"])
def test_a_series_may_be_named_in_many_ways(written: str) -> None:
    document = changed("indicators.rsi_14.data_source", written, changed("context_data", CLASHING))
    assert parse(document).indicators["rsi_14"].data_source == "a"


OLDER = [{"provider": "fred", "series": ["A", "B"]}, {"provider": "cftc_cot", "report": "EUR", "id": "crowd"}]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("fred_B", "B"),
        ("yield_spread_A_B", "yield_spread_A_B"),
        ("Yield_Spread_b_a", "yield_spread_B_A"),
        ("cot_EUR_net_pos", "crowd"),
        ("cot_eur_net_pct", "cot_EUR_net_pct"),
    ],
)
def test_ids_of_older_files_are_read(written: str, meant: str) -> None:
    document = changed("indicators.rsi_14.data_source", written, changed("context_data", OLDER))
    assert parse(document).indicators["rsi_14"].data_source == meant


def test_what_a_made_series_is_made_of_counts_as_read() -> None:
    document = changed("indicators.rsi_14.data_source", "yield_spread_A_B", changed("context_data", OLDER))
    (warning,) = [item for item in parse(document).warnings if item.path.startswith("context_data")]
    assert warning.message == "'crowd' is read by no indicator"


def test_an_id_that_is_chosen_counts_before_a_made_one() -> None:
    chosen = [*OLDER, {"provider": "ib", "symbol": "X", "id": "yield_spread_A_B"}]
    document = changed("indicators.rsi_14.data_source", "yield_spread_A_B", changed("context_data", chosen))
    (feature, *_) = resolve(parse(document))
    assert feature.source is not None
    assert feature.source.data_source == "ib/X"


def test_several_faults_are_all_reported_at_once() -> None:
    document = changed("indicators.rsi_14.period", 0)
    document = changed("training.epochs", -5, document)
    document = changed("nn_inputs.0.timeframes", ["2h"], document)
    document = changed("decisions.confidence_threshold", 7, document)
    paths = {problem.path for problem in problems(document)}
    assert {
        "indicators.rsi_14.period",
        "training.epochs",
        "nn_inputs[0].timeframes",
        "decisions.confidence_threshold",
    } <= paths


def test_a_faulty_indicator_is_not_reported_again_by_what_refers_to_it() -> None:
    found = problems(changed("indicators.rsi_14.type", "rsii"))
    assert [problem.path for problem in found] == ["indicators.rsi_14.type"]


def test_equal_ids_of_two_entries_name_both() -> None:
    document = changed("fuzzy_sets.rsi_fast", {"indicator": "rsi_14", "oversold": [0, 20, 40]})
    document = changed("fuzzy_sets.rsi.fast_oversold", [0, 20, 40], document)
    document["nn_inputs"].append({"fuzzy_set": "rsi_fast"})
    (problem,) = problems(document)
    assert problem.path == "nn_inputs[2]"
    assert "5m_rsi_fast_oversold" in problem.message
    assert "'rsi_fast'" in problem.message
    assert "nn_inputs[0]" in problem.message


UNKNOWN_KEYS = [
    ("descripton", "description"),
    ("training_data.symbls", "symbols"),
    ("training_data.history_requird", "history_required"),
    ("indicators.rsi_14.perod", "period"),
    ("nn_inputs.0.timeframe", "timeframes"),
    ("model.architecture.drop_out", "dropout"),
    ("model.features.lookback_period", "lookback_periods"),
    ("model.training.epoch", "epochs"),
    ("decisions.confidence_treshold", "confidence_threshold"),
    ("training.learning_rte", "learning_rate"),
    ("training.labels.label_lookahed", "label_lookahead"),
    ("training.data_split.embargo_bar", "embargo_bars"),
    ("training.early_stopping.patienc", "patience"),
]


@pytest.mark.parametrize(("path", "nearest"), UNKNOWN_KEYS)
def test_an_unknown_key_is_a_warning_that_names_path_and_nearest_key(path: str, nearest: str) -> None:
    strategy = parse(changed(path, 1))
    (warning,) = strategy.warnings
    assert warning.path == path.replace("nn_inputs.0", "nn_inputs[0]")
    assert f"did you mean {nearest!r}" in warning.message


def test_the_small_document_is_valid_without_a_warning() -> None:
    assert problems(small()) == ()
