"""symbol_overrides: what is read, what is refused, and what a strategy is for one symbol."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from samples.documents import changed, small

from ktrdr.adapters.strategies.yaml_file import find_lines, read_document
from ktrdr.application.use_cases.read_strategy import ReadStrategy
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.strategy.writing.render import render

LISTED = changed("training_data.symbols", ["AAPL", "EURUSD", "^GSPC"])
LABELS = "training.labels"


def written(overrides: Any) -> dict[str, Any]:
    return {**LISTED, "symbol_overrides": overrides}


def found(overrides: Any, severity: str = "error") -> dict[str, str]:
    """Return the messages of one severity by path, without the section's own name."""
    return {
        problem.path.removeprefix("symbol_overrides."): problem.message
        for problem in problems(written(overrides))
        if problem.severity == severity
    }


def own(strategy: Strategy, symbol: str, asset_class: str) -> tuple[Any, ...]:
    """Return what the tests below override."""
    found = strategy_for(strategy, symbol, asset_class)
    return (
        found.indicators["rsi_14"].parameters["period"],
        found.labels.parameters["zigzag_threshold"],
        found.decisions.confidence_threshold,
    )


HIERARCHY = {
    "defaults": {"decisions": {"confidence_threshold": 0.6}, "indicators": {"rsi_14": {"period": 10}}},
    "asset_classes": {"forex": {"training": {"labels": {"zigzag_threshold": {"atr": 2}}}}, "index": {}},
    "symbols": {
        "EURUSD": {"indicators": {"rsi_14": {"period": 21}}, "decisions": {"confidence_threshold": 0.7}},
        "GSPC": {"indicators": {"rsi_14": {"period": 30}}},
    },
}


@pytest.mark.parametrize(
    ("symbol", "asset_class", "expected"),
    [
        ("AAPL", "stock", (10, {"atr": 1.0}, 0.6)),
        ("GBPUSD", "forex", (10, {"atr": 2.0}, 0.6)),
        ("EURUSD", "forex", (21, {"atr": 2.0}, 0.7)),
        ("EURUSD", "stock", (21, {"atr": 1.0}, 0.7)),
        ("^GSPC", "index", (30, {"atr": 1.0}, 0.6)),
    ],
)
def test_a_symbol_wins_over_its_class_and_that_over_the_defaults(
    symbol: str, asset_class: str, expected: tuple[Any, ...]
) -> None:
    assert own(parse(written(HIERARCHY)), symbol, asset_class) == expected


def test_nothing_written_is_nothing_changed() -> None:
    strategy = parse(small())
    assert strategy_for(strategy, "AAPL", "stock") is strategy
    assert "symbol_overrides" not in render(strategy)


def test_layers_may_stand_side_by_side_and_labels_without_training() -> None:
    short = {
        "forex": {"labels": {"zigzag_threshold": {"atr": 2}}},
        "EURUSD": {"indicators": {"rsi_14": {"period": 21}}},
    }
    full = {
        "asset_classes": {"forex": {"training": {"labels": {"zigzag_threshold": {"atr": 2}}}}},
        "symbols": {"EURUSD": {"indicators": {"rsi_14": {"period": 21}}}},
    }
    assert parse(written(short)) == parse(written(full))
    assert parse(render(parse(written(short)))) == parse(written(full))


def test_an_alias_and_a_shorthand_mean_what_they_mean_elsewhere() -> None:
    overrides = {
        "indicators": {"macd_a": {"fast": 5, "slow": 50}},
        "fuzzy_sets": {"rsi": {"neutral": [30, 40, 60, 70]}},
        "decisions": {"filters": {"volume_filter": True}},
    }
    strategy = strategy_for(parse(written({"symbols": {"AAPL": overrides}})), "AAPL", "stock")
    assert strategy.indicators["macd_a"].parameters["fast_period"] == 5
    assert strategy.indicators["macd_a"].parameters["signal_period"] == 9
    neutral = strategy.fuzzy_sets["rsi"].memberships[1]
    assert (neutral.name, neutral.type, neutral.parameters) == ("neutral", "trapezoidal", (30, 40, 60, 70))
    assert strategy.decisions.volume_filter == 1.0


def test_a_volume_filter_can_be_switched_off_again() -> None:
    document = changed(
        "decisions.filters",
        {"volume_filter": 1.5},
        written({"AAPL": {"decisions": {"filters": {"volume_filter": False}}}}),
    )
    strategy = parse(document)
    assert strategy_for(strategy, "AAPL", "stock").decisions.volume_filter is None
    assert strategy_for(strategy, "EURUSD", "forex").decisions.volume_filter == 1.5
    assert parse(render(strategy)) == strategy


