"""No key is dead: each, changed, changes the effective strategy and then what is computed, trained, decided or refused.

One row a key: its path, another value, where the effect shows, and what else the document must say for it to count.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers
from integration.test_every_model_key_has_effect import CASES
from samples.documents import changed
from samples.features import random_bars, weekday_sessions
from samples.parameters import other_values
from samples.prepared import prepare_one, prepare_pool

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.serving import require_servable
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import LABELS, LabelSpec
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.decisions.decide import decide
from ktrdr.domain.decisions.run import run
from ktrdr.domain.decisions.volume import volume_permits
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.varying.for_symbol import strategy_for
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.strategy.writing.schema import strategy_schema
from ktrdr.domain.training.plan import plan_training
from ktrdr.domain.training.request import Mode, TrainingRequest
from ktrdr.entrypoints.container import make_container

Document = dict[str, Any]

BASE: Document = {
    "name": "every_key",
    "version": "3.0",
    "training_data": {"symbols": "WALK", "timeframes": "5m", "history_required": 50},
    "indicators": {"rsi_a": {"type": "rsi", "period": 9}, "macd_a": {"type": "macd"}},
    "fuzzy_sets": {
        "rsi": {"indicator": "rsi_a", "low": [0, 30, 50], "high": [50, 70, 100]},
        "spare": {"indicator": "rsi_a", "any": [0, 50, 100]},
    },
    "nn_inputs": [{"fuzzy_set": "rsi"}, {"raw_indicator": "macd_a"}],
    "model": {"type": "mlp", "architecture": {"hidden_layers": [8]}},
    "decisions": {"output_format": "classification"},
    "training": {
        "labels": {"source": "direction", "horizon": 3, "neutral_band": 0.001},
        "data_split": {"train": 0.6, "validation": 0.2, "test": 0.2},
        "epochs": 2,
        "batch_size": 256,
        "learning_rate": 0.01,
    },
}
SEVERAL = {"training_data.timeframes": {"mode": "multi_timeframe", "list": ["5m", "1h"]}}
STOCKS = {"training_data.symbols": {"selection_criteria": {"asset_class": "stock"}}}
REGRESSION = {
    "training.labels": {"source": "forward_return", "horizon": 3},
    "decisions": {"output_format": "regression", "cost_model": {"round_trip_cost": 0.002}},
}
WINDOWS = {"model": {"type": "lstm", "architecture": {"sequence_length": 4, "hidden_size": 4, "num_layers": 1}}}
TRANSFORMER = {
    "model": {
        "type": "transformer",
        "architecture": {
            "sequence_length": 4,
            "hidden_size": 4,
            "num_heads": 2,
            "num_layers": 1,
            "feedforward_size": 4,
        },
    }
}


def of_members(**combine: Any) -> Document:
    small = {"type": "mlp", "architecture": {"hidden_layers": [4]}}
    return {
        "model": {
            "type": "ensemble",
            "members": [small, {**small, "name": "two", "inputs": ["rsi"]}],
            "combine": combine,
        }
    }


ALONE = {"model": {"type": "ensemble", "members": [WINDOWS["model"]]}}
VOTING, STACKING = of_members(method="voting"), of_members(method="stacking")
SERIES = {"context_data": [{"provider": "fred", "series": "DGS2"}], "indicators.rsi_a.data_source": "DGS2"}
PLATEAU = {"type": "reduce_on_plateau", "patience": 0, "factor": 0.1}
REPTILE = {"training.combination": "reptile", "training.batch_size": 32}
REGIMES = {"source": "market_regime", "fast": 5, "slow": 20, "horizon": 6}
STOPPING = {"training.epochs": 12, "training.learning_rate": 0.5}


# --- what the effects show in -----------------------------------------------------------------------------------------


def features(document: Document) -> object:
    """What every column is, in order."""
    return resolve(parse(document))


def matrix(document: Document) -> object:
    """The values that are fed."""
    found = prepared(document)
    return (
        [feature.normalization for feature in found.features],
        found.only.matrix.ids,
        digest(found.only.matrix.values),
    )


def parts(document: Document) -> object:
    """The rows of train, validation and test, and the moments they stand for."""
    found = prepared(document)
    return found.split.report(), digest(found.only.matrix.stamps)


def learned(document: Document) -> object:
    """The weights."""
    return {name: digest(blob) for name, blob in trained(document).items() if name.endswith("safetensors")}


def begun(document: Document) -> object:
    """The weights, where a universal model of the same strategy is there."""
    universal = TrainingRequest(parse(document), importance=False, mode=Mode.UNIVERSAL)
    return run_all(universal, replace(universal, mode=Mode.SINGLE)).blobs["model.safetensors"]


def together(document: Document) -> object:
    """The weights of one model of two symbols."""
    return run_all(_of_two(document)).blobs["model.safetensors"]


def tried(document: Document) -> object:
    """What a learned start comes to on few rows of a symbol that it has not seen."""
    return json.loads(run_all(replace(_of_two(document), hold_out=("OTHER",))).blobs["metrics.json"])["few_rows"]


def _of_two(document: Document) -> TrainingRequest:
    strategy = parse(changed("training_data.symbols", {"list": ["WALK", "OTHER"]}, document))
    return TrainingRequest(strategy, importance=False, mode=Mode.UNIVERSAL)


def curve(document: Document) -> object:
    """What happened epoch by epoch."""
    return trained(document)["history.json"]


def judged(document: Document) -> object:
    """Metrics and verdict."""
    return trained(document)["metrics.json"]


def decided(document: Document) -> object:
    """What is done on one fixed series of outputs."""
    settings = parse(document).decisions
    rng = np.random.default_rng(1)
    target = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
    outputs = rng.dirichlet([0.5, 0.5, 0.5], 300)
    if settings.output_format == "regression":
        target, outputs = Target("regression", unit="fraction"), rng.normal(0, 0.003, 300)
    edge = settings.round_trip_cost * settings.min_edge_multiplier
    signals = decide(outputs, target, confidence_threshold=settings.confidence_threshold, minimum_edge=edge)
    permits = volume_permits(rng.uniform(0, 10, 300), settings.volume_filter)
    series = run(signals, np.arange(300), settings, permits)[1]
    return series.trades.tolist(), series.positions.tolist()


def served(document: Document) -> object:
    """Whom a model of this strategy may serve."""
    manifest = manifest_of(document)
    asked = (("OTHER", "stock"), ("THIRD", "stock"), ("COIN", "crypto"))
    return [
        answer(lambda facts=facts: require_servable(manifest, facts)) for facts in (of_class(*one) for one in asked)
    ]


def stored(document: Document) -> object:
    """The strategy as the model keeps it, and the model's name."""
    return render(parse(document)), parse(document).name


