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
from ktrdr.domain.artifacts.packed import packed_contract, packed_strategy, plain
from ktrdr.domain.features.contract import contract_hash
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import tuned_document
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.profile import profile_of
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import settings_document

if TYPE_CHECKING:
    from ktrdr.application.preparing.rows import Prepared
    from ktrdr.application.training.fitting import Fitted
    from ktrdr.application.training.judging import Judgement
    from ktrdr.domain.splits.split import Parted
    from ktrdr.domain.training.plan import TrainingJob

_LIBRARIES = ("ktrdr", "numpy", "pandas")


def pack(
    job: TrainingJob, prepared: Prepared, fitted: Fitted, judgement: Judgement, kernels: Mapping[str, str]
) -> Artifact:
    """Return the artifact of a judged model, ready to be published."""
    key = ModelKey(job.strategy.name, job.symbols[0], job.timeframe)
    split, market = prepared.split, prepared.market
    manifest = Manifest(
        model_name=f"{key.folder}/{key.stem}",
        symbol=key.symbol,
        timeframe=key.timeframe,
        target=prepared.labels.target.as_dict(),
        training_symbols=list(job.symbols),
        data=[asdict(fingerprint) for fingerprint in market.loaded],
        data_origins=dict(market.origins),
        split=split.report() | _left_over(prepared),
        settled_history=dict(prepared.history.bars),
        symbols={job.symbols[0]: profile_of(market.characteristics, market.base_bars, split.fitted_until).as_dict()},
        **(moments(split) if fitted.beginning is None else fitted.beginning.latest(moments(split))),
        **common_fields(job.strategy, (prepared.features, prepared.columns), fitted, judgement, kernels),
    )
    return Artifact(manifest, {**fitted.shipped.state(), **reports(fitted, judgement)})


def moments(split: Parted) -> dict[str, Any]:
    """Return the three moments of a manifest."""
    return {name: iso(getattr(split, name)) for name in ("fitted_until", "selected_until", "judged_until")}


def common_fields(
    strategy: Strategy,
    resolved: tuple[Sequence[Feature], Sequence[Feature]],
    fitted: Fitted,
    judgement: Judgement,
    kernels: Mapping[str, str],
) -> dict[str, Any]:
    """Return what a manifest says of a model whatever symbols it was trained on.

    Parameters
    ----------
    strategy : Strategy
    resolved : pair of sequence of Feature
        The features, and the columns of the matrix.
    fitted : Fitted
    judgement : Judgement
    kernels : mapping of indicator to str
    """
    document, (features, columns) = packed_strategy(strategy), resolved
    contract = packed_contract(features, kernels)
    return {
        "strategy_name": strategy.name,
        "strategy_version": strategy.version,
        "model": {
            "type": strategy.model.type,
            "architecture": document["model"]["architecture"],
            "input_features": list(fitted.shipped.feature_ids),
            **({} if fitted.beginning is None else {"initialised_from": fitted.beginning.reference}),
        },
        "strategy": document,
        "indicators": document["indicators"],
        "fuzzy_sets": tuned_document(document["fuzzy_sets"], fitted.shipped.tuned),
        "nn_inputs": document["nn_inputs"],
        "resolved_features": [feature.id for feature in features],
        "feature_contract": contract,
        "contract_hash": contract_hash(contract),
        "inference": fitted.inference.as_dict(),
        "training_timeframes": list(strategy.training_data.timeframes.timeframes),
        "training_metrics": _figures(judgement.metrics["metrics"]),
        "settings": plain(settings_document(strategy)),
        "seed": strategy.training["seed"],
        "libraries": _libraries(kernels, fitted),
        "input_columns": [column.id for column in columns],
    }


def _left_over(prepared: Prepared) -> dict[str, int]:
    """Return how many rows have no label, no whole window though a label, and how many used ones had not settled."""
    windowless = prepared.windowless_rows
    unlabelled = len(prepared.matrix) - len(prepared.dataset) - windowless
    return {"unlabelled": unlabelled, "windowless": windowless, "unsettled": prepared.unsettled_rows}


def reports(fitted: Fitted, judgement: Judgement) -> dict[str, bytes]:
    """Return what is stored beside the weights: metrics, importance, history."""
    found = {
        METRICS: judgement.metrics,
        IMPORTANCE: judgement.importance,
        HISTORY: fitted.shipped.history.as_dict(),
    }
    return {name: json.dumps(report, indent=2, allow_nan=False).encode() for name, report in found.items()}


def _figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that are one number each."""
    return {name: value for name, value in metrics.items() if isinstance(value, int | float)}


def _libraries(kernels: Mapping[str, str], fitted: Fitted) -> dict[str, str]:
    own = {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}
    return own | {f"kernel {name}": text for name, text in kernels.items()} | dict(fitted.shipped.provenance())