def test_every_effective_value_says_which_layer_it_comes_from() -> None:
    strategy = strategy_for(parse(written(HIERARCHY)), "EURUSD", "forex")
    origins = {item.path: (item.value, item.origin) for item in strategy.settings}
    assert origins["training.labels.zigzag_threshold"] == ({"atr": 2.0}, "symbol_overrides.asset_classes.forex")
    assert origins["indicators.rsi_14.period"] == (21, "symbol_overrides.symbols.EURUSD")
    assert origins["decisions.confidence_threshold"] == (0.7, "symbol_overrides.symbols.EURUSD")
    assert not [path for path in origins if path.startswith("symbol_overrides")]
    listed = {item.path: item.value for item in parse(written(HIERARCHY)).settings}
    assert listed["symbol_overrides.symbols.EURUSD.indicators.rsi_14.period"] == 21


A = "symbols.AAPL"
REFUSED = [
    ({"indicators": {"rsi_99": {"period": 3}}}, "indicators.rsi_99", "'rsi_99' is not defined, the features"),
    ({"indicators": {"rsi_14": {"type": "roc"}}}, "indicators.rsi_14.type", "cannot be 'roc' here: the features"),
    ({"indicators": {"rsi_14": {"data_source": "x"}}}, "indicators.rsi_14.data_source", "cannot be 'x' here"),
    ({"indicators": {"rsi_14": {"scale": "atr"}}}, "indicators.rsi_14.scale", "cannot be 'atr' here"),
    ({"indicators": {"rsi_14": {"period": 0}}}, "indicators.rsi_14.period", "0 is out of bounds; allowed: 2"),
    ({"indicators": {"rsi_14": 3}}, "indicators.rsi_14", "must be a mapping, found 3"),
    ({"indicators": {"macd_a": {"fast": 30}}}, "indicators.macd_a", "fast_period must be below slow_period"),
    ({"fuzzy_sets": {"rsy": {}}}, "fuzzy_sets.rsy", "did you mean 'rsi'?"),
    ({"fuzzy_sets": {"rsi": {"extreme": [0, 1, 2]}}}, "fuzzy_sets.rsi.extreme", "[0, 1, 2] would add a feature"),
    ({"fuzzy_sets": {"rsi": {"neutrl": [0, 1, 2]}}}, "fuzzy_sets.rsi.neutrl", "did you mean 'neutral'?"),
    ({"fuzzy_sets": {"rsi": {"neutral": None}}}, "fuzzy_sets.rsi.neutral", "cannot be left out"),
    ({"fuzzy_sets": {"rsi": {"neutral": [9, 5, 1]}}}, "fuzzy_sets.rsi.neutral", ""),
    ({"fuzzy_sets": {"rsi": {"indicator": "macd_a"}}}, "fuzzy_sets.rsi.indicator", "cannot be 'macd_a' here"),
    ({"fuzzy_sets": {"rsi": {"learnable": True}}}, "fuzzy_sets.rsi.learnable", "share one model"),
    ({"training": {"labels": {"source": "direction"}}}, "training.labels.source", "cannot be 'direction' here"),
    ({"training": {"labels": {"method": "segments"}}}, "training.labels.method", "labels of one kind"),
    ({"training": {"labels": {"zigzag_threshold": -1}}}, "training.labels.zigzag_threshold", "-1 is out of bounds"),
    ({"training": {"epochs": 3}}, "training.epochs", "cannot be 3 here: all symbols are trained alike"),
    ({"decisions": {"output_format": "regression"}}, "decisions.output_format", "cannot be 'regression' here"),
    ({"decisions": {"confidence_threshold": 2}}, "decisions.confidence_threshold", "allowed: 0 to 1"),
    ({"nn_inputs": []}, "nn_inputs", "cannot be [] here: the features would be others"),
    ({"model": {"type": "lstm"}}, "model", "all symbols share one model"),
    ({"name": "other"}, "name", "it belongs to the strategy as a whole"),
]  # fmt: skip


@pytest.mark.parametrize(("override", "path", "message"), REFUSED, ids=[row[1] for row in REFUSED])
def test_what_would_change_the_features_or_is_out_of_bounds_is_refused(
    override: dict[str, Any], path: str, message: str
) -> None:
    errors = found({"symbols": {"AAPL": override}})
    assert list(errors) == [f"{A}.{path}"]
    assert message in errors[f"{A}.{path}"]


@pytest.mark.parametrize(
    ("overrides", "path", "message"),
    [
        ({"asset_classes": {"forx": {}}}, "asset_classes.forx", "did you mean 'forex'?"),
        ({"symbols": {"A B": {}}}, "symbols.A B", "is not valid"),
        ({"symbols": ["AAPL"]}, "symbols", "must be a mapping"),
        ({"symbols": {"AAPL": {}}, "AAPL": {}}, "AAPL", "given twice, here and in symbol_overrides.symbols.AAPL"),
        ({"symbols": {"^GSPC": {}, "GSPC": {}}}, "symbols.GSPC", "given twice"),
        ({"asset_classes": {"stock": {}, "Stock": {}}}, "asset_classes.Stock", "given twice"),
        ([], "symbol_overrides", "must be a mapping"),
    ],
)
def test_whom_it_concerns_must_be_known(overrides: Any, path: str, message: str) -> None:
    errors = found(overrides)
    assert list(errors) == [path]
    assert message in errors[path]