def chosen(document: Document) -> object:
    """The symbols that are trained."""
    request = with_selected_symbols(repository(), TrainingRequest(parse(document)))
    return request.strategy.training_data.symbols.symbols


def planned(document: Document) -> object:
    """Which symbols share a model, and how."""
    return [(job.symbols, job.combination) for job in plan_training(TrainingRequest(parse(document)))]


def pooled(document: Document) -> object:
    """The rows that two symbols of other hours give together."""
    seldom = walk("SELDOM", 3).take(slice(None, None, 2))
    data, strategy = MemoryRepository([walk(), seldom]), parse(document)
    found = prepare_pool(data, TalibFeatureEngineer(), strategy, ("WALK", "SELDOM"))
    return found.split.report()


def series(document: Document) -> object:
    """Which series stand beside the bars, and who reads them."""
    strategy = parse(document)
    return strategy.context_data, [feature.source for feature in resolve(strategy)]


def judged_bars(document: Document) -> object:
    """What every rule lets pass, and what is done about the rest."""
    quality = parse(document).quality
    return [(rule.id, quality.action(rule), quality.limit(rule)) for rule in RULES.values()]


Effect = Callable[[Document], object]
Row = tuple[str, Any, Effect, Mapping[str, Any]]
NOTHING: Mapping[str, Any] = {}
LOW_BELL = {"fuzzy_sets.rsi.low": {"type": "bell", "parameters": [9, 20, 50]}}

