"""Nothing that a document says is silently without effect."""

from __future__ import annotations

from typing import Any

import pytest
from samples.documents import changed, small

from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.writing.render import render

REGRESSION = changed(
    "training.labels", {"source": "forward_return"}, changed("decisions", {"output_format": "regression"})
)


@pytest.mark.parametrize(
    ("path", "value", "document"),
    [
        ("decisions.confidence_threshold", 0.9, REGRESSION),
        ("training.class_weights", "balanced", REGRESSION),
        ("training.huber_delta", 2.0, REGRESSION),
        ("model.training.huber_delta", 2.0, REGRESSION),
        ("training.lr_scheduler", {"type": "cosine", "gamma": 0.5}, small()),
        ("training.lr_scheduler", {"type": "step", "patience": 3}, small()),
        ("training.lr_scheduler", {"factor": 0.5, "patience": 5}, small()),
        ("training.lr_scheduler", {}, small()),
        ("model.training", {"lr_scheduler": {"patience": 3}}, small()),
        ("training.early_stopping", {"enabled": False, "patience": 3}, small()),
        ("training.early_stopping", {"enabled": False, "patience": 15}, small()),
        ("training.focal_gamma", 2.0, small()),
        ("training.huber_delta", 1.0, small()),
        ("decisions.confidence_threshold", 0.5, REGRESSION),
        ("decisions.filters", {"volume_filter": {"enabled": False, "min_ratio": 2}}, small()),
        ("decisions.filters", {"volume_filter": {"enabled": False, "multiple": 2}}, small()),
        ("indicators.rsi_14", {"type": "rsi", "source": None}, small()),
        ("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": None}, {"fuzzy_set": "macd"}], small()),
        ("decisions.filters", None, small()),
        ("model.features", None, small()),
        ("deployment", None, small()),
        ("description", None, small()),
        ("deployment.target_symbols", {"mode": "universal", "restrictions": None}, small()),
        ("orchestrator", None, small()),
        ("model.features.scaling_method", "minmax", small()),
        ("decisions.cost_model", {"round_trip_cost": 0.1}, small()),
        (
            "fuzzy_sets.rsi.neutral",
            {"type": "triangular", "parameters": {"a": 35, "b": 50, "c": 65, "d": 99}},
            small(),
        ),
        ("indicators.spare", {"type": "sma"}, small()),
        ("fuzzy_sets.spare", {"indicator": "rsi_14", "low": [0, 1, 2]}, small()),
        ("training.gradient_clip", None, small()),
        ("model.training", {"labels": {"source": "forward_return"}}, small()),
        ("training.labels", {"zigzag_threshold": 0.02}, small()),
        ("version", "3.1", small()),
        ("deployment.target_timeframes", {"supported": ["1h"]}, small()),
        ("model.training", {"epochs": 7}, small()),
        ("model.training", {"early_stopping": {"enabled": False}}, changed("training.early_stopping", True)),
        ("decisions.cost_model", {"min_edge_multiplier": 3.0}, REGRESSION),
        ("decisions.cost_model", {"round_trip_cost": 0.01, "min_edge_multiplier": 0.0}, REGRESSION),
        ("deployment.target_symbols", {"restrictions": {"asset_classes": ["stock"]}}, small()),
        ("deployment.target_symbols", {"mode": "group_restricted"}, small()),
        ("deployment.target_symbols", {"restrictions": {"excluded_symbols": ["SIM_STOCK"]}}, small()),
    ],
)
def test_it_is_warned_about(path: str, value: Any, document: dict[str, Any]) -> None:
    before = set(parse(document).warnings)
    (warning,) = set(parse(changed(path, value, document)).warnings) - before
    assert warning.path.startswith(path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.lr_scheduler", {"type": "cosine", "min_lr": 0.0001}),
        ("training.lr_scheduler", {"type": "step", "step_size": 3, "gamma": 0.5}),
        ("training.early_stopping", {"enabled": True, "patience": 3}),
        ("model.features", {"scale_features": True, "scaling_method": "minmax"}),
        ("training.lr_scheduler", False),
        ("training.lr_scheduler", {"type": "constant", "min_lr": 0}),
        ("decisions.filters", {"volume_filter": {"enabled": False}}),
        ("model.architecture", {"hidden_layers": [], "dropout": 0, "batch_norm": False}),
    ],
)
def test_what_has_an_effect_is_not(path: str, value: Any) -> None:
    assert parse(changed(path, value)).warnings == ()


