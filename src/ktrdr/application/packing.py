"""Packing: everything a model needs to be trusted and loaded, as one artifact of plain data."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ktrdr.domain.artifacts.artifact import HISTORY, IMPORTANCE, METRICS, Artifact
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.plain_json import plain_problem
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import tuned_document
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.profile import profile_of
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.render import render, settings_document

if TYPE_CHECKING:
    from ktrdr.application.fitting import Fitted
    from ktrdr.application.judging import Judgement
    from ktrdr.application.pipeline import Prepared
    from ktrdr.domain.training.plan import TrainingJob

_LIBRARIES = ("ktrdr", "numpy", "pandas")


def packed_strategy(strategy: Strategy) -> dict[str, Any]:
    """Return the strategy as the manifest holds it."""
    document: dict[str, Any] = _plain(render(strategy))
    return document


def packed_contract(features: Sequence[Feature], kernels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the contract of resolved features as the manifest holds it."""
    contract: list[dict[str, Any]] = _plain(feature_contract(features, kernels))
    return contract


def require_packable(strategy: Strategy) -> None:
    """Refuse before a training a strategy that could not be stored after it.

    Raises
    ------
    InvalidInput
        If it holds what JSON cannot: a number that is not finite, or a mapping within itself.
    """
    try:
        problem = plain_problem(packed_strategy(strategy))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"strategy {strategy.name!r}: cannot be stored as JSON ({error})") from error
    if problem:
        raise InvalidInput(f"strategy{problem}")


def pack(
    job: TrainingJob, prepared: Prepared, fitted: Fitted, judgement: Judgement, kernels: Mapping[str, str]
) -> Artifact:
    """Return the artifact of a judged model, ready to be published."""
    strategy, key = job.strategy, ModelKey(job.strategy.name, job.symbols[0], job.timeframe)
    document = packed_strategy(strategy)
    contract = packed_contract(prepared.features, kernels)
    split, market = prepared.split, prepared.market
    manifest = Manifest(
        model_name=f"{key.folder}/{key.stem}",
        strategy_name=strategy.name,
        strategy_version=strategy.version,
        symbol=key.symbol,
        timeframe=key.timeframe,
        model={
            "type": strategy.model.type,
            "architecture": document["model"]["architecture"],
            "input_features": list(fitted.shipped.feature_ids),
        },
        strategy=document,
        indicators=document["indicators"],
        fuzzy_sets=tuned_document(document["fuzzy_sets"], fitted.shipped.tuned),
        nn_inputs=document["nn_inputs"],
        resolved_features=[feature.id for feature in prepared.features],
        feature_contract=contract,
        contract_hash=contract_hash(contract),
        target=prepared.labels.target.as_dict(),
        inference=fitted.inference.as_dict(),
        training_symbols=list(job.symbols),
        training_timeframes=list(strategy.training_data.timeframes.timeframes),
        training_metrics=_figures(judgement.metrics["metrics"]),
        settings=_plain(settings_document(strategy)),
        seed=strategy.training["seed"],
        data=[asdict(fingerprint) for fingerprint in market.loaded],
        data_origins=dict(market.origins),
        split=split.report() | _left_over(prepared),
        fitted_until=iso(split.fitted_until),
        selected_until=iso(split.selected_until),
        judged_until=iso(split.judged_until),
        libraries=_libraries(kernels, fitted),
        input_columns=[column.id for column in prepared.columns],
        settled_history=dict(prepared.history.bars),
        symbols={job.symbols[0]: profile_of(market.characteristics, market.base_bars, split.fitted_until).as_dict()},
    )
    return Artifact(manifest, {**fitted.shipped.state(), **_reports(fitted, judgement)})


def _left_over(prepared: Prepared) -> dict[str, int]:
    """Return how many rows have no label, no whole window though a label, and how many used ones had not settled."""
    windowless = prepared.windowless_rows
    unlabelled = len(prepared.matrix) - len(prepared.dataset) - windowless
    return {"unlabelled": unlabelled, "windowless": windowless, "unsettled": prepared.unsettled_rows}


def _reports(fitted: Fitted, judgement: Judgement) -> dict[str, bytes]:
    reports = {
        METRICS: judgement.metrics,
        IMPORTANCE: judgement.importance,
        HISTORY: fitted.shipped.history.as_dict(),
    }
    return {name: json.dumps(report, indent=2, allow_nan=False).encode() for name, report in reports.items()}


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that are one number each."""
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


def _libraries(kernels: Mapping[str, str], fitted: Fitted) -> dict[str, str]:
    own = {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
    return own | {f"kernel {name}": text for name, text in kernels.items()} | dict(fitted.shipped.provenance())


def _plain(values: Any) -> Any:
    """Return the values as JSON would give them back: tuples as lists, dates as texts."""
    return json.loads(json.dumps(values, default=str))