ROWS: list[Row] = [
    ("name", "another", stored, NOTHING),
    ("description", "some words", stored, NOTHING),
    ("scope", "symbol_specific", planned, {"training_data.symbols": {"list": ["WALK", "OTHER"]}}),
    ("risk_management", {"size": 1}, stored, NOTHING),
    ("backtesting", {"capital": 1}, stored, NOTHING),
    ("orchestrator", {"x": 1}, stored, NOTHING),
    # training data
    ("training_data.symbols.symbol", "OTHER", matrix, {"training_data.symbols": {"symbol": "WALK"}}),
    ("training_data.symbols.list", ["OTHER"], matrix, {"training_data.symbols": {"list": ["WALK"]}}),
    ("training_data.symbols.symbols", ["OTHER"], matrix, {"training_data.symbols": {"symbols": ["WALK"]}}),
    ("training_data.symbols.mode", "multi_symbol", planned, {"training_data.symbols": {"symbol": "WALK"}}),
    ("training_data.symbols.selection_criteria.asset_class", "crypto", chosen, STOCKS),
    ("training_data.symbols.selection_criteria.asset_classes", ["crypto"], chosen,
     {"training_data.symbols": {"selection_criteria": {"asset_classes": ["stock"]}}}),
    (
        "training_data.symbols.selection_criteria.max_symbols",
        1,
        chosen,
        STOCKS,
    ),
    ("training_data.timeframes.timeframe", "1h", parts, {"training_data.timeframes": {"timeframe": "5m"}}),
    ("training_data.timeframes.list", ["1h", "5m"], features, SEVERAL),
    ("training_data.timeframes.timeframes", ["1h", "5m"], features,
     {"training_data.timeframes": {"timeframes": ["5m", "1h"]}}),
    ("training_data.timeframes.base_timeframe", "1h", parts, SEVERAL),
    ("training_data.timeframes.mode", "single", stored, SEVERAL),
    ("training_data.timeframes.source", "native", matrix, SEVERAL),
    ("training_data.history_required", 9000, matrix, NOTHING),
    ("training_data.start_date", "2024-01-08", parts, NOTHING),
    ("training_data.end_date", "2024-01-15", parts, NOTHING),
    ("training_data.date_range.start", "2024-01-08", parts, NOTHING),
    ("training_data.date_range.end", "2024-01-15", parts, NOTHING),
    ("training_data.extended_hours", True, matrix, SEVERAL),
    ("training_data.alignment", "common_hours", pooled, NOTHING),
    # series besides the bars
    ("context_data.0.provider", "ib", series, SERIES),
    ("context_data.0.series", "DGS10", series, {"context_data": [{"provider": "fred", "id": "DGS2", "series": "X"}],
                                                "indicators.rsi_a.data_source": "DGS2"}),
    ("context_data.0.symbol", "DXY", series, {"context_data": [{"provider": "ib", "id": "a", "symbol": "X"}]}),
    ("context_data.0.report", "EUR", series, {"context_data": [{"provider": "cftc_cot", "id": "a", "report": "X"}]}),
    ("context_data.0.id", "rates", series, {"context_data": [{"provider": "fred", "series": "DGS2"}]}),
    ("context_data.0.name", "rates", series, {"context_data": [{"provider": "fred", "series": "DGS2"}]}),
    ("indicators.rsi_a.data_source", "DGS2", series, {"context_data": [{"provider": "fred", "series": "DGS2"}]}),
    # inputs
    ("indicators.rsi_a.type", "roc", matrix, NOTHING),
    ("indicators.rsi_a.scale", "rolling", matrix, NOTHING),
    ("fuzzy_sets.rsi.indicator", "macd_a", matrix, NOTHING),
    ("fuzzy_sets.rsi.learnable", True, learned, NOTHING),
    ("fuzzy_sets.rsi.low.type", "triangular", matrix, LOW_BELL),
    ("nn_inputs.0.fuzzy_set", "spare", matrix, NOTHING),
    ("nn_inputs.1.raw_indicator", "macd_a.signal", matrix, NOTHING),
    ("nn_inputs.0.timeframes", ["1h"], matrix, SEVERAL),
    ("nn_inputs.1.normalization", "zscore", learned, NOTHING),
    ("nn_inputs.1", {"catalogue": "technical_75@1"}, features, NOTHING),
    # model
    ("model.type", "gru", learned, WINDOWS),
    ("model.members.0.type", "gru", learned, ALONE),
    ("model.members.1.name", "three", learned, VOTING),
    ("model.members.1.inputs", ["macd_a"], learned, VOTING),
    ("model.members.1.seed", 7, learned, VOTING),
    ("model.members.1.weight", 3.0, learned, VOTING),
    ("model.members.1.symbol", "WALK", stored, VOTING),
    ("model.combine.method", "blending", learned, VOTING),
    ("model.combine.vote", "hard", judged, VOTING),
    ("model.combine.prior", False, learned, VOTING),
    ("model.combine.folds", 2, learned, STACKING),
    ("model.combine.l2", 1.0, learned, STACKING),
    ("model.architecture.hidden_layers", [4], learned, NOTHING),
    ("model.architecture.activation", "tanh", learned, NOTHING),
    ("model.architecture.dropout", 0.7, learned, NOTHING),
    ("model.architecture.batch_norm", True, learned, NOTHING),
    ("model.architecture.sequence_length", 9, learned, WINDOWS),
    ("model.architecture.hidden_size", 6, learned, WINDOWS),
    ("model.architecture.num_layers", 2, learned, WINDOWS),
    ("model.architecture.attention", True, learned, WINDOWS),
    ("model.architecture.break_at_session", True, learned, WINDOWS),
    ("model.architecture.num_heads", 1, learned, TRANSFORMER),
    ("model.architecture.feedforward_size", 6, learned, TRANSFORMER),
    ("model.architecture.causal", True, learned, TRANSFORMER),
    ("model.features.include_price_context", True, features, NOTHING),
    ("model.features.include_volume_context", True, features, NOTHING),
    ("model.features.include_time_context", True, features, NOTHING),
    ("model.features.include_session_context", True, features, NOTHING),
    ("model.features.include_symbol_context", True, features, NOTHING),
    ("model.features.price_context.returns", [2], features, {"model.features.include_price_context": True}),
    ("model.features.price_context.ma", 30, features, {"model.features.include_price_context": True}),
    ("model.features.volume_context.period", 30, features, {"model.features.include_volume_context": True}),
    ("model.features.lookback_periods", 3, matrix, NOTHING),
    ("model.features.scale_features", True, learned, NOTHING),
    ("model.features.scaling_method", "robust", learned, {"model.features.scale_features": True}),
    # decisions
    ("decisions.output_format", "regression", decided, NOTHING),
    ("decisions.confidence_threshold", 0.9, decided, NOTHING),
    ("decisions.position_awareness", False, decided, NOTHING),
    ("decisions.allow_short_from_flat", False, decided, NOTHING),
    ("decisions.filters.min_signal_separation", 20, decided, NOTHING),
    ("decisions.filters.volume_filter", True, decided, NOTHING),
    ("decisions.filters.volume_filter.min_ratio", 1.5, decided, {"decisions.filters.volume_filter": {"enabled": True}}),
    ("decisions.filters.volume_filter.enabled", False, decided, {"decisions.filters.volume_filter": {"min_ratio": 1}}),
    ("decisions.cost_model.round_trip_cost", 0.004, decided, REGRESSION),
    ("decisions.cost_model.min_edge_multiplier", 3.0, decided, REGRESSION),
    # training
    ("training.data_split.embargo_bars", 7, parts, NOTHING),
    ("training.data_split", {"train": 0.5, "validation": 0.3, "test": 0.2}, parts, NOTHING),
    ("training.epochs", 3, learned, NOTHING),
    ("training.batch_size", 64, learned, NOTHING),
    ("training.learning_rate", 0.1, learned, NOTHING),
    ("training.optimizer", "sgd", learned, NOTHING),
    ("training.weight_decay", 0.5, learned, NOTHING),
    ("training.seed", 5, learned, NOTHING),
    ("training.initialise", "from universal", begun, NOTHING),
    ("training.combination", "interleaved", together, NOTHING),
    ("training.reptile.tasks", "regimes", together, {**REPTILE, "training.labels": REGIMES}),
    ("training.reptile.inner_steps", 2, together, REPTILE),
    ("training.reptile.outer_rate", 0.2, together, REPTILE),
    ("training.reptile.few_rows", 100, tried, REPTILE),
    ("training.class_weights", "balanced", learned, NOTHING),
    ("training.gradient_clip", 0.001, learned, NOTHING),
    ("training.loss", "focal", learned, NOTHING),
    ("training.focal_gamma", 5.0, learned, {"training.loss": "focal"}),
    ("training.loss_at", "every", learned, {**WINDOWS, "training.batch_size": 512}),
    ("training.chunk", 9, learned, {**WINDOWS, "training.batch_size": 512, "training.loss_at": "every"}),
    ("training.forecast_steps", [1, 3], learned, NOTHING),
    ("training.huber_delta", 0.01, learned, {**REGRESSION, "training.loss": "huber"}),
    ("training.fitness_metrics.primary", "accuracy", judged, NOTHING),
    ("training.lr_scheduler.type", "exponential", learned, NOTHING),
    ("training.lr_scheduler.step_size", 1, learned, {"training.lr_scheduler": {"type": "step"}}),
    ("training.lr_scheduler.gamma", 0.5, learned, {"training.lr_scheduler": {"type": "exponential"}}),
    ("training.lr_scheduler.min_lr", 0.009, learned, {"training.lr_scheduler": {"type": "exponential"}}),
    ("training.lr_scheduler.factor", 0.9, curve, {**STOPPING, "training.lr_scheduler": PLATEAU}),
    ("training.lr_scheduler.patience", 9, curve, {**STOPPING, "training.lr_scheduler": PLATEAU}),
    ("training.early_stopping.enabled", False, curve, {**STOPPING, "training.early_stopping": {"patience": 1}}),
    ("training.early_stopping.patience", 9, curve, {**STOPPING, "training.early_stopping": {"patience": 1}}),
    ("training.early_stopping.min_delta", 5.0, curve, {**STOPPING, "training.early_stopping": {"patience": 2}}),
    ("training.early_stopping.monitor", "val_accuracy", curve,
     {"training.epochs": 12, "training.learning_rate": 0.05, "training.early_stopping": {"patience": 1}}),
    # deployment
    ("deployment.target_symbols.mode", "universal", served, NOTHING),
    ("deployment.target_symbols.restrictions.asset_classes", ["crypto"], served,
     {"deployment.target_symbols.mode": "group_restricted"}),
    ("deployment.target_symbols.restrictions.excluded_symbols", ["THIRD"], served,
     {"deployment.target_symbols.mode": "universal"}),
    ("deployment.target_timeframes.supported", ["1d"], served, NOTHING),
    # data quality
    *((f"quality.{name}.do", "off", judged_bars, {f"quality.{name}": {"do": "refuse"}}) for name in RULES),
    # other values for some symbols
    ("symbol_overrides.defaults", {"indicators": {"rsi_a": {"period": 21}}}, matrix, NOTHING),
    ("symbol_overrides.asset_classes", {"stock": {"indicators": {"rsi_a": {"period": 21}}}}, matrix, NOTHING),
    ("symbol_overrides.symbols", {"WALK": {"fuzzy_sets": {"rsi": {"low": [0, 40, 50]}}}}, matrix, NOTHING),
    ("symbol_overrides.WALK", {"labels": {"horizon": 9}}, learned, NOTHING),
]  # fmt: skip

