"""What a document means: shorthands, defaults, precedence, order."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from samples.documents import DELETE, changed, small

from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.document import Reference, Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.override import override
from ktrdr.domain.training.effective import training_settings


def ids(document: dict[str, Any]) -> list[str]:
    return [feature.id for feature in resolve(parse(document))]


@pytest.mark.parametrize(
    "symbols",
    [
        "AAPL",
        ["AAPL"],
        {"mode": "single", "symbol": "AAPL"},
        {"mode": "single", "list": ["AAPL"]},
        {"symbols": ["AAPL"]},
    ],
)
def test_one_symbol_may_be_written_in_many_ways(symbols: Any) -> None:
    choice = parse(changed("training_data.symbols", symbols)).training_data.symbols
    assert (choice.mode, choice.symbols) == ("single", ("AAPL",))


@pytest.mark.parametrize("symbols", [["A", "B"], {"mode": "multi_symbol", "list": ["A", "B"]}, {"symbols": ["A", "B"]}])
def test_several_symbols_are_multi_symbol(symbols: Any) -> None:
    choice = parse(changed("training_data.symbols", symbols)).training_data.symbols
    assert (choice.mode, choice.symbols) == ("multi_symbol", ("A", "B"))


@pytest.mark.parametrize("timeframes", ["5m", ["5m"], {"timeframe": "5m"}, {"mode": "single", "list": ["5m"]}])
def test_one_timeframe_may_be_written_in_many_ways(timeframes: Any) -> None:
    assert parse(changed("training_data.timeframes", timeframes)).training_data.timeframes.timeframes == ("5m",)


@pytest.mark.parametrize("version", ["3.0", 3.0, 3, DELETE])
def test_version_three_may_be_written_as_number_or_left_out(version: Any) -> None:
    assert parse(changed("version", version)).version == "3.0"


def test_dates_may_be_dates_texts_or_a_range() -> None:
    for document in (
        changed("training_data.start_date", date(2020, 1, 31)),
        changed("training_data.start_date", "2020-01-31"),
        changed("training_data.date_range", {"start": date(2020, 1, 31)}),
    ):
        assert parse(document).training_data.start == "2020-01-31"


def test_types_and_aliases_do_not_depend_on_case() -> None:
    document = changed("indicators.avg", {"type": "SimpleMovingAverage", "period": 5})
    document = changed("indicators.rsi_14.type", "RSI", document)
    strategy = parse(changed("indicators.macd_a", {"type": "MACD", "fast": 3, "slow": 6, "signal": 2}, document))
    assert strategy.indicators["avg"].type == "sma"
    assert strategy.indicators["rsi_14"].type == "rsi"
    assert {"fast_period": 3, "slow_period": 6, "signal_period": 2}.items() <= dict(
        strategy.indicators["macd_a"].parameters
    ).items()


def test_a_bare_reference_means_the_primary_output() -> None:
    strategy = parse(changed("fuzzy_sets.macd.indicator", "macd_a"))
    assert strategy.fuzzy_sets["macd"].reference == Reference("macd_a", "line", "macd_a")


def test_an_indicator_id_with_a_dot_is_found_before_an_output() -> None:
    document = changed("indicators", small()["indicators"] | {"sma_2.5": {"type": "sma", "period": 5}})
    document["nn_inputs"].append({"raw_indicator": "sma_2.5"})
    assert ids(document)[-1] == "5m_sma_2.5_raw"


def test_bare_lists_choose_the_membership_by_their_length() -> None:
    document = changed("fuzzy_sets.rsi", {"indicator": "rsi_14", "a": [0, 1, 2], "b": [0, 1, 2, 3], "c": [50, 10]})
    kinds = [item.type for item in parse(document).fuzzy_sets["rsi"].memberships]
    assert kinds == ["triangular", "trapezoidal", "gaussian"]


def multi_timeframe() -> dict[str, Any]:
    frames = {"mode": "multi_timeframe", "list": ["1h", "5m"], "base_timeframe": "5m"}
    return changed("training_data.timeframes", frames)


def test_order_is_entries_then_timeframes_then_memberships_then_lags_then_context() -> None:
    document = multi_timeframe()
    document["nn_inputs"] = [
        {"raw_indicator": "macd_a.line", "timeframes": "1h", "normalization": "zscore"},
        {"fuzzy_set": "rsi", "timeframes": "all"},
    ]
    document["model"]["features"] = {"lookback_periods": 3, "include_price_context": True}
    current = [
        "1h_macd_a.line_raw",
        *(f"{timeframe}_rsi_{name}" for timeframe in ("1h", "5m") for name in ("oversold", "neutral", "overbought")),
    ]
    found = ids(document)
    assert found[:7] == current
    assert found[7:21] == [f"{name}_lag_{lag}" for lag in (1, 2) for name in current]
    assert found[21:] == ["5m_price_return_1", "5m_price_return_5", "5m_price_ma_distance_20"]


def test_entry_timeframes_keep_the_order_in_which_they_are_written() -> None:
    document = multi_timeframe()
    document["nn_inputs"] = [{"fuzzy_set": "macd", "timeframes": ["5m", "1h"]}]
    assert ids(document) == ["5m_macd_down", "5m_macd_up", "1h_macd_down", "1h_macd_up"]


def test_scaling_reaches_the_features_unless_their_entry_says_otherwise() -> None:
    document = changed("nn_inputs.1", {"raw_indicator": "macd_a", "normalization": "minmax"})
    document["model"]["features"] = {"scale_features": True, "scaling_method": "standard"}
    scalings = [feature.normalization for feature in resolve(parse(document))]
    assert scalings == ["zscore", "zscore", "zscore", "minmax"]


def setting(strategy: Strategy, path: str) -> tuple[Any, str]:
    return next((item.value, item.origin) for item in strategy.settings if item.path == path)


def test_precedence_is_command_line_training_model_training_default() -> None:
    document = changed("model.training", {"epochs": 7, "learning_rate": 0.5, "weight_decay": 0.25})
    document = changed("training.learning_rate", 0.125, document)
    strategy = parse(document, command_line={"epochs": 1})
    assert setting(strategy, "training.epochs") == (1, "command line")
    assert setting(strategy, "training.learning_rate") == (0.125, "training")
    assert setting(strategy, "training.weight_decay") == (0.25, "model.training")
    assert setting(strategy, "training.optimizer") == ("adam", "default")
    settings = training_settings(strategy)
    assert (settings.epochs, settings.learning_rate, settings.weight_decay) == (1, 0.125, 0.25)


@pytest.mark.parametrize(
    ("written", "kind"),
    [(True, "reduce_on_plateau"), (False, "constant"), ("cosine", "cosine"), ({"type": "step", "gamma": 0.5}, "step")],
)
def test_a_scheduler_may_be_one_word(written: Any, kind: str) -> None:
    assert training_settings(parse(changed("training.lr_scheduler", written))).lr_scheduler.type == kind


def test_early_stopping_may_be_one_word() -> None:
    assert not training_settings(parse(changed("training.early_stopping", False))).early_stopping.enabled


def test_documented_defaults() -> None:
    document = changed("training", {"labels": small()["training"]["labels"]})
    document["model"] = {"type": "mlp"}
    strategy = parse(document)
    settings = training_settings(strategy)
    assert (settings.optimizer, settings.learning_rate, settings.batch_size, settings.epochs) == (
        "adam",
        0.001,
        32,
        100,
    )
    assert (settings.weight_decay, settings.gradient_clip, settings.seed) == (0.0, 1.0, 0)
    assert (settings.early_stopping.patience, settings.early_stopping.min_delta) == (15, 0.0001)
    assert settings.lr_scheduler.type == "constant"
    assert strategy.model.architecture["dropout"] == 0.2
    assert (strategy.split.train, strategy.split.validation, strategy.split.test) == (0.7, 0.15, 0.15)
    assert strategy.decisions.confidence_threshold == 0.5


def test_no_labels_means_zigzag_and_is_said_aloud() -> None:
    strategy = parse(changed("training.labels", DELETE))
    assert strategy.labels.source == "zigzag"
    assert strategy.labels.parameters["zigzag_threshold"] == {"atr": 2.0}
    assert [warning.path for warning in strategy.warnings] == ["training.labels"]


def test_sections_without_effect_are_kept_and_warned_about() -> None:
    strategy = parse(changed("backtesting", {"capital": 1000}))
    assert strategy.kept == {"backtesting": {"capital": 1000}}
    assert [warning.path for warning in strategy.warnings] == ["backtesting"]


def test_regression_labels_choose_a_regression_loss() -> None:
    document = changed("training.labels", {"source": "forward_return", "horizon": 5})
    with pytest.raises(InvalidStrategy, match="contradicts"):
        parse(document)
    strategy = parse(changed("decisions.output_format", "regression", document))
    assert strategy.training["loss"] == "mse"


def test_the_command_line_makes_a_new_strategy() -> None:
    document = override(multi_timeframe(), symbol="MSFT", timeframe="1h", start="2020-01-01", end="2021-01-01")
    data = parse(document).training_data
    assert data.symbols.symbols == ("MSFT",)
    assert (data.timeframes.timeframes, data.timeframes.base) == (("1h", "5m"), "1h")
    assert (data.start, data.end) == ("2020-01-01", "2021-01-01")
    assert (
        parse(override(changed("nn_inputs.1.timeframes", "all"), timeframe="1d")).training_data.timeframes.base == "1d"
    )


@pytest.mark.parametrize("timeframes", [{"list": 5}, {"list": "15m"}, {"list": ["15m"]}, "15m", 5, None])
def test_override_replaces_timeframes_that_do_not_list_the_new_one(timeframes: Any) -> None:
    document = override(changed("training_data.timeframes", timeframes), timeframe="5m")
    assert document["training_data"]["timeframes"] == {"mode": "single", "timeframe": "5m"}


def test_override_keeps_the_other_end_of_a_date_range() -> None:
    document = changed("training_data.date_range", {"start": "2019-01-01", "end": "2022-01-01"})
    data = parse(override(document, end="2020-01-01")).training_data
    assert (data.start, data.end) == ("2019-01-01", "2020-01-01")