@pytest.mark.parametrize(
    ("overrides", "path", "message"),
    [
        ({"symbls": {}}, "symbls", "did you mean 'symbols'?"),
        ({"symbols": {"AAPL": {"indicatorz": {}}}}, f"{A}.indicatorz", "did you mean 'indicators'?"),
        ({"symbols": {"AAPL": {"indicators": {"rsi_14": {"perid": 3}}}}}, f"{A}.indicators.rsi_14.perid", "'period'?"),
        ({"symbols": {"APPL": {}}}, "symbols.APPL", "did you mean 'AAPL'?"),
        ({"symbols": {"AAPL": {"decisions": {"cost_model": {}}}}}, f"{A}.decisions.cost_model", "no effect"),
    ],
)
def test_what_has_no_effect_is_warned_about(overrides: Any, path: str, message: str) -> None:
    warnings = found(overrides, "warning")
    assert list(warnings) == [path]
    assert message in warnings[path]


def test_faults_of_overrides_are_told_with_all_others() -> None:
    document = written({"symbols": {"AAPL": {"indicators": {"rsi_14": {"period": 0}}}}})
    paths = {problem.path for problem in problems(changed("training.epochs", -1, document))}
    assert paths == {"training.epochs", "symbol_overrides.symbols.AAPL.indicators.rsi_14.period"}


def test_a_learnable_set_has_one_form_for_all() -> None:
    document = changed(
        "fuzzy_sets.rsi.learnable", True, written({"AAPL": {"fuzzy_sets": {"rsi": {"neutral": [0, 5, 9]}}}})
    )
    (problem,) = [item for item in problems(document) if item.severity == "error"]
    assert problem.path == "symbol_overrides.AAPL.fuzzy_sets.rsi.neutral"
    assert "the model tunes it for all symbols together" in problem.message


def test_an_override_that_would_give_other_classes_is_refused() -> None:
    document = changed(LABELS, {"source": "risk_adjusted", "classes": 3}, written({"AAPL": {"labels": {"classes": 5}}}))
    (problem,) = [item for item in problems(document) if item.severity == "error"]
    assert problem.path == "symbol_overrides.AAPL.training.labels"
    assert "would give the classes" in problem.message


def test_a_symbol_may_need_its_class_to_go_together() -> None:
    overrides = {
        "crypto": {"indicators": {"macd_a": {"slow_period": 60}}},
        "symbols": {"AAPL": {"indicators": {"macd_a": {"fast_period": 40}}}},
    }
    strategy = parse(written(overrides))
    assert strategy_for(strategy, "AAPL", "crypto").indicators["macd_a"].parameters["fast_period"] == 40
    with pytest.raises(InvalidInput, match=r"AAPL \(stock\): indicators.macd_a: fast_period must be below slow_period"):
        strategy_for(strategy, "AAPL", "stock")


# --- from files -------------------------------------------------------------------------------------------------------


@pytest.fixture
def reader() -> ReadStrategy:
    return ReadStrategy(read_document, find_lines)


def put(path: Path, document: Any) -> Path:
    path.write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=False), encoding="utf-8")
    return path


def test_a_file_takes_the_place_of_the_section(tmp_path: Path, reader: ReadStrategy) -> None:
    strategy = put(tmp_path / "strategy.yaml", written({"forex": {"indicators": {"rsi_14": {"period": 7}}}}))
    configs = put(tmp_path / "configs.yaml", HIERARCHY)
    effective = reader.execute(strategy, symbol_configs=configs)
    assert effective == parse(written(HIERARCHY))
    origins = {item.path: item.origin for item in effective.settings}
    assert origins["symbol_overrides.symbols.EURUSD.indicators.rsi_14.period"] == "command line"
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    assert reader.execute(strategy, symbol_configs=empty) == parse(LISTED)


def test_a_problem_names_the_file_and_the_line(tmp_path: Path, reader: ReadStrategy) -> None:
    strategy = put(tmp_path / "strategy.yaml", written({"symbols": {"AAPL": {"nn_inputs": []}}}))
    line = strategy.read_text().splitlines().index("      nn_inputs: []") + 1
    with pytest.raises(InvalidStrategy, match=rf"strategy\.yaml:{line}: symbol_overrides\.symbols\.AAPL\.nn_inputs: "):
        reader.execute(strategy)
    configs = tmp_path / "configs.yaml"
    configs.write_text("symbols:\n  AAPL:\n    indicatorz: {}\n")
    (warning,) = reader.execute(strategy, symbol_configs=configs).warnings
    assert warning.located("strategy.yaml").startswith(f"{configs}:3: symbol_overrides.symbols.AAPL.indicatorz: ")
    configs.write_text("symbols:\n  AAPL:\n    model: x\n")
    with pytest.raises(InvalidStrategy, match=r"configs\.yaml:3: symbol_overrides\.symbols\.AAPL\.model: cannot be"):
        reader.execute(strategy, symbol_configs=configs)