ONE_VALUE = {"version", "training.method", "context_data[].alignment", "model.architecture.target"}
"""Keys that allow one value only: any other is refused."""

SAID_ALOUD = {
    "model.architecture.output_activation": "softmax",
    "training.fitness_metrics.secondary": ["f1"],
    "deployment.target_timeframes.mode": "single",
}
"""Keys of older files that have no effect, and are warned about."""


REFUSED = {"training_data.timeframes.mode", "training_data.history_required", "decisions.output_format"}
"""Keys that refuse what no longer fits."""


@pytest.mark.parametrize(("path", "value", "effect", "also"), ROWS, ids=[f"{row[0]}-{row[2].__name__}" for row in ROWS])
def test_another_value_has_another_effect(path: str, value: Any, effect: Effect, also: Mapping[str, Any]) -> None:
    before = with_all(also)
    after = changed(path, value, before)
    if path in REFUSED:
        with pytest.raises(InvalidInput):
            effect(after)
    else:
        assert stored(before) != stored(after)
        assert effect(before) != effect(after)


@pytest.mark.parametrize(("path", "value"), SAID_ALOUD.items())
def test_what_has_no_effect_is_said_aloud(path: str, value: Any) -> None:
    assert path in {warning.path for warning in parse(changed(path, value, BASE)).warnings}


