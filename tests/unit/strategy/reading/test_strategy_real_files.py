"""Files as people really write them: they load, and give the features that the order rule asks for, written by hand."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from samples.documents import changed

from ktrdr.adapters.strategies.yaml_file import find_lines, read_document
from ktrdr.application.use_cases.read_strategy import ReadStrategy
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.strategy.writing.schema import strategy_schema

FILES = Path(__file__).parents[3] / "strategies"
TIME = "time_{hour_sin,hour_cos,weekday_sin,weekday_cos,market_open,session_share}"
SYMBOL = "symbol_{asset_class_{stock,etf,index,forex,crypto,metal},volatility_rank}"

# What stands in braces is written out in its order, the left braces turning slowest, as a shell does it.
EXPECTED: dict[str, str] = {
    "rsi_capitals": "1h_RSI_14_{oversold,neutral,overbought}",
    "bare_words": "1h_rsi_{low,high}",
    "macd_short_forms": "1d_macd_hist_{falling,flat,rising} 1d_macd_{negative,positive} 1d_sma_50_raw",
    "mtf_three": "5m_rsi_fast_{oversold,overbought} {1d,1h}_rsi_slow_{oversold,neutral,overbought} "
    "{5m,1h,1d}_trend_{weak,strong} 5m_rsi_fast_{oversold,overbought}_lag_1 "
    "{1d,1h}_rsi_slow_{oversold,neutral,overbought}_lag_1 {5m,1h,1d}_trend_{weak,strong}_lag_1",
    "finer_than_base": "{5m,1h}_stoch_d_{low,high} {1h,5m}_roc_5_raw 5m_stoch_k_{low,high}",
    "ichimoku_cloud": "4h_ichi_raw 4h_ichi.kijun_raw 4h_ichi.senkou_b_raw 4h_dist_{below,above}",
    "supertrend_breakout": "15m_squeeze_{none,tight} {15m,4h}_direction_{down,up} 4h_donchian_20.lower_raw "
    "15m_st_10_3.trend_raw",
    "triple_barrier_weights": "30m_volume_{quiet,loud} 30m_mfi_{low,mid,high}",
    "regression_costs": "1h_mom_{down,up} 1h_atr_14_raw",
    "lstm_lookahead": f"5m_bb_20.upper_raw 5m_bb_20_raw 5m_rsi_{{oversold,overbought}} 5m_{TIME}",
    "transformer_daily": "1d_returns_1_raw 1d_zs_20_raw 1d_price_return_{1,5,20} 1d_price_ma_distance_50",
    "symbol_context": "15m_cci_{low,high} 15m_cci_{low,high}_lag_1 15m_cci_{low,high}_lag_2 "
    f"15m_price_return_{{1,5}} 15m_price_ma_distance_20 15m_volume_{{ratio,zscore}}_20 15m_{TIME} 15m_{SYMBOL}",
    "yield_spread": "1d_us_2y_{falling,rising} 1d_rsi_{low,high} 1d_cot_z_raw 1d_bund_sma_raw 1d_dollar_{weak,strong}",
    "deployed_group": "1h_williams_{oversold,overbought}",
    "unknown_keys": "1h_rsi_low",
    "old_sections": "1h_rsi_{oversold,neutral,overbought}",
    "shorthand_memberships": "1d_rsi_{tri,trap,gauss,named_tri,named_trap,bell,sig,left,right,on}",
    "dotted_references": "1h_bbands_20_2.5_raw {1h,1d}_bbands_20_2.5.lower_raw {1d,1h}_aroon_osc_{down,up} "
    "1d_keltner.middle_raw 1d_aroon_up_{low,high}",
    "regime_four": "1h_strength_{weak,strong} 1h_width_{narrow,wide} 1h_rvi_10.signal_raw 1h_fisher_raw",
    "volume_family": "{1h,1d}_obv_raw {1h,1d}_cmf_{selling,buying} 1h_ad_raw 1h_vwap_s_raw 1h_volume_{ratio,zscore}_50",
    "no_labels": "1h_wma_30_raw 1h_psar_raw 1h_wma_30_raw_lag_1 1h_psar_raw_lag_1",
    "selection": "4h_rsi_{low,high}",
    "learnable_sets": "4h_hma_20_raw {1h,4h}_rsi_{oversold,neutral,overbought}",
    "anchors": "1h_slow_{low,high} 1h_fast_{low,high}",
    "volatility_forecast": "1d_hv_20_raw 1d_tr_raw 1d_natr_{calm,wild}",
    "market_regime_weekly": "1w_ppo_{down,up} {1d,1w}_uo_{low,high}",
    "older_context_ids": "1h_us_{low,high} 1h_carry_{falling,rising} 1h_crowd_{short,long} 1h_pound_{weak,strong}"
    " 1h_spread_ema_raw 1h_position_z_raw",
    "own_values": "1h_rsi_{oversold,overbought} 1h_momentum_{falling,rising}",
}

WARNED: dict[str, set[str]] = {
    "rsi_capitals": {"model.architecture.output_activation"},
    "bare_words": {"training.labels"},
    "mtf_three": {"training.fitness_metrics.secondary"},
    "supertrend_breakout": {"training.labels.profit_target_atr", "training.labels.stop_loss_atr"},
    "yield_spread": set(),
    "deployed_group": {"deployment.target_timeframes.mode"},
    "unknown_keys": {
        "author",
        "training_data.symbols.exchange",
        "training_data.timeframes.note",
        "training_data.quality",
        "indicators.rsi_14.color",
        "fuzzy_sets.rsi.low.comment",
        "nn_inputs[0].weight",
        "model.name",
        "model.architecture.kernel",
        "model.features.include_volume_profile",
        "decisions.filters.max_trades",
        "decisions.stop",
        "training.labels.min_bars",
        "training.data_split.shuffle",
        "training.early_stopping.restore",
        "training.lr_scheduler.cooldown",
        "training.fitness_metrics.tertiary",
        "training.device",
    },
    "old_sections": {"scope", "indicators.ema_20", "risk_management", "backtesting", "orchestrator"},
    "no_labels": {"training.labels"},
    "selection": {"training_data.symbols.selection_criteria.volatility_range"},
}
"""Paths that are warned about; files that are not named here give no warning."""


def read(name: str) -> Strategy:
    return ReadStrategy(read_document, find_lines).execute(FILES / f"{name}.yaml")


def expanded(patterns: str) -> list[str]:
    """Write out the braces: nested ones first."""
    found = []
    for pattern in patterns.split():
        words = [pattern]
        while any("{" in word for word in words):
            words = list(itertools.chain.from_iterable(map(_innermost, words)))
        found += words
    return found


def _innermost(word: str) -> list[str]:
    """Split at the first brace; a comma inside an inner brace is not its own."""
    start = word.find("{")
    if start < 0:
        return [word]
    depth, parts, last = 0, [], start + 1
    for place in range(start, len(word)):
        depth += (word[place] == "{") - (word[place] == "}")
        if (word[place] == "," and depth == 1) or not depth:
            parts.append(word[last:place])
            last = place + 1
        if not depth:
            return [word[:start] + part + word[place + 1 :] for part in parts]
    raise ValueError(word)


def test_braces_are_written_out_from_the_left() -> None:
    assert expanded("{a,b}_{x,y} c") == ["a_x", "a_y", "b_x", "b_y", "c"]
    assert expanded("s_{k_{1,2},r}") == ["s_k_1", "s_k_2", "s_r"]


def test_every_file_is_expected() -> None:
    assert {path.stem for path in FILES.glob("*.yaml")} == set(EXPECTED)
    assert len(EXPECTED) >= 25


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_gives_the_features_in_the_order_of_the_rule(name: str) -> None:
    assert [feature.id for feature in resolve(read(name))] == expanded(EXPECTED[name])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_warns_about_exactly_what_has_no_effect(name: str) -> None:
    warnings = read(name).warnings
    assert {warning.path for warning in warnings} == WARNED.get(name, set())
    assert len(warnings) == len(WARNED.get(name, set()))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_round_trips(name: str) -> None:
    strategy = read(name)
    assert parse(render(strategy)) == strategy


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_it_meets_the_schema(name: str) -> None:
    validator = jsonschema.Draft202012Validator(strategy_schema())
    document = plain(read_document(FILES / f"{name}.yaml"))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []
    effective = plain(render(read(name)))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(effective)] == []


NULLS = [
    "description", "version", "scope", "context_data", "deployment", "backtesting", "training_data.start_date",
    "training_data.date_range", "training_data.history_required", "training_data.extended_hours",
    "indicators.rsi_14.period", "indicators.rsi_14.source", "indicators.rsi_14.data_source", "fuzzy_sets.rsi.learnable",
    "nn_inputs.0.timeframes", "nn_inputs.0.normalization", "nn_inputs.0.catalogue", "model.architecture",
    "model.architecture.dropout", "model.features", "model.features.lookback_periods", "model.training",
    "decisions.filters", "decisions.confidence_threshold", "decisions.filters.volume_filter", "training.labels",
    "training.labels.label_lookahead", "training.early_stopping", "training.lr_scheduler", "training.loss",
    "training.data_split.embargo_bars", "training.optimizer",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, None) for path in NULLS),
        ("training.learning_rate", "1e-3"),
        ("training.epochs", "1e1"),
        ("training.labels.zigzag_threshold", "2e-2"),
        ("training.labels.zigzag_threshold", {"atr": "2E0"}),
        ("model.architecture.hidden_layers", ["1e1"]),
        ("fuzzy_sets.rsi.oversold", ["1e-3", 20, "4.5e+1"]),
        ("fuzzy_sets.rsi.oversold", {"type": "gaussian", "parameters": {"mu": 1, "sigma": "1e-3"}}),
        ("training_data.start_date", date(2020, 1, 1)),
        ("training_data.date_range", {"start": date(2020, 1, 1), "end": datetime(2021, 1, 1, 9, 30)}),
    ],
)
def test_what_the_parser_takes_meets_the_schema_as_other_readers_of_yaml_see_it(
    path: str, value: Any, tmp_path: Path
) -> None:
    document = changed(path, value)
    file = tmp_path / "s.yaml"
    file.write_text(yaml.safe_dump(document).replace("'", ""))  # without quotes 1e-3 is a number to our reader
    assert [problem for problem in problems(read_document(file)) if problem.severity == "error"] == []
    validator = jsonschema.Draft202012Validator(strategy_schema())
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", None),
        ("indicators.rsi_14.type", None),
        ("fuzzy_sets.rsi.oversold", None),
        ("fuzzy_sets.rsi.indicator", None),
        ("nn_inputs.0", {"fuzzy_set": None}),
        ("training.learning_rate", "fast"),
        ("training.learning_rate", 0),
        ("training_data.start_date", 2005),
        ("training", None),
    ],
)
def test_what_the_parser_refuses_does_not_meet_the_schema(path: str, value: Any) -> None:
    assert problems(changed(path, value))[0].severity == "error"
    assert not jsonschema.Draft202012Validator(strategy_schema()).is_valid(changed(path, value))


def plain(value: Any) -> Any:
    """Return the document as JSON knows it: dates as texts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("name", sorted(WARNED))
def test_every_warning_names_the_line_on_which_the_key_stands(name: str) -> None:
    lines = (FILES / f"{name}.yaml").read_text().splitlines()
    for warning in read(name).warnings:
        key = re.split(r"[.\[]", warning.path)[-1].rstrip("]")
        assert warning.line is not None
        missing = warning.path == "training.labels"  # not given: the line of the section
        assert ("training" if missing else key) in lines[warning.line - 1]