def test_a_schedule_without_a_type_waits_for_a_plateau() -> None:
    for written in ({"factor": 0.25}, {}):
        strategy = parse(changed("training.lr_scheduler", written))
        assert strategy.training["lr_scheduler.type"] == "reduce_on_plateau"
        assert strategy.training["lr_scheduler.factor"] == written.get("factor", 0.5)
    there = changed("training.lr_scheduler", {"factor": 0.5}, changed("model.training.lr_scheduler", "step"))
    assert parse(there).training["lr_scheduler.type"] == "step"


@pytest.mark.parametrize(
    "document",
    [
        small(),
        REGRESSION,
        changed("training.early_stopping.enabled", False),
        changed("model.architecture.hidden_layers", []),
        changed("training.labels", {"source": "volatility"}, changed("decisions", {"output_format": "regression"})),
        changed("training.labels", {"source": "market_regime"}),
        changed("decisions.filters", {"volume_filter": True}),
    ],
)
def test_a_strategy_written_out_warns_of_nothing_that_its_document_did_not(document: dict[str, Any]) -> None:
    strategy = parse(document)
    again = parse(render(strategy))
    assert again == strategy
    assert set(again.warnings) <= set(strategy.warnings)


def test_what_the_file_keeps_for_others_is_not_searched_for_empty_keys() -> None:
    (warning,) = parse(changed("backtesting", {"capital": None})).warnings
    assert warning.path == "backtesting"


def test_a_mapping_of_nothing_is_told_once() -> None:
    (problem,) = problems(changed("indicators.macd_a", None))
    assert problem.path == "indicators.macd_a.type"


def test_model_training_is_read_where_training_is_silent() -> None:
    document = small()
    document["model"]["training"] = {
        "labels": document["training"].pop("labels") | {"label_lookahead": 7},
        "data_split": document["training"].pop("data_split"),
        "fitness_metrics": {"primary": "accuracy"},
    }
    strategy = parse(document)
    assert strategy.warnings == ()
    assert strategy.labels.parameters["label_lookahead"] == 7
    assert strategy.training["fitness_metrics.primary"] == "accuracy"
    origins = {item.path: item.origin for item in strategy.settings}
    assert origins["model.training.labels.label_lookahead"] == "model.training.labels"


def test_what_cannot_be_watched_is_refused() -> None:
    found = problems(changed("training.early_stopping.monitor", "val_accuracy", REGRESSION))
    assert [problem.path for problem in found] == ["training.early_stopping.monitor"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sets": {"lo": [0, 1, 2], "lo_lag_1": [0, 1, 2]}}, ("5m_rsi_lo_lag_1", "at lag 1")),
        ({"name": "price", "sets": {"return_1": [0, 1, 2]}}, ("5m_price_return_1", "context feature")),
    ],
)
def test_lags_and_context_features_may_not_share_an_id_with_another(
    change: dict[str, Any], words: tuple[str, ...]
) -> None:
    name = change.get("name", "rsi")
    document = changed(f"fuzzy_sets.{name}", {"indicator": "rsi_14", **change["sets"]})
    document["nn_inputs"][0]["fuzzy_set"] = name
    document["model"]["features"] = {"lookback_periods": 2, "include_price_context": True}
    errors = [problem for problem in problems(document) if problem.severity == "error"]
    assert len(errors) == 1
    assert all(word in errors[0].message for word in words)


def test_a_return_may_not_be_asked_for_twice() -> None:
    features = {"include_price_context": True, "price_context": {"returns": [1, 1]}}
    (problem,) = problems(changed("model.features", features))
    assert problem.path == "model.features.price_context.returns"


def test_settings_name_data_labels_and_model_with_their_origin() -> None:
    strategy = parse(small(), command_line={"epochs": 9}, overridden={"training_data.symbols": "--symbol"})
    found = {item.path: (item.value, item.origin) for item in strategy.settings}
    assert found["training_data.symbols"] == (["SIM_STOCK"], "command line")
    assert found["training_data.timeframes"] == (["5m"], "training_data")
    assert found["training_data.start_date"] == (None, "default")
    assert found["training.labels.source"] == ("zigzag", "training.labels")
    assert found["model.type"] == ("mlp", "model")
    assert found["training.epochs"] == (9, "command line")
    assert found["training.data_split.train"] == (0.7, "training.data_split")


def test_two_spellings_of_one_length_are_refused() -> None:
    (problem,) = problems(
        changed("training_data.timeframes", ["1h", "60m"])
        | {"nn_inputs": [{"fuzzy_set": "rsi"}, {"fuzzy_set": "macd"}]}
    )
    assert "two spellings" in problem.message


def test_a_fault_of_the_command_line_names_the_option_and_no_file() -> None:
    with pytest.raises(ValueError, match=r"^--epochs: 0 is out of bounds"):
        parse(small(), where="s.yaml", command_line={"epochs": 0})