# --- parameters of indicators, memberships and labels -----------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_every_parameter_of_an_indicator_changes_its_values(name: str) -> None:
    spec = INDICATORS[name]
    for parameter in spec.parameters:
        values = [value for value in other_values(parameter) if not contradicts(spec, parameter, value)]
        before = indicator_values(name, {})
        assert any(indicator_values(name, {parameter.name: value}) != before for value in values), parameter.name


def contradicts(spec: Any, parameter: Parameter, value: Any) -> bool:
    return spec.check is not None and bool(
        spec.check({item.name: item.default for item in spec.parameters} | {parameter.name: value})
    )


def indicator_values(name: str, parameters: Mapping[str, Any]) -> str:
    entries = [{"raw_indicator": f"x.{output}"} for output in INDICATORS[name].outputs] or [{"raw_indicator": "x"}]
    document = changed("indicators", {"x": {"type": name, **parameters}}, BASE)
    document["nn_inputs"], document["fuzzy_sets"] = entries, {}
    return digest(TalibFeatureEngineer().engineer(resolve(parse(document)), {"5m": walk()}, "5m").values)


@pytest.mark.parametrize("kind", sorted(MEMBERSHIPS))
def test_every_parameter_of_a_membership_changes_its_values(kind: str) -> None:
    start = [20.0, 40.0, 60.0, 80.0][: len(MEMBERSHIPS[kind].parameters)]
    if kind == "sigmoid":
        start = [0.1, 50.0]
    written = {"type": kind, "parameters": dict(zip(MEMBERSHIPS[kind].parameters, start, strict=True))}
    before = changed("fuzzy_sets.rsi.low", written, BASE)
    for name, value in written["parameters"].items():
        after = changed(f"fuzzy_sets.rsi.low.parameters.{name}", value * 1.1, before)
        assert matrix(after) != matrix(before), name


LABEL_SPECS = [spec for specs in LABELS.values() for spec in specs]
TOGETHER: Mapping[tuple[str, str], Mapping[str, Any]] = {("triple_barrier", "expiry"): {"max_holding_period": 5}}
"""What else must be said for a label parameter to count on these bars."""
LABEL_STARTS: Mapping[str, Mapping[str, Any]] = {
    "zigzag": {"zigzag_threshold": 0.01},
    "direction": {"neutral_band": 0.0005},
    "context": {"bullish_threshold": 0.001, "bearish_threshold": -0.001},
    "market_regime": {"fast": 5, "slow": 20},
}
"""Values that suit five-minute bars better than the defaults do."""
IN_WEIGHTS = {"compute_weights"}
BESIDE_BARS = {"vol_symbol", "low", "high", "adx_period"}
"""Parameters of market_regime that read another symbol's bars, and one that is said to have no effect."""


@pytest.mark.parametrize("spec", LABEL_SPECS, ids=lambda spec: spec.key)
def test_every_parameter_of_a_label_changes_the_labels(spec: LabelSpec) -> None:
    method = {"method": spec.method} if spec.method else {}
    for parameter in spec.parameters:
        if parameter.name in {"method", *spec.without_effect, *BESIDE_BARS}:
            continue
        start = LABEL_STARTS.get(spec.source, {}) | TOGETHER.get((spec.source, parameter.name), {}) | method
        values = [value for value in values_of(parameter, start) if value != start.get(parameter.name)]
        before = labelled(spec, start)
        assert any(labelled(spec, {**start, parameter.name: value}) != before for value in values), parameter.name


def values_of(parameter: Parameter, start: Mapping[str, Any]) -> list[Any]:
    if isinstance(start.get(parameter.name), float):
        return [start[parameter.name] * 3]
    if parameter.name in {"cusum_threshold", "cusum_multiplier"}:
        return [0.01, 1.0]
    return list(other_values(parameter))


def labelled(spec: LabelSpec, parameters: Mapping[str, Any]) -> object:
    try:
        found = label(walk(), spec.source, {**parameters})
    except InvalidInput as error:
        return str(error)
    return digest(np.nan_to_num(found.values.astype(float))), digest(found.end_rows), found.target, found.weighting


# --- the table covers what the schema knows ---------------------------------------------------------------------------


def test_the_rows_cover_every_key_of_the_schema() -> None:
    tables = [*(spec.parameters for spec in INDICATORS.values()), *(spec.parameters for spec in LABEL_SPECS)]
    everywhere = [*tables, *(part for spec in MODEL_TYPES.values() for part in (spec.parameters, spec.settings))]
    aliases = {alias for table in everywhere for item in table for alias in item.aliases} | {"count", "limit"}
    names = {item.name for table in tables for item in table}
    of_models = {item.name for name, item in CASES}
    covered = {spelled(row[0]) for row in ROWS} | ONE_VALUE | set(SAID_ALOUD)
    covered |= {f"symbol_overrides.{name}" for name in ("*", "asset_classes.*", "symbols.*")}
    covered |= {f"training.data_split.{name}" for name in ("train", "validation", "test")} | {"nn_inputs[].catalogue"}
    dead = []
    for path in schema_paths(strategy_schema()):
        section, _, last = path.rpartition(".")
        by_table = section in {"indicators.*", "training.labels"} and last in names | {"source", "method"}
        by_table |= path == "training.labels.zigzag_threshold.atr"
        by_table |= section == "fuzzy_sets.*.*.parameters"
        by_table |= section in {"model.architecture", "training"} and last in of_models
        by_table |= path.startswith(("model.architecture.base", "model.architecture.residual"))
        by_table |= path == "model.architecture"  # of a type that decides nothing there
        mirrored = path.startswith(("model.training.", "model.members.*."))
        mirrored |= path.startswith(("model.members[].architecture", "model.members[].training"))
        if not (mirrored or by_table or last in aliases or path in covered):
            dead.append(path)
    assert sorted(dead) == []


def test_an_override_does_what_the_key_does() -> None:
    tried = set()
    parts = {"indicators.rsi_a.period": 21, "training.labels.horizon": 9, "fuzzy_sets.rsi.low": [0, 40, 50]}
    rows = [(row[0], row[1], row[3]) for row in ROWS if row[0].startswith("decisions.")]
    for path, value, also in [*rows, *((path, value, NOTHING) for path, value in parts.items())]:
        if path == "decisions.output_format":
            continue
        before = with_all(also)
        place = path.rpartition(".")[0] if "volume_filter." in path else path
        written = at(changed(path, value, before), place)
        override = changed(f"symbol_overrides.symbols.WALK.{place}", written, before)
        assert strategy_for(parse(override), "WALK", "stock") == parse(changed(path, value, before)), path
        assert strategy_for(parse(override), "OTHER", "stock") == parse(before), path
        tried.add(path)
    paths = schema_paths(strategy_schema()["$defs"]["overrides"])
    decided = {path for path in paths if path.startswith("decisions.")} - {"decisions.output_format"}
    assert decided <= {spelled(path) for path in tried}


def at(document: Document, path: str) -> Any:
    for name in path.split("."):
        document = document[name]
    return document


def test_model_training_mirrors_training() -> None:
    paths = schema_paths(strategy_schema())
    prefix = "model.training."
    mirrored = {path.removeprefix("model.") for path in paths if path.startswith(prefix)}
    assert mirrored == {path for path in paths if path.startswith("training.")}
    there = changed("training", {}, changed("model.training", BASE["training"], BASE))
    assert parse(there) == parse(BASE)


def test_an_alias_means_what_the_name_means() -> None:
    for spec in INDICATORS.values():
        for parameter in spec.parameters:
            value = next((value for value in other_values(parameter) if not contradicts(spec, parameter, value)), None)
            for alias in parameter.aliases:
                short, full = (
                    parse(changed("indicators.rsi_a", {"type": spec.name, name: value}, BASE_WITHOUT_SETS))
                    for name in (alias, parameter.name)
                )
                assert short.indicators == full.indicators, (spec.name, alias)


BASE_WITHOUT_SETS = changed("nn_inputs", [{"raw_indicator": "rsi_a"}], changed("fuzzy_sets", {}, BASE))


def schema_paths(schema: Mapping[str, Any], path: str = "") -> set[str]:
    """Return the dotted path of every key that holds a value."""
    found: set[str] = set()
    for name, nested in schema.get("properties", {}).items():
        found |= schema_paths(nested, f"{path}.{name}" if path else name)
    for option in [*schema.get("anyOf", []), *(rule["then"] for rule in schema.get("allOf", []))]:
        found |= schema_paths(option, path) - {path}
    if isinstance(schema.get("additionalProperties"), dict):
        found |= schema_paths(schema["additionalProperties"], f"{path}.*")
    if "properties" in schema.get("items", {}):
        found |= schema_paths(schema["items"], f"{path}[]")
    return found or {path}


def spelled(path: str) -> str:
    """Return a row's path as the schema spells it."""
    places = {"model.members.0": "model.members[]", "model.members.1": "model.members[]"}
    places |= {"context_data.0": "context_data[]", "nn_inputs.0": "nn_inputs[]", "nn_inputs.1": "nn_inputs[]"}
    places |= {
        "indicators.rsi_a": "indicators.*",
        "fuzzy_sets.rsi.low": "fuzzy_sets.*.*",
        "fuzzy_sets.rsi": "fuzzy_sets.*",
    }
    place = next((name for name in places if path.startswith(name + ".")), None)
    return path if place is None else places[place] + path.removeprefix(place)


# --- a small market and a small pipeline ------------------------------------------------------------------------------


@cache
def walk(symbol: str = "WALK", seed: int = 0) -> Bars:
    """Return three weeks of five-minute bars, some of them before and after the session."""
    sessions = weekday_sessions("2024-01-02", 15)
    within = np.arange(108, dtype=np.int64) * 300 * 10**9 + 13 * 3600 * 10**9
    stamps = (sessions.dates[:, None] + within).ravel()
    bars = random_bars(len(stamps), seed, stamps=stamps, sessions=sessions)
    columns = [getattr(bars, name) for name in ("stamps", "open", "high", "low", "close", "volume")]
    columns[1] = (bars.high + bars.low) / 2  # no open is the close before it
    return Bars(symbol, bars.timeframe, *columns, sessions=sessions)


@cache
def repository() -> MemoryRepository:
    hourly = random_bars(120, 5, "1h", stamps=np.unique(walk().stamps // (3600 * 10**9))[:120] * 3600 * 10**9)
    columns = [getattr(hourly, name) for name in ("stamps", "open", "high", "low", "close", "volume")]
    own = Bars("WALK", hourly.timeframe, *columns, sessions=walk().sessions)
    facts = [of_class("WALK", "stock"), of_class("OTHER", "stock"), of_class("COIN", "crypto")]
    return MemoryRepository([walk(), own, walk("OTHER", 1), walk("COIN", 2)], facts)


def of_class(symbol: str, asset_class: Any) -> SymbolCharacteristics:
    return SymbolCharacteristics(symbol, asset_class, "XNAS", "XNYS", "America/New_York")


def with_all(also: Mapping[str, Any]) -> Document:
    document = copy.deepcopy(BASE)
    for path, value in also.items():
        document = changed(path, value, document)
    return document


def answer(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except InvalidInput as error:
        return str(error)


def digest(values: Any) -> str:
    data = values if isinstance(values, bytes) else np.ascontiguousarray(values).tobytes()
    return str(pd.util.hash_array(np.frombuffer(data + bytes(-len(data) % 8), dtype=np.uint64)).sum())


def prepared(document: Document) -> Any:
    strategy = parse(document)
    return prepare_one(repository(), TalibFeatureEngineer(), strategy, strategy.training_data.symbols.symbols[0])


def trained(document: Document) -> Mapping[str, bytes]:
    return published(json.dumps(document))[0]


def manifest_of(document: Document) -> Any:
    return published(json.dumps(document))[1]


@cache
def published(text: str) -> tuple[Mapping[str, bytes], Any]:
    artifact = run_all(TrainingRequest(parse(json.loads(text)), importance=False))
    return artifact.blobs, artifact.manifest


def run_all(*requests: TrainingRequest) -> Artifact:
    """Run some requests one after the other and return the last one's model."""
    container, storage = make_container(), MemoryStorage()
    for name, adapter in (
        ("data_repository", repository()),
        ("model_storage", storage),
        ("model_trainer", TableTrainer("cpu")),
    ):
        getattr(container, name).override(providers.Object(adapter))
    for request in requests:
        (model,) = container.training_orchestrator().execute(request).models
    return storage.load(model.stored.reference)
